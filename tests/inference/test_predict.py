"""Images of any kind in, probabilities out; what does not fit is said in one sentence."""

import contextlib

import numpy as np
import pytest
import torch

from napari_unet.inference import predict as module
from napari_unet.inference.predict import predict, predict_planes
from napari_unet.inference.prepare import prepare
from napari_unet.schema.events import Notice, Progress, TileDone
from napari_unet.schema.requests import Looking
from napari_unet.schema.settings import PredictSettings
from tests.models_for_tests import tiny_model

CPU = PredictSettings(device="cpu")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (15, 17), (37, 53), (64, 64)])
def test_r10_2_odd_sizes(shape):
    found = predict(RNG.random(shape), tiny_model(), CPU).probabilities
    assert found.shape == (1, *shape)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, np.float32, ">u2"])
def test_r8_4_dtypes(dtype):
    image = RNG.integers(0, 2, (20, 20)).astype(dtype)
    expected = predict(image.astype(float), tiny_model(), CPU).probabilities
    np.testing.assert_allclose(predict(image, tiny_model(), CPU).probabilities, expected, atol=1e-5)


def test_r8_4_one_bad_pixel_changes_nothing_far_away():
    image = RNG.random((200, 60)).astype(np.float32)
    good = predict(image, tiny_model(), CPU).probabilities
    image[2, 2] = np.nan
    found = predict(image, tiny_model(), CPU).probabilities
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, 150:], good[:, 150:], atol=0.02)


def test_colour_is_read_as_luminance_or_refused():
    image = RNG.integers(0, 255, (20, 30, 3), dtype=np.uint8)
    assert predict(image, tiny_model(), CPU).probabilities.shape == (1, 20, 30)
    with pytest.raises(ValueError, match="convert this colour image to grey"):
        predict(image, tiny_model(rgb="refuse"), CPU)
    colours = tiny_model(in_channels=3, rgb="channels")
    assert predict(image, colours, CPU).probabilities.shape == (1, 20, 30)


def test_r8_3_wrong_number_of_channels():
    with pytest.raises(ValueError, match="takes 2 channels, the image has 1"):
        prepare(np.zeros((9, 9)), tiny_model(in_channels=2).card)


def test_heads_of_unetplusplus():
    model = tiny_model("unet++", depth=4, deep_supervision=True)
    image = RNG.random((30, 30))
    heads = [
        predict(image, model, CPU.model_copy(update={"head": f"L{i}"})).probabilities
        for i in (1, 2, 3)
    ]
    mean = predict(image, model, CPU).probabilities
    np.testing.assert_allclose(mean, np.mean(heads, axis=0), atol=1e-5)
    assert not np.allclose(heads[0], heads[2])


def test_r4_6_progress_counts_all_planes_and_reaches_its_total():
    events = list(predict_planes(tiny_model(), [RNG.random((50, 70))] * 2, tile(32)))
    tiles = [e for e in events if isinstance(e, TileDone)]
    progress = [e for e in events if isinstance(e, Progress)]
    assert len(tiles) == len(progress) == 2 * 2 * 3
    assert progress[-1].done == progress[-1].total
    assert {e.plane for e in tiles} == {0, 1}


def test_r6_3_an_answer_to_a_tile_says_where_to_go_on():
    job = predict_planes(
        tiny_model(), [RNG.random((160, 160))], tile(32), look_first=Looking(box=(0, 0, 9, 9))
    )
    boxes = [one.box for one in tiles_of(job, 1, Looking(box=(150, 150, 160, 160)))]
    assert boxes[0][:2] == (0, 0) or boxes[0][2] <= 32
    # One more was on its way, since tiles are read ahead.
    assert boxes[2][2:] == (160, 160)
    assert len(boxes) == len(set(boxes))
    assert sum((y1 - y0) * (x1 - x0) for y0, x0, y1, x1 in boxes) == 160 * 160


