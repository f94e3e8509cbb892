"""A model of several classes: the same mask whatever the tiles, and files of what it holds."""

import numpy as np
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.classes import class_mask
from napari_unet.inference.files import segmenting
from napari_unet.inference.predict import predict
from napari_unet.schema.events import finish
from napari_unet.schema.settings import MaskSettings, PredictSettings
from tests.models_for_tests import tiny_model
from tests.three_classes import brightness_model, three_classes

NOISE_PX = 2e-5
"""Where the two likeliest classes are nearer to each other, rounding may decide."""


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(st.integers(17, 90), st.integers(17, 90)),
    st.integers(16, 64),
    st.integers(0, 3),
    st.sampled_from(["unet", "unet++"]),
)
def test_a_mask_of_classes_does_not_depend_on_the_tiles(shape, tile_px, seed, network):
    model = tiny_model(network, seed=seed, classes=3)
    image, _ = three_classes(shape, seed)
    whole, tiled = (
        predict(image, model, PredictSettings(tile_px=size, device="cpu")).probabilities
        for size in (512, tile_px)
    )
    np.testing.assert_allclose(tiled.sum(axis=0), 1, atol=1e-5)
    first, second = np.sort(whole, axis=0)[[-1, -2]]
    differs = class_mask(whole) != class_mask(tiled)
    assert not differs[first - second > NOISE_PX].any()


def test_a_file_of_classes_is_written_and_so_are_the_objects_of_one(tmp_path):
    image, truth = three_classes()
    tifffile.imwrite(tmp_path / "a.tif", image)
    model, cpu = brightness_model(), PredictSettings(device="cpu")
    made = finish(segmenting(model, tmp_path / "a.tif", tmp_path, cpu))
    classes = tifffile.imread(made.masks)
    assert (classes.dtype, made.objects) == (np.uint8, 3)
    np.testing.assert_array_equal(classes, class_mask(predict(image, model, cpu).probabilities))
    assert (classes == truth).mean() > 0.9

    one = MaskSettings(objects_of=2, min_size_px=0)
    made = finish(segmenting(model, tmp_path / "a.tif", tmp_path, cpu, one))
    objects = tifffile.imread(made.masks)
    np.testing.assert_array_equal(objects > 0, classes == 2)
    assert made.objects == objects.max() > 1
