"""Deep supervision is the mean of a loss over the heads, whichever loss."""

import pytest
import torch

from napari_unet.networks.build import build_network
from napari_unet.schema.catalog import LOSSES, resolve
from napari_unet.schema.settings import NetworkSettings
from napari_unet.training.patches import Batch
from napari_unet.training.step import train_step


def batch_of(classes):
    random = torch.Generator().manual_seed(0)
    return Batch(
        torch.rand(2, 1, 16, 16, generator=random),
        torch.randint(0, max(2, classes), (2, 16, 16), generator=random),
        torch.rand(2, 16, 16, generator=random) + 0.1,
    )


@pytest.mark.parametrize("classes", [1, 3], ids=["binary", "classes"])
@pytest.mark.parametrize("name", LOSSES)
def test_deep_supervision_wraps_any_loss(name, classes):
    settings = NetworkSettings(features=2, depth=3, classes=classes, deep_supervision=True)
    network = build_network("unet++", settings).train()
    loss, values = resolve(LOSSES, name)(), []
    loss.register_forward_hook(lambda loss, inputs, value: values.append(value.item()))
    before = {j: head.weight.detach().clone() for j, head in network.head.items()}
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    found = train_step(network, batch_of(classes), loss, optimizer, 0.1)
    assert len(values) == len(before) == 2
    assert found == pytest.approx(sum(values) / 2, rel=1e-5)
    assert values[0] != values[1]
    for j, head in network.head.items():  # each of them learns
        assert not torch.equal(head.weight, before[j])
