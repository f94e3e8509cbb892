"""The packs of starter models are synthetic, and giving one changes nothing else."""

import shutil

import numpy as np
import pytest
import torch

from benchmarks import packs
from napari_unet.models.archive import read_model
from napari_unet.models.library import find
from napari_unet.models.model import Model
from tests.models_for_tests import tiny_model


def test_r1_4_a_pack_changes_no_parameter_and_no_card(tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "WANTED", {"fluorescence": 2, "tissue": 1})
    path = tmp_path / "model.safetensors"
    shutil.copy(find("nuclei-unet"), path)
    before = read_model(path)
    packs.give_pack(path)
    after = read_model(path)
    assert after.card == before.card
    assert after.parameters.keys() == before.parameters.keys()
    assert all(torch.equal(v, after.parameters[name]) for name, v in before.parameters.items())
    assert len(after.pack) == 3
    assert list(tmp_path.iterdir()) == [path]
    seen = after.network().eval().probabilities(after.pack.images[:1, :, :, :].float())[0, 0]
    agrees = (seen > 0.5) == (after.pack.targets[0] > 0)
    assert agrees.float().mean() > 0.95  # it was shown with more around it
    assert after.pack.confidence.float().mean() > 200


@pytest.mark.parametrize("look", packs.WANTED)
def test_pictures_are_drawn_anew_and_the_same_for_the_same_seed(look):
    image, labels = packs.draw(look, 5)
    again, other = packs.draw(look, 5)[0], packs.draw(look, 6)[0]
    np.testing.assert_array_equal(image, again)
    assert not np.array_equal(image, other)
    objects, around = image[labels > 0].mean(), image[labels == 0].mean()
    assert (objects > around) == (look == "fluorescence")


def test_a_model_that_sees_nothing_in_them_is_refused(monkeypatch):
    monkeypatch.setattr(packs, "WANTED", {"fluorescence": 1})
    model = tiny_model()
    blind = Model(model.card, {k: torch.zeros_like(v) for k, v in model.parameters.items()})
    with pytest.raises(ValueError, match="its own images"):
        packs.pack_for(blind)
