"""What becomes of the masks when somebody else handles their layer."""

import numpy as np
import pytest

from napari_unet.session.history import History
from napari_unet.widgets import runner
from napari_unet.widgets.layers import role_of
from tests.widgets.hands import Hands, check, objects

SIX, TWELVE, FAR = (6, 6), (12, 12), (10, 20)


def agree(hands, entries):
    """What is shown is what the journal will give back."""
    replayed = History(hands.specimen.shape)
    np.testing.assert_array_equal(replayed.replay(entries), hands.labels())
    np.testing.assert_array_equal(replayed.states, hands.history.states)


# data that somebody else gives the layer


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64, bool])
def test_other_data_is_an_edit(hands, dtype):
    other = np.roll(objects(), 2, axis=0).astype(dtype)
    check(hands, "replace", lambda h: setattr(h.masks, "data", other))
    assert hands.masks.data.dtype == np.uint16
    hands.paint(TWELVE, label=7)
    assert other[12, 12] != 7, "the array of somebody else stays as it is"


def test_other_data_of_ids_above_two_bytes(hands):
    other = objects().astype(np.int64) * 50_000
    check(hands, "replace", lambda h: setattr(h.masks, "data", other))
    assert hands.masks.data.dtype == np.uint32


REFUSED = {
    "larger": np.zeros((40, 60), np.uint16),
    "turned": objects().T.copy(),
    "a stack": np.zeros((2, 20, 30), np.uint16),
    "below 0": objects().astype(np.int32) - 2,
    "too large a number": objects().astype(np.int64) + 2**32,
}


@pytest.mark.parametrize("what", REFUSED)
def test_data_that_is_no_mask_of_the_image_is_put_back(hands, what, monkeypatch):
    told = []
    monkeypatch.setattr(runner, "report", told.append)
    before, version = hands.labels(), hands.history.version
    hands.masks.data = REFUSED[what]
    assert "put back" in str(told[-1])
    assert hands.history.version == version
    np.testing.assert_array_equal(hands.masks.data, before)
    check(hands, "paint", lambda h: h.paint(TWELVE, label=7))


# the layer


def test_r14_1_a_renamed_layer_is_ours_and_a_copy_is_not(hands):
    hands.masks.name = "renamed"
    copy = type(hands.masks).create(*hands.masks.as_layer_data_tuple())
    copy.data = copy.data.copy()
    hands.viewer.add_layer(copy)
    assert role_of(copy) is None
    before, version = hands.labels(), hands.history.version
    copy.paint((12, 12), 7)
    assert hands.history.version == version
    np.testing.assert_array_equal(hands.labels(), before)
    check(hands, "paint", lambda h: h.paint(TWELVE, label=7))


def test_a_deleted_layer_takes_nothing_with_it(qapp, loud):
    entries = []
    fresh = Hands.on((20, 30))
    fresh.history.entered.connect(entries.append)
    fresh.accept(objects())
    fresh.paint(TWELVE, label=7)
    fresh.viewer.layers.remove(fresh.masks)
    fresh.recorder.undo()
    assert fresh.labels()[12, 12] != 7
    fresh.recorder.redo()
    fresh.judge(SIX, right=False)
    assert fresh.masks is None
    agree(fresh, entries)
    fresh.results.show_masks()
    np.testing.assert_array_equal(fresh.masks.data, fresh.labels())
    check(fresh, "paint", lambda h: h.paint((15, 25), label=9))
    agree(fresh, entries)


@pytest.mark.parametrize(
    "placement", [{"scale": (2, 2)}, {"translate": (7, -9)}, {"rotate": 30}, {"shear": (0.5,)}]
)
def test_r14_3_layers_that_lie_elsewhere_are_corrected_alike(placement, qapp, loud):
    here, there = Hands.on((20, 30), objects()), Hands.on((20, 30), objects(), **placement)
    for hands in (here, there):
        hands.paint(TWELVE, FAR, label=7)
        hands.use("split", [(0, 6), (11, 6)])
    np.testing.assert_array_equal(here.labels(), there.labels())
