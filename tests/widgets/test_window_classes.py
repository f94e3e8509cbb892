"""A model of classes in the window: one layer of them, painted and learnt like objects."""

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_unet.images.classes import class_mask
from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import write_model
from napari_unet.schema.correction import State
from napari_unet.schema.settings import FineTuneSettings, MaskSettings, PredictSettings
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.layers import colour_of_class
from napari_unet.widgets.tools import OF_OBJECTS
from tests.three_classes import NAMES, brightness_model, three_classes

IMAGE, TRUTH = three_classes((96, 112), seed=5)


@pytest.fixture
def library(library):
    """The model of one class that all tests have, and one of three."""
    write_model(brightness_model(), library / "three.safetensors")
    return library


@pytest.fixture
def engine():
    return InlineEngine()


@pytest.fixture
def desk(viewer, engine, loud):
    desk = _desk(viewer, engine)
    yield desk
    desk.close()


def _desk(viewer, engine):
    desk = Desk(viewer, lambda: engine)
    desk.use_predict_settings(PredictSettings(device="cpu", tile_px=64))
    choose(desk, "Brightness")
    return desk


def choose(desk, name):
    (entry,) = [entry for entry in desk.session.models if entry.card.name == name]
    desk.session.choose(entry.card.id)


@pytest.fixture
def image(viewer):
    return viewer.add_image(IMAGE, name="discs")


def likeliest(work):
    return class_mask(work.specimen.crop(()))


def test_there_is_one_layer_of_classes_that_says_their_names(segmented, desk):
    masks, found = segmented.results.masks, likeliest(segmented)
    np.testing.assert_array_equal(masks.data, found)
    assert (found == TRUTH).mean() > 0.9
    assert masks.name == "discs classes"
    y, x = np.argwhere(found == 2)[0]
    assert masks.get_status((y, x))["value"] == "2; class: bright"
    for index in (1, 2):
        drawn = "#" + "".join(f"{round(255 * c):02x}" for c in masks.get_color(index)[:3])
        assert drawn == colour_of_class(index)
    assert desk.status() == "The model sees 3 of 3 classes here."


def test_the_threshold_changes_nothing_and_the_objects_of_a_class_can_be_had(
    segmented, desk, settled
):
    before = segmented.results.labels(()).copy()
    desk.use_mask_settings(MaskSettings(threshold=0.9))
    settled()
    np.testing.assert_array_equal(segmented.results.labels(()), before)
    desk.use_mask_settings(MaskSettings(objects_of=2, min_size_px=0))
    settled()
    objects = segmented.results.labels(())
    np.testing.assert_array_equal(objects > 0, before == 2)
    assert objects.max() > 2
    assert segmented.specimen.classes == 1
    assert segmented.results.masks.name == "discs masks"
    assert "class" not in segmented.results.masks.features
    for _ in range(2):  # back to the classes, by undo: the mask, then what was cleared
        segmented.corrector.recorder.undo()
    np.testing.assert_array_equal(segmented.results.labels(()), before)
    assert segmented.specimen.classes == 3
    assert segmented.results.masks.name == "discs classes"


def test_a_painted_class_goes_back_and_forth_and_survives_predictions(segmented, desk, settled):
    work, before = segmented, segmented.results.labels(()).copy()
    y, x = np.argwhere(before == 0)[0]
    work.corrector.toolbox.paint_class(2)
    assert work.results.masks.mode == "paint"
    work.results.masks.paint((y, x), 2)
    painted = work.results.labels(()).copy()
    changed = painted != before
    assert (painted[changed] == 2).all()
    assert (work.specimen.history.states[changed] == State.CORRECTED).all()
    work.results.masks.undo()
    np.testing.assert_array_equal(work.results.labels(()), before)
    work.results.masks.redo()
    np.testing.assert_array_equal(work.results.labels(()), painted)
    work.specimen.probabilities[:] = 0
    desk.segment("all")
    settled()
    np.testing.assert_array_equal(work.results.labels(()), painted)


def test_a_class_that_there_is_not_cannot_be_painted(segmented, monkeypatch):
    heard = []
    monkeypatch.setattr("napari_unet.widgets.runner.report", heard.append)
    masks = segmented.results.masks
    masks.selected_label = 7
    assert masks.selected_label == 2
    before = segmented.results.labels(()).copy()
    masks.data = np.full(before.shape, 3, np.uint16)
    np.testing.assert_array_equal(segmented.results.labels(()), before)
    assert "There is no class 7: choose one from 0 to 2." in str(heard[0])
    assert "with numbers from 0 to 2" in str(heard[1])


