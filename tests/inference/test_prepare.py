"""A part of what a model sees is the part of the whole, and only that part is read."""

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.files import as_image
from napari_unet.inference.predict import predict, predict_planes
from napari_unet.inference.prepare import PreparedPlane, prepare
from napari_unet.schema.events import Notice, TileDone
from napari_unet.schema.input import InputSettings
from napari_unet.schema.settings import PredictSettings
from tests.models_for_tests import tiny_model
from tests.watched import Watched

RNG = np.random.default_rng(0)
LAYOUTS = [
    ((60, 70), {}),
    ((1, 60, 70), {}),
    ((2, 60, 70), {"in_channels": 2}),
    ((60, 70, 3), {}),
    ((60, 70, 4), {"in_channels": 3, "rgb": "channels"}),
]


def tile(size):
    return PredictSettings(tile_px=size, device="cpu")


@pytest.mark.parametrize(("shape", "card"), LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, ">u2"])
@settings(max_examples=5, deadline=None)
@given(
    st.tuples(*[st.integers(0, 50)] * 2),
    st.tuples(*[st.integers(1, 20)] * 2),
    st.sampled_from([1.0, 0.5, 1.41]),
    st.booleans(),
)
def test_r6_3_a_part_is_that_part_of_the_whole(shape, card, dtype, start, size, scale, inverted):
    image = np.random.default_rng(1).integers(0, 900, shape).astype(dtype)
    if image.dtype.kind == "f":
        image[..., 5:9, 1] = np.nan
    model = tiny_model(**card)
    seen = InputSettings(scale=scale, inverted=inverted)
    card = model.card.model_copy(update={"input": seen})
    whole = prepare(image, card)
    for array in (image, zarr.array(as_image(image)), da.from_array(image)):
        prepared = PreparedPlane(array, card)
        assert prepared.shape == whole.shape
        (top, left), (bottom, right) = start, np.add(start, size)
        bottom, right = min(bottom, whole.shape[1]), min(right, whole.shape[2])
        top, left = min(top, bottom - 1), min(left, right - 1)
        part = prepared[:, top:bottom, left:right]
        np.testing.assert_allclose(part, whole[:, top:bottom, left:right], atol=1e-6)


def test_r6_3_no_more_than_a_tile_is_read_at_once():
    """Percentiles are found block by block; then each tile is read with its halo."""
    model, shape = tiny_model(), (1200, 1100)
    image = Watched(shape, most=(512 + 2 * model.network().halo_px + 8) ** 2)
    found = predict(image, model, tile(512)).probabilities
    whole = Watched(shape, most=1200 * 1100)[:, :]
    np.testing.assert_array_equal(found, predict(whole, model, tile(512)).probabilities)
    assert found.std() > 0
    with pytest.raises(AssertionError, match="asked for at once"):
        predict(Watched(shape, most=500 * 500), model, tile(512))


@pytest.mark.parametrize("scale", [1.0, 0.71])
@pytest.mark.parametrize("wrap", [zarr.array, da.from_array, lambda image: image])
def test_r6_3_an_array_on_disk_gives_the_same_as_one_in_memory(wrap, scale):
    image, model = RNG.integers(0, 3000, (150, 170)).astype(np.uint16), tiny_model()
    card = model.card.model_copy(update={"input": InputSettings(scale=scale)})
    model = replace(model, card=card)
    expected = predict(image, model, tile(64)).probabilities
    found = predict(wrap(image), model, tile(64)).probabilities
    np.testing.assert_array_equal(found, expected)


def test_r6_3_a_memory_mapped_file_gives_the_same(tmp_path):
    image, model = RNG.integers(0, 3000, (150, 170)).astype(np.uint16), tiny_model()
    np.save(tmp_path / "a.npy", image)
    found = predict(np.load(tmp_path / "a.npy", mmap_mode="r"), model, tile(64)).probabilities
    np.testing.assert_array_equal(found, predict(image, model, tile(64)).probabilities)


def test_what_is_finished_is_left_out_and_counted():
    image, model = RNG.random((100, 130)), tiny_model()
    events = list(predict_planes(model, [image, image], tile(64)))
    tiles = [event for event in events if isinstance(event, TileDone)]
    finished = [(event.plane, event.box) for event in tiles[:8]]
    rest = list(predict_planes(model, [image, image], tile(64), finished=finished))
    left = [event for event in rest if isinstance(event, TileDone)]
    assert [(e.plane, e.box) for e in left] == [(e.plane, e.box) for e in tiles[8:]]
    for one, other in zip(left, tiles[8:], strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
    assert (rest[-1].done, rest[-1].total) == (12, 12)
    assert rest[1].done == 9


def test_an_array_that_cannot_be_read_is_named_in_one_sentence():
    class Lost(Watched):
        def __getitem__(self, key):
            raise OSError("the disk is gone")

    with pytest.raises(ValueError, match=r"^The image could not be loaded \(the disk is gone\)"):
        predict(Lost((90, 90), 9), tiny_model())


def test_broken_pixels_of_an_array_on_disk_are_counted():
    image = RNG.random((700, 600)).astype(np.float32)
    image[600:603, 550] = np.nan
    events = predict_planes(tiny_model(), [zarr.array(image)], tile(512))
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert notices == ["3 pixels are no numbers: they count as the darkest."]