def test_r6_3_planes_near_the_one_that_is_looked_at_come_first_and_none_is_lost():
    at_3, at_0 = Looking(plane=3), Looking(plane=0, box=(0, 0, 9, 9))
    job = predict_planes(tiny_model(), [RNG.random((64, 30))] * 5, tile(32), look_first=at_3)
    planes = [one.plane for one in tiles_of(job, 5, at_0)]
    # Two tiles each; after the fifth one, in the middle of a plane, the first plane is looked at.
    assert planes == [3, 3, 2, 2, 4, 0, 0, 1, 1, 4]


def tiles_of(job, after, word):
    """The tiles of a job that is told a word after so many of them."""
    found, answer = [], None
    with contextlib.suppress(StopIteration):
        while True:
            event = job.send(answer)
            answer = None
            if isinstance(event, TileDone):
                found.append(event)
                answer = [word] if len(found) == after else None
    return found


def tile(size):
    return PredictSettings(tile_px=size, device="cpu")


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_r3_1_short_of_memory_it_takes_smaller_tiles(monkeypatch, error):
    image = RNG.random((150, 150))
    expected = predict(image, tiny_model(), CPU).probabilities
    real = module.predict_tiles

    def short(network, image, *, tile_px, **more):
        if tile_px > 100:
            raise error("DefaultCPUAllocator: can't allocate memory")
        yield from real(network, image, tile_px=tile_px, **more)

    monkeypatch.setattr(module, "predict_tiles", short)
    events = list(predict_planes(tiny_model(), [image], CPU))
    assert sum(isinstance(event, Notice) for event in events) == 3
    found = np.zeros_like(expected)
    for event in events:
        if isinstance(event, TileDone):
            y0, x0, y1, x1 = event.box
            found[:, y0:y1, x0:x1] = event.probabilities
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    "image",
    [
        np.array(3.0),
        np.zeros((0, 5)),
        np.array([["a", "b"]]),
        np.zeros((4, 4), complex),
        np.zeros((4, 4), object),
    ],
    ids=["0-d", "empty", "text", "complex", "object"],
)
def test_what_is_no_image_is_refused_in_one_sentence(image):
    with pytest.raises(ValueError, match=r"^The image [^\n]*$"):
        predict(image, tiny_model(), CPU)


@pytest.mark.parametrize("view", [np.flipud, np.transpose, np.asfortranarray])
def test_views_are_read_as_what_they_show(view):
    image = view(RNG.random((30, 30)))
    expected = predict(image.copy(), tiny_model(), CPU).probabilities
    np.testing.assert_array_equal(predict(image, tiny_model(), CPU).probabilities, expected)


def test_a_stack_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="is a stack: hand in its planes"):
        predict(np.zeros((1, 5, 20, 20)), tiny_model(), CPU)


def test_r10_5_grey_values_are_those_of_the_image_whatever_the_tiles():
    """A dark corner stays dark: no tile is stretched by its own grey values."""
    image, model = RNG.random((150, 150)), tiny_model()
    image[:75, :75] *= 0.1
    whole = predict(image, model, tile(512)).probabilities
    found = predict(image, model, tile(64)).probabilities
    np.testing.assert_allclose(found, whole, atol=1e-6)
    corner = predict(image[:75, :75], model, CPU).probabilities
    assert np.abs(corner - whole[:, :75, :75]).max() > 0.01  # by itself it is stretched


def test_r10_5_a_region_gets_what_it_gets_in_the_whole_image():
    image = RNG.random((70, 90))
    model, settings = tiny_model(), PredictSettings(device="cpu", tile_px=32)
    whole = predict(image, model, settings).probabilities
    part = predict(image, model, settings, (13, 20, 51, 90)).probabilities
    np.testing.assert_allclose(part, whole[:, 13:51, 20:90], atol=1e-6)


@pytest.mark.parametrize("region", [(0, 0, 71, 90), (-1, 0, 5, 5), (5, 5, 5, 9)])
def test_a_region_that_is_not_in_the_image_is_refused(region):
    with pytest.raises(ValueError, match="not in an image of 70 x 90 pixels: give y start"):
        predict(np.zeros((70, 90)), tiny_model(), region=region)
