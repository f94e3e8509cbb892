"""Planes of labels for the tests of repairs, and what every repair has to hold."""

import numpy as np
from hypothesis import strategies as st
from scipy import ndimage

SIZE = (12, 16)
NEW = 100
"""An id that no plane of the tests has."""


def bars():
    """Three objects: two bars that do not touch, and one that touches the second."""
    labels = np.zeros((20, 30), np.uint16)
    labels[2:18, 2:8] = 1
    labels[2:18, 12:18] = 2
    labels[2:18, 18:24] = 3
    return labels


def disks(*centres, radius=15, shape=(60, 90), id_=1):
    """One object of several disks."""
    y, x = np.indices(shape)
    found = [(y - a) ** 2 + (x - b) ** 2 < radius**2 for a, b in centres]
    return np.any(found, axis=0).astype(np.uint16) * np.uint16(id_)


@st.composite
def planes(draw):
    """Small planes of few objects, in pieces and with holes, of every dtype that a mask has."""
    dtype = draw(st.sampled_from([np.uint8, np.uint16, np.uint32, np.int32, np.int64]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = np.zeros(SIZE, dtype)
    for _ in range(draw(st.integers(1, 6))):
        (y, x), (height, width) = random.integers(0, SIZE), random.integers(2, 10, 2)
        labels[y : y + height, x : x + width] = random.integers(1, 5)
        if random.random() < 0.5:  # a frame
            labels[y + 1 : y + height - 1, x + 1 : x + width - 1] = 0
    for _ in range(draw(st.integers(0, 6))):  # holes, cuts and specks
        (y, x), (height, width) = random.integers(0, SIZE), random.integers(1, 4, 2)
        labels[y : y + height, x : x + width] = random.choice([0, 0, 0, 1, 2])
    return labels


@st.composite
def clicked(draw, count):
    """A plane, and places that were clicked: mostly on objects, some anywhere."""
    labels = draw(planes())
    objects = [tuple(pixel) for pixel in np.argwhere(labels > 0).tolist()]
    on_objects = st.sampled_from(objects) if objects else points
    return labels, draw(st.tuples(*[st.one_of(on_objects, on_objects, points)] * count))


points = st.tuples(st.floats(-3, 18), st.floats(-3, 18))
strokes = st.lists(points, min_size=1, max_size=6)


def after(labels, repair):
    """The plane that a repair makes; holds what every repair has to hold."""
    pixels = np.ravel_multi_index((repair.rows, repair.columns), labels.shape)
    assert len(set(pixels.tolist())) == len(pixels) > 0, "each pixel once"
    assert repair.values.dtype == np.uint32
    before = labels.copy()
    repaired = labels.copy()
    repaired[repair.rows, repair.columns] = repair.values
    back = repaired.copy()
    back[repair.rows, repair.columns] = before[repair.rows, repair.columns]
    np.testing.assert_array_equal(back, before)  # R11.1: undo gives what was before
    return repaired


def pieces(labels, id_):
    """How many connected pieces an object has."""
    return ndimage.label(labels == id_)[1]


def unchanged(labels, repaired, *touched):
    """Objects that were not touched have the same pixels as before (R11.2)."""
    for id_ in set(np.unique(labels).tolist()) - {0, *touched}:
        np.testing.assert_array_equal(repaired == id_, labels == id_)
