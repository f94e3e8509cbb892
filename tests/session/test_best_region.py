import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.schema.correction import State
from napari_unet.schema.events import TileDone
from napari_unet.session.best_region import _heaviest, best_region
from napari_unet.session.edits import Edit
from napari_unet.session.specimen import Specimen


def specimen(doubtful, shape=(2, 120, 160), classes=1):
    """Squares on a grid in each plane; those in `doubtful` are as likely an object as not."""
    made = Specimen("a", "ZYX", shape)
    made.history.do(Edit("segment", classes=classes))
    for z in range(shape[0]):
        seen = np.full((classes, *shape[1:]), 0.01, np.float32)
        for i, (y, x) in enumerate(np.ndindex(6, 8)):
            square = np.s_[20 * y + 5 : 20 * y + 15, 20 * x + 5 : 20 * x + 15]
            seen[-1][square] = 0.55 if (z, y, x) in doubtful else 0.99
            made.labels[z][square] = min(i + 1, classes - 1) if classes > 1 else i + 1
        if classes > 1:
            seen[0] = 1 - seen[-1]
        made.write((z,), TileDone(plane=z, box=(0, 0, *shape[1:]), probabilities=seen))
    return made


@pytest.mark.parametrize("classes", [1, 2])
def test_the_region_is_where_the_doubts_lie_together(classes):
    alone, together = {(0, 0, 0)}, {(1, 3, 5), (1, 3, 6), (1, 4, 5)}
    made = specimen(alone | together, classes=classes)
    plane, (y0, x0, y1, x1) = best_region(made, side_px=60)
    assert plane == (1,)
    assert (y1 - y0, x1 - x0) == (60, 60)
    for _, y, x in together:
        assert y0 <= 20 * y + 10 < y1
        assert x0 <= 20 * x + 10 < x1
    made.history.states[1, 60:100, 100:140] = State.CONFIRMED
    plane, (y0, x0, _, _) = best_region(made, side_px=60)
    assert (plane, y0, x0) == ((0,), 0, 0)


def test_of_a_small_plane_the_whole_is_the_region():
    assert best_region(specimen({(0, 1, 1)})).box == (0, 0, 120, 160)


def test_where_nothing_is_doubtful_or_predicted_there_is_no_region():
    made = specimen({(0, 1, 1)})
    made.history.states[:] = State.CONFIRMED
    assert best_region(made, 60) is None
    assert best_region(Specimen("a", "YX", (40, 40))) is None


@settings(max_examples=40)
@given(st.data())
def test_no_window_holds_more_than_the_heaviest_but_for_an_eighth_of_its_side(data):
    rows, columns = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    size = data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    worth = random.random((rows, columns)) ** 4
    held, (y, x) = _heaviest(worth, size)
    assert held == pytest.approx(worth[y : y + size[0], x : x + size[1]].sum())
    if max(size) < 16:  # every corner is tried then
        windows = np.lib.stride_tricks.sliding_window_view(worth, size)
        assert held == pytest.approx(windows.sum(axis=(2, 3)).max())
