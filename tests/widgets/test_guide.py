"""From a refused model to the region that it is best to correct next."""

import numpy as np
import pytest

from napari_unet.schema.correction import State
from napari_unet.session.best_region import best_region


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("napari_unet.widgets.layers.flight.FLIGHT_MS", 1)


def test_before_anything_is_segmented_nobody_knows_the_way(desk, image):
    assert desk.guide.why_not().startswith("Segment first")
    with pytest.raises(ValueError, match="Segment first"):
        desk.guide.go()


def test_it_flies_to_the_slice_and_the_region_and_all_of_that_is_in_view(
    desk, viewer, settled, qtbot, monkeypatch
):
    monkeypatch.setattr("napari_unet.session.best_region.best_region.__defaults__", (24,))
    stack = np.zeros((7, 200, 200), np.float32)
    stack[5, 150:160, 20:30] = 1
    viewer.add_image(stack, scale=(3, 2, 2))
    desk.segment("all")
    settled()
    work = desk.stage.work
    work.specimen.probabilities[0, 5, 150:160, 20:30] = 0.6
    labels = work.results.masks.data.copy()
    plane, box = best_region(work.specimen)
    assert plane == (5,)
    viewer.dims.set_current_step(0, 1)
    desk.guide.go()
    qtbot.waitUntil(lambda: desk.stage.plane == (5,) and not desk.guide._flight.flying)
    seen = desk.stage.box_in_view
    assert seen[0] <= box[0] < box[2] <= seen[2]
    assert seen[1] <= box[1] < box[3] <= seen[3]
    assert min(seen[2] - seen[0], seen[3] - seen[1]) < 1.5 * 24
    np.testing.assert_array_equal(work.results.masks.data, labels)


def test_where_nothing_is_doubtful_any_more_that_is_said(desk, segmented, qtbot, said):
    segmented.specimen.history.states[:] = State.CONFIRMED
    desk.guide.go()
    qtbot.waitUntil(lambda: any("Nothing is doubtful" in text for text in said()))
