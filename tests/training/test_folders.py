"""Folders of annotated images: read when needed, held only as far as there is room."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

from napari_unet.images.files import write_image, write_masks, write_states
from napari_unet.images.pairs import Pair, pair
from napari_unet.images.samples import cells
from napari_unet.inference.prepare import prepare
from napari_unet.schema.correction import State
from napari_unet.schema.events import finish
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import (
    AugmentSettings,
    LossSettings,
    NetworkSettings,
    TrainSettings,
)
from napari_unet.training import folders
from napari_unet.training.examples import make_example
from napari_unet.training.folders import (
    Examples,
    annotated_in,
    channels_of,
    corrections_in,
    model_from_folders,
)
from napari_unet.training.patches import PatchSampler

CARD = ModelCard(name="x", network="unet", network_settings=NetworkSettings())
SIDE = 64


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("annotated")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for seed in range(6):
        image, labels = cells((SIDE, SIDE), count=5, seed=seed)
        tifffile.imwrite(folder / f"images/{seed}.tif", image)
        tifffile.imwrite(folder / f"labels/{seed}.tif", labels)
    return pair(folder / "images", folder / "labels")


@pytest.fixture
def reads(monkeypatch):
    """The stems of the images that are read, in order."""
    read: list[str] = []
    plain = folders.read_image
    monkeypatch.setattr(folders, "read_image", lambda path: read.append(path.stem) or plain(path))
    return read


def in_memory(one):
    image, labels = tifffile.imread(one.image), tifffile.imread(one.labels)
    return make_example(prepare(image, CARD), labels, percentiles=None)


def test_where_there_is_room_each_image_is_read_once_and_whole(pairs, reads):
    examples = Examples(pairs, CARD, LossSettings())
    for _ in range(20):
        for index, one in enumerate(pairs):
            found, expected = examples[index], in_memory(one)
            torch.testing.assert_close(found.image, expected.image)
            torch.testing.assert_close(found.weight_map, expected.weight_map)
    assert reads == [one.stem for one in pairs]


def test_r3_6_no_more_is_held_than_there_is_room(pairs, reads):
    room = 2 * folders._bytes(in_memory(pairs[0])) + 1
    examples = Examples(pairs, CARD, LossSettings(), room_bytes=room)
    random = np.random.default_rng(0)
    draws = 400
    for index in random.integers(len(pairs), size=draws):
        examples[int(index)]
        assert examples.held_bytes <= room
    assert set(reads) == {one.stem for one in pairs}
    assert len(reads) <= draws / folders.USES + 3


def test_of_a_large_image_a_moving_window_is_held(tmp_path, reads):
    image = np.arange(200 * 300, dtype=np.uint16).reshape(200, 300)
    tifffile.imwrite(tmp_path / "large.tif", image)
    tifffile.imwrite(tmp_path / "labels.tif", (image % 7 == 0).astype(np.uint8))
    one = Pair("large", tmp_path / "large.tif", tmp_path / "labels.tif")
    examples = Examples([one], CARD, LossSettings(), patch_px=16)
    whole = prepare(image, CARD)[0]
    corners = set()
    for _ in range(10 * folders.USES):
        found = examples[0]
        assert found.image.shape == (1, 64, 64)
        y, x = np.argwhere(whole == found.image[0, 0, 0].item())[0]
        np.testing.assert_array_equal(found.image[0], whole[y : y + 64, x : x + 64])
        corners.add((int(y), int(x)))
    assert len(corners) == len(reads) == 10


def test_r3_6_thousands_of_large_images_train_in_little_memory(tmp_path):
    """3,000 images of 2048 x 2048 pixels would fill 100 GB: ten steps may hold a hundredth."""
    image = np.random.default_rng(0).integers(0, 255, (2048, 2048), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", image)
    tifffile.imwrite(tmp_path / "labels.tif", np.zeros((2048, 2048), np.uint8))
    one = Pair("image", tmp_path / "image.tif", tmp_path / "labels.tif")
    room = 30_000_000
    examples = Examples([one] * 3000, CARD, LossSettings(), room_bytes=room)
    sampler = PatchSampler(examples, batch=4, patch_px=128, settings=AugmentSettings())
    for step in range(10):
        assert sampler.draw(step).images.shape == (4, 1, 128, 128)
        assert 0 < examples.held_bytes <= room


def test_same_seed_same_examples(pairs, tmp_path):
    image = np.arange(200 * 300, dtype=np.uint16).reshape(200, 300)
    tifffile.imwrite(tmp_path / "large.tif", image)
    tifffile.imwrite(tmp_path / "labels.tif", np.ones((200, 300), np.uint8))
    one = Pair("large", tmp_path / "large.tif", tmp_path / "labels.tif")
    drawn = [
        Examples([one], CARD, LossSettings(), patch_px=16, seed=seed)[0].image for seed in (3, 3, 4)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_corrections_vouch_for_what_is_known_only(pairs, tmp_path):
    known = np.zeros((SIDE, SIDE), np.uint8)
    known[:5] = 1
    tifffile.imwrite(tmp_path / "known.tif", known)
    one = Pair("x", pairs[0].image, pairs[0].labels, tmp_path / "known.tif")
    (partly, wholly) = corrections_in([one, pairs[1]])
    np.testing.assert_array_equal(partly.known > 0, known > 0)
    assert (wholly.known > 0).all()
    assert (partly.image_id, wholly.image_id) == ("x", "1")


def test_r12_1_training_counts_no_pixel_that_is_not_confirmed(pairs, tmp_path):
    states = np.zeros((SIDE, SIDE), np.uint8)
    states[:20] = State.CONFIRMED
    states[5:9] |= np.uint8(State.CORRECTED)
    states[9:12] |= np.uint8(State.UNKNOWN)
    states[12:15] |= np.uint8(State.AUDITED)
    states[30:] = State.CORRECTED  # one-sided: nobody vouches for what is around
    write_states(tmp_path / "known.tif", states)
    one = replace(pairs[0], known=tmp_path / "known.tif")
    counts = np.zeros((SIDE, SIDE), bool)
    counts[:9] = counts[15:20] = True
    example = Examples([one], CARD, LossSettings())[0]
    np.testing.assert_array_equal(example.weight_map.numpy() > 0, counts)
    np.testing.assert_array_equal(corrections_in([one])[0].known > 0, counts)


def test_r12_1_a_window_of_a_large_image_holds_known_pixels(tmp_path):
    image = np.arange(400 * 600, dtype=np.uint32).reshape(400, 600)
    known = np.zeros(image.shape, np.uint8)
    known[3:5, 590:] = known[300, 100] = State.CONFIRMED
    tifffile.imwrite(tmp_path / "i.tif", image)
    tifffile.imwrite(tmp_path / "l.tif", (image % 7 == 0).astype(np.uint8))
    write_states(tmp_path / "k.tif", known)
    one = Pair("x", *(tmp_path / f"{name}.tif" for name in "ilk"))
    examples = Examples([one], CARD, LossSettings(), patch_px=16)
    for _ in range(10 * folders.USES):
        found = examples[0]
        assert found.image.shape == (1, 64, 64)
        assert len(found.anchors)


def test_an_image_of_which_nothing_is_known_teaches_nothing(pairs, tmp_path):
    write_states(tmp_path / "known.tif", np.zeros((SIDE, SIDE), np.uint8))
    one = replace(pairs[0], known=tmp_path / "known.tif")
    examples = Examples([one, pairs[1]], CARD, LossSettings())
    assert not examples[0].weight_map.any()
    sampler = PatchSampler(examples, batch=4, patch_px=32, settings=AugmentSettings())
    batch = sampler.draw(0)
    assert batch.images.shape == (4, 1, 32, 32)


def test_annotated_images_are_read_when_asked_for(pairs, reads):
    annotated = annotated_in(pairs)
    assert len(annotated) == 6
    assert reads == []
    image, labels = annotated[2]
    assert reads == ["2"]
    np.testing.assert_array_equal(image, tifffile.imread(pairs[2].image))
    np.testing.assert_array_equal(labels, tifffile.imread(pairs[2].labels))
    assert len(list(annotated)) == 6


@pytest.mark.parametrize(
    ("shape", "channels"), [((20, 30), 1), ((2, 20, 30), 2), ((20, 30, 3), 1), ((1, 20, 30), 1)]
)
def test_channels_of_an_image(tmp_path, shape, channels):
    tifffile.imwrite(tmp_path / "i.tif", np.zeros(shape, np.uint8))
    assert channels_of(Pair("i", tmp_path / "i.tif", tmp_path / "i.tif")) == channels


def test_a_stack_is_refused_by_name(tmp_path):
    tifffile.imwrite(tmp_path / "s.tif", np.zeros((9, 20, 30), np.uint8))
    with pytest.raises(ValueError, match="is a stack of 9 planes"):
        channels_of(Pair("s", tmp_path / "s.tif", tmp_path / "s.tif"))


def test_the_size_of_pixels_is_read_where_files_say_it(tmp_path):
    image, labels = cells((48, 48), count=4, seed=0)
    for stem, size in (("a", 0.25), ("b", 0.25), ("c", 0.5)):
        write_image(tmp_path / f"{stem}.tif", image, size)
        write_masks(tmp_path / f"{stem}_masks.tif", labels)
    pairs = pair(tmp_path)
    assert [one.pixel_size_um for one in corrections_in(pairs)] == [0.25, 0.25, 0.5]
    settings = TrainSettings(steps=1, batch=1, patch_px=16, device="cpu")
    tiny = NetworkSettings(features=2, depth=2)
    for some, size in ((pairs[:2], 0.25), (pairs, None)):
        job = model_from_folders("unet", tiny, settings, some, name="x")
        assert finish(job).card.pixel_size_um == size