def test_the_panel_offers_what_makes_sense_for_classes_and_says_why_not(
    panel, segmented, desk, settled, qtbot
):
    form, holds = panel.segment.masks, panel.segment.holds
    named = [holds.itemText(i) for i in range(holds.count())]
    assert named == ["Mask: classes", *(f"Mask: objects of {name}" for name in NAMES)]
    for name in ("threshold", "min_size_px", "split_touching"):
        assert not form.editor(name).isEnabled()
    assert "there is no threshold" in form.editor("threshold").toolTip()
    assert not panel.correct.tools["merge"].isEnabled()
    assert "holds classes" in panel.correct.tools["merge"].toolTip()
    assert panel.correct.tools["paint"].isEnabled()
    assert not panel.correct.review.start.isEnabled()

    palette = panel.correct.classes.classes
    assert [made.text() for made in palette] == list(NAMES)
    qtbot.mouseClick(palette[2], Qt.MouseButton.LeftButton)
    assert segmented.results.masks.selected_label == 2
    assert segmented.corrector.toolbox.tool == "paint"
    assert [made.isChecked() for made in palette] == [False, False, True]
    assert panel.correct.hint.text().startswith("Paint the selected class;")

    holds.activated.emit(3)
    settled()
    assert form.editor("min_size_px").isEnabled()
    assert not panel.correct.classes.isVisible()
    assert panel.correct.tools["merge"].isEnabled()
    segmented.results.masks.paint((3, 3), 9)
    assert not holds.isEnabled()
    assert "duplicate the image" in holds.toolTip()
    choose(desk, "one")
    assert not holds.isVisible()
    assert form.editor("threshold").isEnabled()
    assert "A pixel is object" in form.editor("threshold").toolTip()


def test_tools_for_objects_are_off_and_say_why(segmented, monkeypatch):
    heard = []
    monkeypatch.setattr("napari_unet.widgets.runner.report", heard.append)
    toolbox, before = segmented.corrector.toolbox, segmented.results.labels(()).copy()
    for name in OF_OBJECTS:
        toolbox.use(name)
        assert "holds classes" in toolbox.why_not_use(name)
        assert not toolbox.tool
    segmented.corrector.tidy()
    segmented.reviewer.start()
    assert len(heard) == len(OF_OBJECTS) + 2
    assert {str(error) for error in heard} == {toolbox.why_not_use("merge")}
    assert not segmented.reviewer.active
    for name in ("paint", "erase", "fill", "polygon", "pick", "unsure", "box"):
        assert not toolbox.why_not_use(name)
    np.testing.assert_array_equal(segmented.results.labels(()), before)


def test_a_corrected_mask_never_becomes_one_of_objects(segmented, desk, settled):
    segmented.results.masks.paint((3, 3), 1)
    before = segmented.results.labels(()).copy()
    choose(desk, "one")
    assert "You corrected a mask of 3 classes, and this model gives objects" in (
        desk.why_not_segment()
    )
    with pytest.raises(ValueError, match="this model gives objects"):
        desk.segment("all")
    desk.use_mask_settings(MaskSettings(objects_of=1))
    settled()
    np.testing.assert_array_equal(segmented.results.labels(()), before)
    assert segmented.specimen.classes == 3
    choose(desk, "Brightness")
    assert not desk.why_not_segment()


def test_what_was_painted_is_restored_as_classes(library, qtbot, image, viewer, loud):
    image.metadata["path"] = "/data/discs.tif"
    first = _desk(viewer, InlineEngine())
    first.segment("all")
    qtbot.waitUntil(lambda: first.session.wanted is None and not first.maker.busy)
    first.stage.work.results.masks.paint((40, 40), 2)
    left = first.stage.work.results.labels(()).copy()
    first.close()

    again = ViewerModel()
    second = _desk(again, InlineEngine())
    again.add_image(IMAGE, name="discs", metadata={"path": "/data/discs.tif"})
    qtbot.waitUntil(lambda: second.stage.offer is not None)
    second.stage.restore()
    qtbot.waitUntil(lambda: second.stage.work is not None and not second.maker.busy)
    work = second.stage.work
    np.testing.assert_array_equal(work.results.labels(()), left)
    assert work.specimen.classes == 3
    assert work.results.names == NAMES
    assert work.corrector.toolbox.why_not_use("merge")
    second.close()


def test_the_whole_loop_with_classes(segmented, desk, settled, qtbot):
    """Segment, paint class 2 where the model says 1, confirm, fine-tune, keep, segment again."""
    work = segmented
    masks, before = work.results.masks, work.results.labels(()).copy()
    rows, columns = np.nonzero(before == 1)
    work.corrector.toolbox.paint_class(2)
    masks.data_setitem((rows, columns), 2)
    masks.events.paint(value=[((rows, columns), before[rows, columns], 2)])
    work.corrector.confirm_view()
    painted = work.results.labels(()).copy()
    assert set(np.unique(painted)) == {0, 2}
    assert not desk.teacher.why_not()
    desk.teacher.use(FineTuneSettings(device="cpu", steps=40, seconds=60))
    desk.teacher.teach()
    settled()
    candidate = desk.session.candidate
    assert "mean IoU" in candidate.proof.sentence
    assert candidate.proof.accepted
    assert (candidate.card.classes, candidate.card.class_names) == (3, NAMES)
    desk.session.keep()
    settled()
    assert desk.session.model.card.id == candidate.card.id
    np.testing.assert_array_equal(work.results.labels(()), painted)  # all of it is confirmed
    assert (likeliest(work) == 1).sum() < 0.5 * (before == 1).sum()
