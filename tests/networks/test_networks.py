"""Contract of every network in the catalogue."""

import pytest
import torch

from napari_unet.networks.build import build_network, fuse
from napari_unet.schema.catalog import NETWORKS
from napari_unet.schema.settings import NetworkSettings

TINY = {"features": 2, "depth": 3}
NORMALIZATIONS = ["kernel", "batch", "layer", "group"]


def build(name, **settings):
    return build_network(name, NetworkSettings(**{**TINY, **settings}))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("size", [(4, 4), (20, 36)])
def test_answers_every_pixel_with_one_logit_per_class(name, channels, classes, size):
    network = build(name, in_channels=channels, classes=classes)
    logits = network(torch.randn(2, channels, *size))
    assert logits.shape == (2, classes, *size)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
def test_learns_a_step_and_folds_without_change(name, normalization, upsampling):
    torch.manual_seed(0)
    network = build(name, features=4, normalization=normalization, upsampling=upsampling)
    image = torch.randn(4, 1, 16, 16)
    target = (image > 0).float()
    optimizer = torch.optim.SGD(network.parameters(), 0.05)
    losses = []
    for _ in range(6):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(image), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    network.eval()
    with torch.no_grad():
        torch.testing.assert_close(
            fuse(network).probabilities(image), network.probabilities(image), atol=1e-5, rtol=0
        )


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
@pytest.mark.parametrize("depth", [2, 3])
def test_r10_1_nothing_beyond_the_halo_changes_a_pixel(name, upsampling, depth):
    network = build(name, upsampling=upsampling, depth=depth, normalization="layer").double().eval()
    size = 4 * network.halo_px + 4 * network.multiple
    size -= size % network.multiple
    image = torch.randn(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    furthest = 0
    for offset in range(network.multiple):
        middle = size // 2 + offset
        (gradient,) = torch.autograd.grad(network(image)[0, 0, middle, middle], image)
        seen = (gradient[0, 0] != 0).nonzero() - middle
        furthest = max(furthest, int(seen.abs().max()))
    assert network.halo_px - network.multiple < furthest <= network.halo_px


def test_same_seed_same_parameters():
    one, two, other = (
        build_network("unet", NetworkSettings(**TINY), seed).state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_unet_has_the_paper_s_number_of_parameters_but_for_padding_and_norm():
    """31,030,593 for one class, as counted for the 2015 network with 64 features."""
    settings = NetworkSettings(features=64, depth=5, normalization="layer")
    parameters = build_network("unet", settings).named_parameters()
    count = sum(p.numel() for name, p in parameters if not is_norm(name))
    assert count == 31_030_593


def is_norm(name):
    """Convolutions and norms alternate: entries 1 and 4 of a block are norms."""
    block = name.startswith(("encoder", "decoder", "nodes"))
    return block and name.split(".")[-2] in ("1", "4")


def test_unetplusplus_has_fifteen_nodes_and_four_heads():
    network = build("unet++", depth=5, deep_supervision=True).eval()
    assert len(network.nodes) == 15
    assert len(network.heads(torch.randn(1, 1, 16, 16))) == 4


def test_unetplusplus_has_the_paper_s_number_of_parameters():
    """9.04 M (Zhou et al. 2018, table 1): transposed up-convolutions, no norm."""
    settings = NetworkSettings(features=32, normalization="layer", deep_supervision=True)
    parameters = build_network("unet++", settings).named_parameters()
    count = sum(p.numel() for name, p in parameters if not is_norm(name))
    assert count == pytest.approx(9.04e6, rel=0.03)


def test_pruned_unetplusplus_gives_the_head_of_the_whole_one():
    network = build("unet++", depth=4, deep_supervision=True).eval()
    image = torch.randn(1, 1, 24, 24)
    heads = network.heads(image)
    for level, head in enumerate(heads, start=1):
        torch.testing.assert_close(network.heads(image, level)[0], head)
    mean = torch.stack([torch.sigmoid(h) for h in heads]).mean(0)
    torch.testing.assert_close(network.probabilities(image), mean)


@pytest.mark.parametrize(("name", "level"), [("unet", 1), ("unet++", 1)])
def test_a_head_that_is_not_there_is_refused(name, level):
    with pytest.raises(ValueError, match="head"):
        build(name).heads(torch.randn(1, 1, 8, 8), level)


def test_standardised_kernels_keep_the_variance_of_activations():
    torch.manual_seed(0)
    network = build_network("unet", NetworkSettings(features=16, depth=2, normalization="kernel"))
    deep = network.encoder[0](torch.randn(1, 1, 64, 64))
    assert 0.1 < deep.std() < 3
