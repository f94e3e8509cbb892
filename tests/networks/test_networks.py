"""Contract of every network in the catalogue."""

import re

import pytest
import torch

from napari_unet.networks.blocks import cropped
from napari_unet.networks.build import build_network, fuse, network_settings
from napari_unet.schema import catalog
from napari_unet.schema.catalog import NETWORKS, resolve
from napari_unet.schema.settings import NetworkSettings

TINY = {"features": 2, "depth": 3}
NORMALIZATIONS = ["kernel", "batch", "layer", "group", "none"]
UPS = [{"upsampling": how} for how in ("transposed", "bilinear", "nearest")]
SHAPES = [{**how, "depth": depth} for how in UPS for depth in (2, 3)]


def build(name, **settings):
    return build_network(name, network_settings(name, **tiny(name, **settings)))


def tiny(name, **settings):
    """As small as it can be; settings that are part of what a network is are left out."""
    wanted = {**TINY, "dropout": 0.0, "normalization": "kernel", **settings}
    return {field: value for field, value in wanted.items() if field not in fixed(name)}


def shown(network, *size):
    """What a network is shown so that it answers so many pixels."""
    return [side + 2 * network.margin_px for side in size]


def fixed(name):
    return resolve(catalog.NETWORKS, name).fixed


def each(*shapes):
    """Every network with every one of these shapes that differs for it."""
    return [
        pytest.param(name, shape, id=f"{name}-{'-'.join(str(value) for value in shape.values())}")
        for name in NETWORKS
        for shape in {str(tiny(name, **shape)): shape for shape in shapes}.values()
    ]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("cells", [(1, 1), (5, 9)])
def test_answers_every_pixel_with_one_logit_per_class(name, channels, classes, cells):
    network = build(name, in_channels=channels, classes=classes).eval()
    size = [network.fitting_px(network.multiple * count) for count in cells]
    logits = network(torch.randn(2, channels, *shown(network, *size)))
    assert logits.shape == (2, classes, *size)


@pytest.mark.parametrize(
    ("name", "shape"),
    each(*({"normalization": n, **shape} for n in NORMALIZATIONS for shape in UPS)),
)
def test_learns_a_step_and_folds_without_change(name, shape):
    torch.manual_seed(0)
    network = build(name, **{**shape, "features": 4})
    side = network.fitting_px(16)
    image = torch.randn(4, 1, *shown(network, side, side))
    target = (cropped(image, torch.empty(1, 1, side, side)) > 0).float()
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


@pytest.mark.parametrize(("name", "shape"), each(*({"normalization": n} for n in NORMALIZATIONS)))
def test_folded_it_stays_where_it_is(name, shape):
    """On the meta device, say, which is not the CPU, as a GPU is not."""
    folded = fuse(build(name, **shape).to("meta"))
    assert {value.device.type for value in folded.state_dict().values()} == {"meta"}


@pytest.mark.parametrize("features", [1, 6, 12, 20])
def test_any_number_of_features_can_be_normalised_in_groups(features):
    build("unet", normalization="group", features=features)


@pytest.mark.parametrize(("name", "shape"), each(*SHAPES))
def test_r10_1_nothing_beyond_the_halo_changes_a_pixel(name, shape):
    network = build(name, **{**shape, "normalization": "layer"}).double().eval()
    furthest = max(reach(network, axis) for axis in (0, 1))
    assert network.halo_px - network.multiple < furthest <= network.halo_px


def reach(network, axis):
    """How far along an axis a pixel of the result sees, measured from gradients on a strip."""
    sides = [network.fitting_px(2 * network.halo_px + 2 * network.multiple)] * 2
    sides[1 - axis] = network.fitting_px(network.multiple)
    image = torch.randn(1, 1, *shown(network, *sides), dtype=torch.float64, requires_grad=True)
    furthest = 0
    for offset in range(network.multiple):
        line = network(image)[0, 0].movedim(axis, 0)
        middle = len(line) // 2 + offset
        (gradient,) = torch.autograd.grad(line[middle, line.shape[1] // 2], image)
        at = middle + network.margin_px
        seen = gradient[0, 0].movedim(axis, 0).any(1).nonzero() - at
        furthest = max(furthest, int(seen.abs().max()))
    return furthest


@pytest.mark.parametrize("name", [name for name in NETWORKS if "dropout" not in fixed(name)])
def test_dropout_varies_training_and_never_an_answer(name):
    network = build(name, dropout=0.5, features=4)
    side = network.fitting_px(2 * network.multiple)
    image = torch.randn(1, 1, *shown(network, side, side))
    assert not torch.equal(network(image), network(image))
    network.eval()
    assert torch.equal(network(image), network(image))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_part_of_a_network_is_not_set(name):
    for field in fixed(name):
        other = {"depth": 3, "upsampling": "bilinear", "deep_supervision": True, "dropout": 0.3}
        with pytest.raises(ValueError, match=re.escape(f"'{name}' is always built with")):
            build_network(name, network_settings(name, features=2, **{field: other[field]}))


def test_a_recipe_of_another_network_says_what_this_one_leaves_open():
    suggested = {"features": 32, "normalization": "batch", "upsampling": "bilinear"}
    nested = network_settings("unet++", suggested, depth=4)
    assert nested == NetworkSettings(depth=4, **suggested)
    coarse = network_settings("fcn-8s", suggested)
    assert (coarse.features, coarse.normalization, coarse.depth) == (32, "batch", 6)
    assert build_network("fcn-8s", network_settings("fcn-8s", suggested, features=2))


def test_same_seed_same_parameters():
    one, two, other = (
        build_network("unet", NetworkSettings(**TINY), seed).state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_pruned_unetplusplus_gives_the_head_of_the_whole_one():
    network = build("unet++", depth=4, deep_supervision=True).eval()
    image = torch.randn(1, 1, 24, 24)
    heads = network.heads(image)
    for level, head in enumerate(heads, start=1):
        torch.testing.assert_close(network.heads(image, level)[0], head)
    mean = torch.stack([torch.sigmoid(h) for h in heads]).mean(0)
    torch.testing.assert_close(network.probabilities(image), mean)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_head_that_is_not_there_is_refused(name):
    network = build(name)
    image = torch.randn(1, 1, *shown(network, *[network.fitting_px(32)] * 2))
    with pytest.raises(ValueError, match="head"):
        network.heads(image, 1)


def test_standardised_kernels_keep_the_variance_of_activations():
    torch.manual_seed(0)
    network = build_network("unet", NetworkSettings(features=16, depth=2, normalization="kernel"))
    deep = network.encoder[0](torch.randn(1, 1, 64, 64))
    assert 0.1 < deep.std() < 3
