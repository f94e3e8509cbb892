import socket

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import find_boundaries

from napari_unet.images import samples
from napari_unet.images.metrics import score
from napari_unet.images.samples import cells

LOOKS = ["fluorescence", "phase", "dic"]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("shape", [(200, 160), (64, 64), (1, 1), (7, 90)])
def test_every_cell_is_one_labelled_piece(look, shape):
    image, labels = cells(shape, look=look, seed=3)
    assert image.shape == labels.shape == shape
    assert image.dtype == (np.uint16 if look == "fluorescence" else np.uint8)
    assert labels.dtype == np.uint16
    assert set(labels.flat) - {0} == set(range(1, labels.max() + 1))
    for i in range(1, labels.max() + 1):
        assert ndimage.label(labels == i)[1] == 1


@pytest.mark.parametrize("look", LOOKS)
def test_the_number_of_cells_can_be_chosen(look):
    _, labels = cells((256, 256), count=6, look=look)
    assert labels.max() == 6
    assert cells((256, 256), count=0, look=look)[1].max() == 0
    assert cells((40, 40), count=500, look=look)[1].max() < 20  # as far as there is room


@pytest.mark.parametrize("look", LOOKS)
def test_the_same_seed_draws_the_same_image(look):
    first, again, other = (cells((96, 96), look=look, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[1], other[1])


@pytest.mark.parametrize("look", LOOKS)
def test_cells_look_different_from_what_is_around_them(look):
    image, labels = cells((256, 256), look=look)
    inside, outside = image[labels > 0].astype(float), image[labels == 0].astype(float)
    assert {
        "fluorescence": inside.mean() > 4 * outside.mean(),
        "phase": inside.mean() < 0.9 * outside.mean(),
        "dic": inside.std() > 1.8 * outside.std() and abs(inside.mean() / outside.mean() - 1) < 0.1,
    }[look]
    assert (image == np.iinfo(image.dtype).max).mean() < 0.001  # not overexposed


@pytest.mark.parametrize("look", LOOKS)
def test_some_cells_touch(look):
    _, labels = cells(look=look)
    contacts = ndimage.label(labels > 0)[1]
    fewest, most = (1, 8) if look == "dic" else (0.2 * labels.max(), 0.8 * labels.max())
    assert fewest < contacts < most


def test_light_is_uneven_and_pixels_are_noisy():
    image, labels = cells((256, 256), look="phase")
    empty = np.where(ndimage.binary_dilation(labels > 0, iterations=20), np.nan, image)
    quarters = [np.nanmean(empty[y : y + 128, x : x + 128]) for y in (0, 128) for x in (0, 128)]
    assert max(quarters) > 1.05 * min(quarters)
    assert 1 < np.nanstd(np.diff(empty)) < 20


def test_a_threshold_finds_nuclei_where_they_are():
    image, labels = cells((256, 256), count=15, seed=2)
    far = ndimage.gaussian_filter(image.astype(float), 1) > 700
    assert score(far.astype(np.uint8), labels).iou > 0.8
    assert not far[~ndimage.binary_dilation(labels > 0, iterations=6)].any()
    assert find_boundaries(labels).any()


def test_an_unknown_look_is_refused():
    with pytest.raises(ValueError, match="choose one of: fluorescence, phase, dic"):
        cells(look="x-ray")


@pytest.mark.parametrize(
    ("provider", "shape"),
    [
        (samples.immunohistochemistry, (512, 512, 3)),
        (samples.cell, (660, 550)),
        (samples.synthetic_fluorescence, (512, 512)),
        (samples.synthetic_phase, (512, 512)),
        (samples.synthetic_dic, (512, 512)),
    ],
)
def test_r5_4_samples_open_with_the_network_off(provider, shape, monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(socket, "socket", offline)
    (image, settings, kind), *truth = provider()
    assert (image.shape, kind) == (shape, "image")
    assert settings.get("rgb", False) is (image.ndim == 3)
    for labels, layer, of_kind in truth:
        assert (of_kind, layer["visible"]) == ("labels", False)
        assert labels.shape == image.shape


def test_samples_make_layers():
    layers = pytest.importorskip("napari.layers")
    for data, settings, kind in samples.synthetic_phase() + samples.immunohistochemistry():
        assert layers.Layer.create(data, settings, kind).name == settings["name"]
