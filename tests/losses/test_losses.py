"""Contract of every loss in the catalogue, and each against its formula in float64."""

import pytest
import torch
from torch.nn import functional as F

from napari_unet.schema.catalog import LOSSES, resolve


@pytest.fixture(params=[1, 3], ids=["binary", "classes"])
def batch(request):
    torch.manual_seed(0)
    classes = request.param
    logits = torch.randn(2, classes, 5, 6, dtype=torch.float64, requires_grad=True)
    target = torch.randint(0, max(2, classes), (2, 5, 6))
    weight_map = torch.rand(2, 5, 6, dtype=torch.float64) * 5 + 0.1
    weight_map[:, :2] = 0
    return logits, target, weight_map


@pytest.mark.parametrize("name", LOSSES)
def test_r12_1_unknown_pixels_have_no_gradient_and_no_influence(name, batch):
    logits, target, weight_map = batch
    loss = resolve(LOSSES, name)()
    value = loss(logits, target, weight_map)
    (gradient,) = torch.autograd.grad(value, logits)
    assert (gradient[:, :, :2] == 0).all()
    assert (gradient[:, :, 2:] != 0).any()
    changed = torch.where(weight_map[:, None] == 0, logits + 3, logits)
    torch.testing.assert_close(loss(changed, target, weight_map), value)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_that_of_the_value(name, batch):
    logits, target, weight_map = batch
    loss = resolve(LOSSES, name)()
    assert torch.autograd.gradcheck(lambda x: loss(x, target, weight_map), (logits,))


@pytest.mark.parametrize("name", LOSSES)
def test_r1_7_nothing_known_gives_no_gradient_and_no_nan(name, batch):
    logits, target, weight_map = batch
    value = resolve(LOSSES, name)()(logits, target, weight_map * 0)
    (gradient,) = torch.autograd.grad(value, logits)
    assert torch.isfinite(value)
    assert (gradient == 0).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("truth", [0, 1])
def test_right_is_better_than_wrong(name, truth):
    target = torch.full((1, 8, 8), truth)
    weight_map = torch.ones(1, 8, 8)
    loss = resolve(LOSSES, name)()
    right = torch.full((1, 1, 8, 8), 5.0 if truth else -5.0)
    assert loss(right, target, weight_map) < loss(-right, target, weight_map)


def pixel_entropy(logits, target):
    if logits.shape[1] == 1:
        p = torch.sigmoid(logits[:, 0])
        return -torch.where(target > 0, p.log(), (1 - p).log())
    p = torch.softmax(logits, 1)
    return -p.gather(1, target[:, None])[:, 0].log()


def dice_formula(logits, target, known, smooth=1.0):
    if logits.shape[1] == 1:
        pairs = [(torch.sigmoid(logits[:, 0]), (target > 0).double())]
    else:
        p = torch.softmax(logits, 1)
        pairs = [(p[:, c], (target == c).double()) for c in range(1, logits.shape[1])]
    terms = [
        1 - (2 * (p * t)[known].sum() + smooth) / ((p + t)[known].sum() + smooth) for p, t in pairs
    ]
    return torch.stack(terms).mean()


def test_border_weighted_cross_entropy_is_the_paper_s_sum_over_the_weights(batch):
    logits, target, weight_map = batch
    expected = (weight_map * pixel_entropy(logits, target)).sum() / weight_map.sum()
    found = resolve(LOSSES, "border-weighted-ce")()(logits, target, weight_map)
    torch.testing.assert_close(found, expected)


def test_dice_is_its_formula_over_known_pixels(batch):
    logits, target, weight_map = batch
    expected = dice_formula(logits, target, weight_map > 0)
    torch.testing.assert_close(resolve(LOSSES, "dice")()(logits, target, weight_map), expected)


def test_bce_dice_is_half_the_entropy_plus_dice(batch):
    logits, target, weight_map = batch
    known = weight_map > 0
    expected = 0.5 * pixel_entropy(logits, target)[known].mean()
    expected = expected + dice_formula(logits, target, known)
    torch.testing.assert_close(resolve(LOSSES, "bce+dice")()(logits, target, weight_map), expected)


def test_border_weighted_ce_and_dice_add_up(batch):
    parts = [resolve(LOSSES, name)()(*batch) for name in ("border-weighted-ce", "dice")]
    both = resolve(LOSSES, "border-weighted-ce+dice")()(*batch)
    torch.testing.assert_close(both, parts[0] + parts[1])


def test_an_unknown_loss_is_answered_with_those_that_there_are():
    with pytest.raises(ValueError, match="bce\\+dice"):
        resolve(LOSSES, "hinge")


def test_huge_logits_stay_finite():
    target = torch.ones(1, 4, 4, dtype=torch.long)
    for name in LOSSES:
        value = resolve(LOSSES, name)()(
            torch.full((1, 1, 4, 4), -1e4), target, F.relu(target.float())
        )
        assert torch.isfinite(value)
