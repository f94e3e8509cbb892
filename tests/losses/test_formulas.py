"""Each loss of the catalogue against its formula, written down in NumPy and float64."""

import numpy as np
import pytest
import torch

from napari_unet.losses.binary import BinaryCrossEntropy
from napari_unet.losses.cross_entropy import CrossEntropy
from napari_unet.losses.dice import DiceLoss
from napari_unet.losses.focal import FocalLoss
from napari_unet.losses.overlap import TverskyLoss
from napari_unet.schema.catalog import LOSSES, resolve
from napari_unet.schema.settings import LossSettings

SETTINGS = LossSettings(
    alpha=0.3, gamma=1.7, beta=3.5, tversky_beta=0.2, sensitivity=0.7, smooth=0.8
)


class Known:
    """The known pixels of a batch: probabilities and truth, (class, pixel), and their weights."""

    def __init__(self, logits, target, weight_map):
        known = weight_map > 0
        z = np.moveaxis(logits, 1, 0)[:, known]
        self.w, self.t = weight_map[known], target[known]
        if len(z) == 1:
            self.p, self.y = 1 / (1 + np.exp(-z)), self.t[None].astype(float)
        else:
            self.p = np.exp(z) / np.exp(z).sum(0)
            self.y = (self.t == np.arange(len(z))[:, None]).astype(float)
        objects = slice(0 if len(z) == 1 else 1, None)
        self.object_p, self.object_y = self.p[objects], self.y[objects]

    @property
    def p_of_truth(self):
        if len(self.p) == 1:
            return np.where(self.t > 0, self.p[0], 1 - self.p[0])
        return self.p[self.t, np.arange(len(self.t))]

    def mean(self, values):
        return (self.w * values).sum() / self.w.sum()


def ce(k, s):
    return k.mean(-np.log(k.p_of_truth))


def bce(k, s):
    return k.mean(-(k.y * np.log(k.p) + (1 - k.y) * np.log(1 - k.p)).mean(0))


def weighted_bce(k, s):
    return k.mean(-(s.beta * k.y * np.log(k.p) + (1 - k.y) * np.log(1 - k.p)).mean(0))


def balanced_bce(k, s):
    beta = 1 - k.y.mean(1, keepdims=True)
    terms = beta * k.y * np.log(k.p) + (1 - beta) * (1 - k.y) * np.log(1 - k.p)
    return k.mean(-terms.mean(0))


def focal(k, s):
    alpha = np.where(k.t > 0, s.alpha, 1 - s.alpha)
    return k.mean(-alpha * (1 - k.p_of_truth) ** s.gamma * np.log(k.p_of_truth))


def dice(k, s):
    p, y = k.object_p, k.object_y
    overlap = (2 * (p * y).sum(1) + s.smooth) / ((p + y).sum(1) + s.smooth)
    return np.mean(1 - overlap)


def bce_dice(k, s):
    return 0.5 * np.mean(-np.log(k.p_of_truth)) + dice(k, s)


def tversky(k, s):
    p, y, b = k.object_p, k.object_y, s.tversky_beta
    tp, fp, fn = (p * y).sum(1), (p * (1 - y)).sum(1), ((1 - p) * y).sum(1)
    return np.mean(1 - (tp + s.smooth) / (tp + b * fp + (1 - b) * fn + s.smooth))


def sensitivity_specificity(k, s):
    p, y, w = k.object_p, k.object_y, s.sensitivity
    sensitivity = ((p * y).sum(1) + s.smooth) / (y.sum(1) + s.smooth)
    specificity = (((1 - p) * (1 - y)).sum(1) + s.smooth) / ((1 - y).sum(1) + s.smooth)
    return np.mean(1 - w * sensitivity - (1 - w) * specificity)


FORMULAS = {
    "ce": ce,
    "border-weighted-ce": ce,
    "border-weighted-ce-2019": ce,
    "border-weighted-ce+dice": lambda k, s: ce(k, s) + dice(k, s),
    "bce": bce,
    "weighted-bce": weighted_bce,
    "balanced-bce": balanced_bce,
    "focal": focal,
    "dice": dice,
    "bce+dice": bce_dice,
    "tversky": tversky,
    "sensitivity-specificity": sensitivity_specificity,
}


def batch_of(classes, seed=0):
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (2, classes, 7, 9))
    target = random.integers(0, max(2, classes), (2, 7, 9))
    weight_map = random.uniform(0.1, 5, (2, 7, 9))
    weight_map[:, :2] = 0
    return logits, target, weight_map


def test_every_loss_has_a_formula_here():
    assert set(FORMULAS) == set(LOSSES)


@pytest.mark.parametrize("classes", [1, 2, 3], ids=["binary", "two", "three"])
@pytest.mark.parametrize("settings", [LossSettings(), SETTINGS], ids=["default", "chosen"])
@pytest.mark.parametrize("name", FORMULAS)
def test_a_loss_is_its_formula(name, settings, classes):
    batch = batch_of(classes)
    found = resolve(LOSSES, name)(settings)(*map(torch.from_numpy, batch))
    np.testing.assert_allclose(found, FORMULAS[name](Known(*batch), settings), rtol=1e-12)


def both(one, other, classes=1):
    batch = [torch.from_numpy(part) for part in batch_of(classes)]
    return float(one(*batch)), float(other(*batch))


@pytest.mark.parametrize("classes", [1, 3])
def test_focal_without_focus_is_cross_entropy_by_half(classes):
    flat = FocalLoss(LossSettings(alpha=0.5, gamma=0))
    one, other = both(flat, CrossEntropy(), classes)
    assert one == pytest.approx(other / 2)


@pytest.mark.parametrize("classes", [1, 3])
def test_tversky_with_both_errors_alike_is_dice(classes):
    one, other = both(
        TverskyLoss(LossSettings(tversky_beta=0.5, smooth=1)),
        DiceLoss(LossSettings(smooth=2)),
        classes,
    )
    assert one == pytest.approx(other)


@pytest.mark.parametrize("classes", [1, 2])
def test_two_classes_against_each_other_are_cross_entropy(classes):
    one, other = both(BinaryCrossEntropy(), CrossEntropy(), classes)
    assert one == pytest.approx(other)


def test_one_map_and_two_classes_are_the_same_question():
    logits, target, weight_map = (torch.from_numpy(part) for part in batch_of(1))
    pair = torch.cat([torch.zeros_like(logits), logits], 1)
    for name in LOSSES:
        # Weighted BCE asks each class against the rest, and its beta is that of all of them.
        loss = resolve(LOSSES, name)(LossSettings(beta=1))
        one, two = loss(logits, target, weight_map), loss(pair, target, weight_map)
        assert float(one) == pytest.approx(float(two)), name


@pytest.mark.parametrize("truth", [0, 1])
def test_balanced_bce_learns_from_a_batch_of_one_kind(truth):
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    loss = resolve(LOSSES, "balanced-bce")()
    value = loss(logits, torch.full((1, 4, 4), truth), torch.ones(1, 4, 4))
    (gradient,) = torch.autograd.grad(value, logits)
    assert (gradient.sign() == (1 - 2 * truth)).all()


def test_what_the_survey_prints_as_sensitivity_specificity_grows_with_quality():
    target, weight_map = torch.ones(1, 4, 4, dtype=torch.long), torch.ones(1, 4, 4)
    target[:, :2] = 0
    right = 8.0 * (2 * target[:, None] - 1)
    loss = resolve(LOSSES, "sensitivity-specificity")()
    printed = [1 - float(loss(logits, target, weight_map)) for logits in (right, -right)]
    assert printed[0] > 0.99 > 0.2 > printed[1]
