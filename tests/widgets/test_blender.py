"""Between the old and the new model: what is chosen is what is kept, and nothing is overwritten."""

from pathlib import Path

import pytest
from qtpy.QtCore import Qt

from napari_unet.schema.input import InputSettings
from napari_unet.schema.requests import BlendRequest
from napari_unet.widgets.blend_row import BlendRow


@pytest.fixture
def tuned(desk, segmented, settled):
    segmented.corrector.confirm_view()
    desk.teacher.teach()
    settled()
    return desk


@pytest.fixture
def looked(tuned, settled):
    """A desk on which the models in between have been judged."""
    tuned.blender.look()
    settled()
    return tuned


@pytest.fixture
def row(tuned, qtbot):
    row = BlendRow(tuned)
    qtbot.addWidget(row)
    row.show()
    tuned.session.changed.connect(row.refresh)
    return row


def texts(cells):
    return [cell.text() for cell in cells]


def test_a_click_judges_what_is_in_between_and_shows_a_slider(row, tuned, engine, settled, qtbot):
    assert not row.slider.isVisible()
    qtbot.mouseClick(row.look, Qt.MouseButton.LeftButton)
    settled()
    request = engine.requests[-1]
    assert isinstance(request, BlendRequest)
    assert request.old == str(tuned.session.model.path)
    assert request.new == tuned.session.candidate.path
    assert len(request.corrections) == 1
    assert row.slider.isVisible()
    assert not row.look.isVisible()
    assert texts(row.names) == ["Old", "25 %", "50 %", "75 %", "New"]
    assert texts(row.scores) == ["0.40", "0.45", "0.50", "0.55", "0.60"]
    assert not row.heads[1].isVisible()
    assert row.slider.value() == 4


def test_what_is_chosen_is_kept_and_the_rest_is_gone(looked, row, library, qtbot):
    row.slider.setFocus()
    qtbot.keyClick(row.slider, Qt.Key.Key_Left)
    assert looked.session.candidate is looked.blender.stops[2]
    paths = [Path(stop.path) for stop in looked.blender.stops]
    old = {path: path.read_bytes() for path in library.iterdir()}
    entry = looked.session.keep()
    assert entry.card.name == "tuned 75%"
    assert all(path.read_bytes() == content for path, content in old.items())
    assert len(list(library.iterdir())) == len(old) + 1
    assert not any(path.exists() for path in paths)
    assert looked.blender.proofs == []


def test_at_the_old_model_there_is_nothing_to_keep(looked, row):
    row.slider.setValue(0)
    assert looked.blender.at_old
    shown = looked.blender.shown
    assert shown.card.id == looked.session.model.card.id
    assert shown.proof.before == shown.proof.after
    assert shown.proof.sentence.startswith("The old model as it was")
    row.slider.setValue(4)
    assert not looked.blender.at_old
    assert looked.blender.shown is looked.session.candidate
    assert looked.session.candidate is looked.blender.stops[-1]


@pytest.mark.parametrize(("end", "left"), [("discard", False), ("close", True)])
def test_of_models_that_nobody_kept_only_one_without_a_decision_is_left(looked, end, left):
    *between, new = [Path(stop.path) for stop in looked.blender.stops]
    assert all(path.exists() for path in between)
    looked.blender.choose(2)
    getattr(looked if end == "close" else looked.session, end)()
    assert not any(path.exists() for path in between)
    assert new.exists() == left


def test_the_next_fine_tuning_starts_with_a_clean_slate(looked, settled):
    looked.blender.choose(1)
    looked.session.discard()
    looked.teacher.teach()
    settled()
    assert looked.blender.proofs == []
    assert looked.session.candidate.card.name == "tuned"
    assert looked.blender.why_not() == ""


def test_where_there_is_nothing_in_between_the_button_says_why(row, tuned, library):
    old = tuned.session.model
    other = old.card.model_copy(update={"input": InputSettings(inverted=True)})
    tuned.blender._old = old._replace(card=other)
    row.refresh()
    assert not row.look.isEnabled()
    assert "another way" in row.look.toolTip()
    with pytest.raises(ValueError, match="another way"):
        tuned.blender.look()


def test_a_training_that_went_on_after_a_crash_has_no_corrections_at_hand(tuned):
    tuned.blender._taught = tuned.blender._taught.model_copy(update={"corrections": []})
    assert tuned.blender.why_not().startswith("What it learnt from")
