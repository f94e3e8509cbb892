"""Contract of every loss in the catalogue; ``test_formulas.py`` compares each with its formula."""

import pytest
import torch

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


def test_an_unknown_loss_is_answered_with_those_that_there_are():
    with pytest.raises(ValueError, match="bce\\+dice"):
        resolve(LOSSES, "hinge")


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("classes", [1, 2, 5])
def test_huge_logits_stay_finite_and_so_does_their_gradient(name, classes):
    torch.manual_seed(0)
    logits = (1e4 * torch.randn(2, classes, 4, 4)).requires_grad_()
    target = torch.randint(0, max(2, classes), (2, 4, 4))
    value = resolve(LOSSES, name)()(logits, target, torch.ones(2, 4, 4))
    (gradient,) = torch.autograd.grad(value, logits)
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("classes", [1, 3])
def test_a_step_along_the_gradient_is_a_step_to_the_truth(name, classes):
    """No loss of the catalogue is a quality with the wrong sign."""
    torch.manual_seed(0)
    target = torch.randint(0, max(2, classes), (2, 6, 6))
    logits = torch.zeros(2, classes, 6, 6, dtype=torch.float64, requires_grad=True)
    loss = resolve(LOSSES, name)()
    for _ in range(30):
        (gradient,) = torch.autograd.grad(loss(logits, target, torch.ones(2, 6, 6)), logits)
        logits = (logits - 3 * gradient / gradient.abs().max()).detach().requires_grad_()
    mask = logits[:, 0] > 0 if classes == 1 else logits.argmax(1)
    assert (mask == target).all()
