"""A GPU is shown as many tiles at once as are fastest, and no more than its memory takes."""

import weakref
from functools import partial
from itertools import count

import numpy as np
import pytest
import torch

from napari_unet.inference import tiled
from napari_unet.inference.batches import Batches
from napari_unet.inference.predict import predict
from napari_unet.schema.settings import PredictSettings
from tests.models_for_tests import tiny_model

EACH_PX = 1000


def settle(seconds_of, most_px=64 * EACH_PX):
    """The sizes of the batches that follow each other where one of n tiles takes so long."""
    batches, sizes = Batches(most_px), []
    for _ in range(20):
        sizes.append(batches.tiles(EACH_PX))
        batches.took(seconds_of(sizes[-1]), sizes[-1], EACH_PX)
    return sizes


def test_r3_2_twice_as_many_tiles_as_long_as_that_is_faster():
    sizes = settle(lambda tiles: 0.1 + 0.1 * tiles)
    assert sizes[:10] == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16]
    assert set(sizes[12:]) == {16}, "32 take 97 % of the time of 16"


@pytest.mark.parametrize(
    ("seconds_of", "expected"), [(lambda tiles: tiles, 1), (lambda tiles: max(4, tiles), 4)]
)
def test_more_tiles_that_are_not_faster_are_not_kept(seconds_of, expected):
    assert settle(seconds_of)[-1] == expected


def test_r3_2_there_are_never_more_pixels_than_are_allowed():
    assert max(settle(lambda tiles: 1, most_px=5 * EACH_PX)) == 5
    assert set(settle(lambda tiles: 1, most_px=0)) == {1}


def test_a_first_batch_that_is_slow_does_not_count():
    late = iter([9.0, 1.0, 9.0, 1.0])
    assert settle(lambda tiles: next(late, 1.0))[4] == 4


@pytest.fixture
def shown(monkeypatch):
    """How many tiles the network was shown each time, on a device that takes several."""
    run, sizes = tiled._run, []

    def note(network, images, level):
        sizes.append(len(images))
        return run(network, images, level)

    monkeypatch.setattr(tiled, "_run", note)
    monkeypatch.setattr(tiled, "most_px", lambda device: 1 << 20)
    monkeypatch.setattr(tiled, "perf_counter", partial(next, count()))  # all take the same time
    return sizes


MODEL = tiny_model()
SETTINGS = PredictSettings(tile_px=32, device="cpu")


def image_of(side):
    return np.random.default_rng(0).integers(0, 255, (side, side), dtype=np.uint8)


@pytest.mark.parametrize("rotations", [False, True])
def test_r10_1_tiles_at_once_give_what_they_give_one_by_one(monkeypatch, shown, rotations):
    settings = SETTINGS.model_copy(update={"rotations": rotations})
    at_once = predict(image_of(220), MODEL, settings).probabilities
    assert max(shown) > 4
    monkeypatch.setattr(tiled, "most_px", lambda device: 0)
    one_by_one = predict(image_of(220), MODEL, settings).probabilities
    assert np.abs(at_once - one_by_one).max() < 1e-5


def test_r3_1_where_memory_is_short_there_are_fewer_tiles_at_once(monkeypatch, shown):
    expected = predict(image_of(220), MODEL, SETTINGS).probabilities
    run, heard, held = tiled._run, [], []

    def small(network, images, level):
        features = images * 2
        assert not any(one() is not None for one in held), "what failed holds memory no longer"
        if len(images) > 2:
            heard.append(len(images))
            held.append(weakref.ref(features))
            raise torch.OutOfMemoryError("too many")
        return run(network, images, level)

    shown.clear()
    monkeypatch.setattr(tiled, "_run", small)
    found = predict(image_of(220), MODEL, SETTINGS).probabilities
    assert np.abs(found - expected).max() < 1e-5
    assert len(heard) == 1, "it was tried again"


def test_the_cpu_is_shown_one_tile_at_a_time():
    assert tiled.most_px(torch.device("cpu")) == 0
    assert tiled.most_px(torch.device("cuda")) == 4 << 20


def test_a_short_float_changes_probabilities_by_little_and_they_stay_float32(monkeypatch):
    exact = predict(image_of(100), MODEL, SETTINGS).probabilities
    assert tiled.precision(torch.device("cpu")) is None
    monkeypatch.setattr(tiled, "precision", lambda device: torch.bfloat16)
    short = predict(image_of(100), MODEL, SETTINGS).probabilities
    assert short.dtype == np.float32
    assert 0 < np.abs(short - exact).max() < 0.02
