"""Whether touching objects are split: by their own shapes, and by what a network finds of them."""

import numpy as np
import pytest
import torch

from napari_unet.schema.settings import MaskSettings
from napari_unet.training import fitting
from napari_unet.training.examples import SEEN_PX
from napari_unet.training.fitting import fitting_mask, mask_of_network
from napari_unet.training.scoring import Exam
from tests.models_for_tests import tiny_model


def exam(labels, seen=None):
    image = (labels > 0) if seen is None else seen
    return Exam(image[np.newaxis].astype(np.float32), labels, np.ones(labels.shape, bool))


def two_discs(distance):
    y, x = np.mgrid[:64, :64]
    discs = np.zeros((64, 64), int)
    discs[(y - 32) ** 2 + (x - 20) ** 2 < 169] = 1
    discs[((y - 32) ** 2 + (x - 20 - distance) ** 2 < 169) & (discs == 0)] = 2
    return discs


def test_only_what_is_known_and_around_it_is_looked_at(monkeypatch):
    labels, known = np.zeros((2000, 1500), int), np.zeros((2000, 1500), bool)
    labels[900:964, 700:764], known[910:950, 710:750] = two_discs(22), True
    whole, looked = fitting.instances, []
    monkeypatch.setattr(
        fitting, "instances", lambda seen, mask: looked.append(seen.shape) or whole(seen, mask)
    )
    there = Exam(np.zeros((1, *known.shape), np.float32), labels, known)
    assert fitting_mask([there], MaskSettings(split_touching=False)).split_touching
    assert set(looked) == {(40 + 2 * SEEN_PX,) * 2}


@pytest.fixture
def seeing(monkeypatch):
    """A network that finds just what is bright."""
    monkeypatch.setattr(
        fitting,
        "predicted",
        lambda network, exams: [(e.image, e.labels, e.counted) for e in exams],
    )
    return tiny_model().network()


def test_round_objects_are_split_and_branched_ones_are_not():
    y, x = np.mgrid[:64, :64]
    discs = np.zeros((64, 64), int)
    discs[(y - 32) ** 2 + (x - 20) ** 2 < 169] = 1
    discs[((y - 32) ** 2 + (x - 43) ** 2 < 169) & (discs == 0)] = 2
    cross = np.zeros((128, 128), int)
    for k in range(4):
        part = cross[(k // 2) * 64 : (k // 2) * 64 + 60, (k % 2) * 64 : (k % 2) * 64 + 60]
        part[4:18, 4:56], part[40:54, 4:56], part[10:50, 26:32] = k + 1, k + 1, k + 1
    small = MaskSettings(min_size_px=0)
    assert fitting_mask([exam(discs)], small).split_touching
    assert not fitting_mask([exam(cross)], small).split_touching


@pytest.mark.parametrize("split", [True, False])
def test_cells_that_a_network_lets_run_together_are_split(seeing, split):
    """The truth has a gap of three pixels; the network closes it."""
    truth = two_discs(29)
    closed = truth > 0
    closed[28:37, 30:40] = True
    found = mask_of_network(seeing, [exam(truth, closed)], MaskSettings(split_touching=split))
    assert found.split_touching


@pytest.mark.parametrize("split", [True, False])
def test_round_cells_that_a_network_has_learnt_by_heart_are_split_in_other_images(seeing, split):
    """Between three pairs of touching cells it finds gaps; one cell has a waist."""
    pair = two_discs(25)
    with_gap = pair > 0
    with_gap[:, 31:34] = False
    waisted = (pair > 0).astype(int)
    exams = [*(exam(pair, with_gap) for _ in range(3)), exam(waisted)]
    found = mask_of_network(seeing, exams, MaskSettings(split_touching=split))
    assert found.split_touching


@pytest.mark.parametrize("split", [True, False])
def test_where_both_are_equally_good_it_stays_as_it_was(seeing, split):
    mask = MaskSettings(split_touching=split)
    far = np.zeros((64, 64), int)
    far[8:24, 8:24], far[40:56, 40:56] = 1, 2
    assert mask_of_network(seeing, [exam(far)], mask) == mask
    assert mask_of_network(seeing, [], mask) == mask


def test_classes_are_never_split():
    network, mask = tiny_model(classes=3).network(), MaskSettings(split_touching=True)
    assert mask_of_network(network, [exam(two_discs(29))], mask) is mask


def test_the_network_is_left_as_it_was():
    network = tiny_model().network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    mask_of_network(network, [exam(two_discs(29))], MaskSettings())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
