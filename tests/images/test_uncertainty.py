import time

import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import disk
from skimage.measure import regionprops

from napari_unet.images import uncertainty
from napari_unet.images.uncertainty import doubts


def discs(*circles, shape=(80, 100)):
    labels = np.zeros(shape, np.uint16)
    for id_, (y, x, radius) in enumerate(circles, start=1):
        labels[disk((y, x), radius, shape=shape)] = id_
    return labels


def sharp(labels, inside=0.95, outside=0.02):
    return np.where(labels > 0, inside, outside).astype(np.float32)


@pytest.fixture
def four():
    return discs((15, 15, 8), (15, 50, 8), (50, 20, 8), (50, 65, 17))


def test_every_object_is_a_row_with_its_box_and_area(four):
    four[four == 2] = 9
    table = doubts(four, sharp(four))
    assert table.ids.tolist() == [1, 3, 4, 9]
    for row, region in enumerate(regionprops(four)):
        assert table.ids[row] == region.label
        assert tuple(table.boxes[row]) == region.bbox
        assert table.measures.area_px[row] == region.area


def test_an_unclear_object_stands_out(four):
    probabilities = sharp(four)
    probabilities[four == 3] = 0.6
    measures = doubts(four, probabilities).measures
    assert measures.unsure.argmax() == measures.unstable.argmax() == 2
    assert measures.unsure[2] == pytest.approx(0.8)
    assert measures.unsure[0] == pytest.approx(0.1)


def test_an_unclear_outline_alone_stands_out(four):
    sure = sharp(four)
    blurred = ndimage.gaussian_filter(sure, 3)
    around = ndimage.binary_dilation(four == 2, iterations=6)
    measures = doubts(four, np.where(around, blurred, sure)).measures
    assert measures.unstable.argmax() == 1


def test_size_is_compared_with_what_is_usual_on_the_plane():
    labels = discs((15, 15, 8), (15, 50, 8), (50, 20, 8), (30, 85, 8), (55, 65, 12))
    labels[70:80:3, ::3] = np.arange(6, 6 + 4 * 34).reshape(4, 34)  # specks change nothing
    size = doubts(labels, sharp(labels)).measures.size
    assert size[:4] == pytest.approx(0, abs=0.01)
    assert size[4] == pytest.approx(np.log2((12 / 8) ** 2), abs=0.1)
    assert (size[5:] < -7).all()


def test_two_discs_in_one_object_are_odd_and_an_ellipse_is_not():
    labels = discs((15, 15, 8), (15, 50, 8), (50, 30, 8), (50, 44, 8))
    labels[labels == 4] = 3
    labels[60:66, 60:95] = 4
    odd = doubts(labels, sharp(labels)).measures.odd
    assert odd.argmax() == 2
    assert odd[2] > 0.05
    assert abs(odd[0]) < 0.02


def test_contact_is_the_share_of_the_outline_that_touches_others():
    labels = np.zeros((30, 40), np.uint8)
    labels[5:15, 5:15], labels[5:15, 15:25], labels[20:25, 30:35] = 1, 2, 3
    assert doubts(labels, sharp(labels)).measures.contact.tolist() == [0.25, 0.25, 0]


def test_a_faint_place_that_no_object_covers_may_miss_one(four):
    probabilities = sharp(four)
    probabilities[60:70, 20:30] = 0.35
    probabilities[5:15, 80:83] = 0.1  # too faint
    probabilities[75, 90:95] = 0.35  # too small
    table = doubts(four, probabilities)
    assert table.ids.tolist() == [1, 2, 3, 4, 0]
    assert tuple(table.boxes[-1]) == (60, 20, 70, 30)
    assert table.measures.unsure[-1] == pytest.approx(0.7)


def test_the_rim_of_an_object_is_no_faint_place(four):
    rim = ndimage.binary_dilation(four > 0, iterations=2) & (four == 0)
    assert (doubts(four, np.where(rim, 0.4, sharp(four))).ids > 0).all()


def test_strips_change_nothing(four, monkeypatch):
    rng = np.random.default_rng(0)
    probabilities = np.clip(sharp(four) + rng.normal(0, 0.2, four.shape), 0, 1)
    four[47:53, :30] = 5
    whole = doubts(four, probabilities)
    monkeypatch.setattr(uncertainty, "STRIP_PX", 7)
    parts = doubts(four, probabilities)
    for one, other in zip(whole.measures, parts.measures, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    np.testing.assert_array_equal(whole.boxes, parts.boxes)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.int64])
def test_any_integers_will_do(four, dtype):
    assert doubts(four.astype(dtype), sharp(four)).ids.tolist() == [1, 2, 3, 4]


def test_ids_may_be_huge(four):
    huge = np.where(four == 2, np.uint32(4_000_000_000), four)
    table = doubts(huge, sharp(four))
    assert table.ids.tolist() == [1, 3, 4, 4_000_000_000]
    assert tuple(table.boxes[-1]) == tuple(doubts(four, sharp(four)).boxes[1])
    full = np.full((4, 4), 4_000_000_000, np.uint32)
    assert doubts(full, sharp(full)).ids.tolist() == [4_000_000_000]


def test_classes_count_together(four):
    one = sharp(four)
    classes = np.stack([1 - one, one * 0.7, one * 0.3])
    for a, b in zip(doubts(four, classes).measures, doubts(four, one).measures, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_an_empty_mask_has_no_object_but_may_miss_some():
    labels, probabilities = np.zeros((20, 20), np.uint16), np.zeros((1, 20, 20), np.float32)
    assert len(doubts(labels, probabilities).ids) == 0
    probabilities[0, 5:12, 5:12] = 0.4
    table = doubts(labels, probabilities)
    assert table.ids.tolist() == [0]
    assert all(np.isfinite(column).all() for column in table.measures)


def test_planes_of_two_sizes_are_refused(four):
    with pytest.raises(ValueError, match="segment this plane again"):
        doubts(four, sharp(four)[:-1])


def test_time_depends_on_pixels_not_on_objects():
    """20,000 objects take no longer than 20 of the same pixels, give or take."""

    def seconds(side):
        labels = np.zeros((2048, 2048), np.uint16)
        blocks = np.arange((2048 // side) ** 2).reshape(2048 // side, -1) + 1
        labels[:] = np.kron(blocks, np.ones((side, side), int))[:2048, :2048]
        start = time.perf_counter()
        assert len(doubts(labels, sharp(labels)).ids) == blocks.size
        return time.perf_counter() - start

    few, many = seconds(256), seconds(16)
    assert many < 5 * few + 1
