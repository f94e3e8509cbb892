"""The replay pack is part of the model file: read back as it was, and checked like the rest."""

import pytest
import torch

from napari_unet.models.archive import read_model, write_model
from napari_unet.models.model import Model
from napari_unet.models.pack import MOST_BYTES, Pack, joined
from tests.models_for_tests import tiny_model


def pack(count=3, side=128, channels=1, value=0.0):
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, channels, side, side, generator=generator) * 0 + value
    targets = torch.randint(0, 2, (count, side, side), generator=generator).to(torch.uint8)
    return Pack(images.half(), targets, targets * 200 + 55)


def test_a_pack_comes_back_as_it_was_and_the_network_does_not_see_it(tmp_path):
    model = tiny_model()
    packed = Model(model.card, model.parameters, pack(value=0.25))
    write_model(packed, tmp_path / "packed.safetensors")
    again = read_model(tmp_path / "packed.safetensors")
    assert again.parameters.keys() == model.parameters.keys()
    for name, tensor in packed.pack.tensors().items():
        assert torch.equal(tensor, again.pack.tensors()[name])
        assert tensor.dtype == again.pack.tensors()[name].dtype
    assert set(again.network().state_dict()) == set(model.parameters)


def test_a_file_without_a_pack_still_loads(tmp_path):
    write_model(tiny_model(), tmp_path / "plain.safetensors")
    assert read_model(tmp_path / "plain.safetensors").pack is None


def test_r9_4_a_flipped_bit_in_a_picture_is_found(tmp_path):
    model = tiny_model()
    path = tmp_path / "packed.safetensors"
    write_model(Model(model.card, model.parameters, pack(value=0.25)), path)
    data = path.read_bytes()
    place = data.index(torch.full((64,), 0.25).half().numpy().tobytes())
    path.write_bytes(data[: place + 20] + bytes([data[place + 20] ^ 4]) + data[place + 21 :])
    with pytest.raises(ValueError, match="checksum differs"):
        read_model(path)


@pytest.mark.parametrize("wrong", ["dtype", "shape"])
def test_what_is_no_pack_is_refused(wrong):
    images, targets, confidence = pack().tensors().values()
    if wrong == "dtype":
        images = images.float()
    else:
        targets = targets[:, 1:]
    with pytest.raises(ValueError, match="float16"):
        Pack(images, targets, confidence)


def test_an_incomplete_pack_is_refused():
    tensors = pack().tensors()
    del tensors["replay.targets"]
    with pytest.raises(ValueError, match="incomplete"):
        Pack.of_tensors(tensors)


@pytest.mark.parametrize("channels", [1, 3, 16])
def test_packs_together_are_never_too_large(channels):
    old, new = pack(30, channels=channels), pack(8, channels=channels, value=1)
    both = joined(old, new)
    assert sum(t.nbytes for t in both.tensors().values()) <= MOST_BYTES < 1.5e6
    assert (both.images[-1] == 1).all()  # what is new is there
    if channels == 1:
        assert len(both) == 22
        assert (both.images.mean((1, 2, 3)) == 1).sum() == 8


def test_packs_that_do_not_fit_together_or_into_the_file():
    new = pack(2)
    assert joined(None, new).images.shape == new.images.shape
    assert len(joined(pack(5, channels=3), new)) == 2
    assert joined(new, None) is new
    assert joined(None, pack(1, channels=64)) is None
