"""What papers and their code say of their networks: sizes, counts of parameters, parts."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from napari_unet.networks.build import build_network, network_settings
from napari_unet.networks.fcn import bilinear_up
from napari_unet.schema.catalog import NETWORKS, resolve
from napari_unet.schema.settings import NetworkSettings
from tests.networks.test_networks import build


def test_unet_has_the_paper_s_number_of_parameters_but_for_padding_and_norm():
    """31,030,593 for one class, as counted for the 2015 network with 64 features."""
    settings = NetworkSettings(features=64, depth=5, normalization="layer")
    parameters = build_network("unet", settings).named_parameters()
    count = sum(p.numel() for name, p in parameters if not is_norm(name))
    assert count == 31_030_593


UNET = [64, 128, 256, 512, 1024]
"""Channels of its levels."""


def unet_parameters(classes):
    """3 x 3 convolutions, 2 x 2 up-convolutions and a head, each with a bias."""

    def conv(side, i, o):
        return side**2 * i * o + o

    pairs = list(pairwise(UNET))
    down = sum(conv(3, i, o) + conv(3, o, o) for i, o in [(1, 64), *pairs])
    way_up = sum(
        conv(2, low, high) + conv(3, low, high) + conv(3, high, high) for high, low in pairs
    )
    return down + way_up + conv(1, 64, classes)


@pytest.mark.parametrize(("classes", "expected"), [(1, 31_030_593), (2, 31_030_658)])
def test_unet_2015_is_the_paper_s(classes, expected):
    """By its name alone: 31.0 M parameters, none of them of a norm, dropout of one half."""
    with torch.device("meta"):
        network = resolve(NETWORKS, "unet-2015")(network_settings("unet-2015", classes=classes))
        assert network(torch.empty(1, 1, 572, 572)).shape == (1, classes, 388, 388)
    assert sum(p.numel() for p in network.parameters()) == expected == unet_parameters(classes)
    assert network.dropout.p == 0.5
    assert (network.margin_px, network.fitting_px(128), network.fitting_px(388)) == (92, 132, 388)
    convolutions = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    assert len(convolutions) == 23


@pytest.mark.parametrize(("size", "fitting"), [(571, 572), (188, 188), (20, 188), (576, 588)])
def test_unet_2015_refuses_sizes_that_its_poolings_do_not_divide(size, fitting):
    network = build("unet-2015", depth=5)
    with pytest.raises(ValueError, match=f"show it {fitting}"):
        network(torch.zeros(1, 1, 572, size if size != 188 else 187))


def test_unet_2015_looks_at_each_skip_s_middle():
    """Cropped skips lie above what they are skipped to: the copy of an image is in its place."""
    network = build("unet-2015", depth=4).double().eval()
    image = torch.randn(1, 1, 92, 92, dtype=torch.float64)
    moved = torch.roll(image, (8, 8), (2, 3))
    torch.testing.assert_close(network(image)[..., :-8, :-8], network(moved)[..., 8:, 8:])


def test_unet_keras_has_the_parameters_of_its_description():
    """Convolutions of a norm have no bias, but two parameters of the norm for each channel."""
    with torch.device("meta"):
        network = resolve(NETWORKS, "unet-keras")(network_settings("unet-keras"))
    normalised = 2 * sum(UNET) + 2 * sum(UNET[:-1])
    assert sum(p.numel() for p in network.parameters()) == unet_parameters(1) + normalised
    assert network.dropout.p == 0.5


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


NARROW = [32, 64, 128, 256, 512]


@pytest.mark.parametrize(("name", "published"), [("unet", 7.85e6), ("unet++", 9.16e6)])
def test_the_counts_are_those_of_the_re_implementation(name, published):
    """Bilinear, batch norm, 3 channels: its convolutions have a bias, ours before a norm have not.

    A node gets all nodes left of it on its level and the one below, whose channels stay.
    """
    rows = range(len(NARROW))
    nodes = [(i, 0) for i in rows]
    nodes += (
        [(i, j) for i in rows for j in range(1, len(NARROW) - i)]
        if "+" in name
        else [(i, 1) for i in rows[:-1]]
    )
    total = biases = 0
    for i, j in nodes:
        before = NARROW[i - 1] if i else 3
        inputs = j * NARROW[i] + NARROW[i + 1] if j else before
        total += 9 * NARROW[i] * (inputs + NARROW[i]) + 2 * 3 * NARROW[i]
        biases += 2 * NARROW[i]
    total += 33
    settings = NetworkSettings(
        in_channels=3, features=32, normalization="batch", upsampling="bilinear"
    )
    ours = sum(p.numel() for p in build_network(name, settings).parameters())
    assert ours + biases == total == pytest.approx(published, rel=1e-3)


VGG16 = [
    (3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256),
    (256, 512), (512, 512), (512, 512), (512, 512), (512, 512), (512, 512),
]  # fmt: skip
"""Channels in and out of its convolutions (Simonyan and Zisserman 2014, table 1, column D)."""


@pytest.mark.parametrize(("name", "pooled"), [("fcn-32s", 0), ("fcn-16s", 1), ("fcn-8s", 2)])
def test_fcn_has_the_number_of_parameters_of_the_paper_s_code(name, pooled):
    """134.3 M for three channels and 21 classes, with the enlargements that are learned."""
    layers = [(3, i, o) for i, o in VGG16] + [(7, 512, 4096), (1, 4096, 4096), (1, 4096, 21)]
    layers += [(1, 512, 21), (1, 256, 21)][:pooled]
    expected = sum(side**2 * i * o + o for side, i, o in layers) + pooled * 4**2 * 21**2
    with torch.device("meta"):
        network = resolve(NETWORKS, name)(network_settings(name, in_channels=3, classes=21))
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == expected
    assert expected == pytest.approx(134.3e6, rel=1e-3)


@pytest.mark.parametrize("factor", [2, 8, 16, 32])
def test_fcn_s_enlargement_starts_as_bilinear_interpolation(factor):
    """Away from the edges, where one adds zeros and the other repeats."""
    image = torch.randn(1, 3, 6, 6)
    up = bilinear_up(3, factor)(image)
    expected = torch.nn.functional.interpolate(image, scale_factor=factor, mode="bilinear")
    inside = (..., slice(factor, -factor), slice(factor, -factor))
    torch.testing.assert_close(up[inside], expected[inside])


def test_fcn_s_last_enlargement_stays_as_it_is():
    network = build("fcn-8s", features=4)
    network(torch.randn(2, 1, 64, 64)).mean().backward()
    assert network.enlarge.weight.grad is None
    assert all(lift.weight.grad.abs().max() > 0 for lift in network.lift)
