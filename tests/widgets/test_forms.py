import pytest
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox

from napari_unet.schema.settings import FineTuneSettings, MaskSettings, PredictSettings
from napari_unet.widgets.forms import Form, bound

SHOWN = ["threshold", "min_size_px", "split_touching"]


@pytest.fixture
def masks(qtbot):
    form = Form(MaskSettings(), SHOWN)
    qtbot.addWidget(form)
    return form


def changes(form):
    heard = []
    form.changed.connect(heard.append)
    return heard


def test_each_kind_of_field_gets_the_widget_that_suits_it(qtbot, masks):
    predict = Form(PredictSettings(), ["device", "tile_px", "rotations"])
    tune = Form(FineTuneSettings(), ["seconds"])
    for form in (predict, tune):
        qtbot.addWidget(form)
    assert isinstance(predict.editor("device"), QComboBox)
    assert isinstance(predict.editor("tile_px"), QSpinBox)
    assert isinstance(predict.editor("rotations"), QCheckBox)
    assert isinstance(tune.editor("seconds"), QDoubleSpinBox)
    assert masks.editor("threshold").value() == 0.5


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (MaskSettings(), "threshold"),
        (MaskSettings(), "min_size_px"),
        (PredictSettings(), "tile_px"),
        (FineTuneSettings(), "seconds"),
    ],
)
def test_range_default_and_help_are_those_of_the_field(qtbot, record, name):
    form = Form(record, [name])
    qtbot.addWidget(form)
    editor, field = form.editor(name), type(record).model_fields[name]
    assert editor.value() == getattr(record, name)
    assert editor.toolTip() == field.description
    if bound(field, "ge") is not None:
        assert editor.minimum() == bound(field, "ge")
    assert editor.maximum() == bound(field, "le")


def test_units_are_written_beside_the_number(qtbot, masks):
    assert masks.editor("min_size_px").text() == "20 px"
    tune = Form(FineTuneSettings(), ["seconds"])
    qtbot.addWidget(tune)
    assert tune.editor("seconds").text() == "120 s"


def test_an_edit_gives_a_new_record_and_leaves_the_other_fields(masks):
    heard = changes(masks)
    masks.editor("threshold").setValue(0.3)
    masks.editor("split_touching").setChecked(False)
    assert heard[-1] == MaskSettings(threshold=0.3, split_touching=False)
    assert masks.record == heard[-1]


def test_showing_other_values_says_nothing(masks):
    heard = changes(masks)
    masks.show_record(MaskSettings(threshold=0.8, min_size_px=3))
    assert masks.editor("threshold").value() == pytest.approx(0.8)
    assert masks.editor("min_size_px").value() == 3
    assert heard == []


def test_fields_that_are_not_shown_keep_their_values(qtbot):
    form = Form(PredictSettings(tile_px=256), ["device"])
    qtbot.addWidget(form)
    form.editor("device").setCurrentText("cpu")
    assert form.record == PredictSettings(tile_px=256, device="cpu")


def test_everything_can_be_reached_by_keyboard_and_has_a_name(masks):
    for name in SHOWN:
        editor = masks.editor(name)
        assert editor.accessibleName()
        assert editor.focusPolicy() != 0 or editor.focusProxy() is not None
