"""What somebody would do without the product, in the same time on the same corrections.

All take patches of 128 pixels in batches of 4, as the product does, and keep the last parameters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.data import Annotated
from napari_unet.inference.prepare import prepare
from napari_unet.models.model import Model
from napari_unet.networks.build import build_network
from napari_unet.networks.network import Network
from napari_unet.schema.correction import Correction, State
from napari_unet.schema.events import finish
from napari_unet.schema.settings import AugmentSettings, LossSettings, TrainSettings
from napari_unet.training.examples import Example, make_example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.step import train_step
from napari_unet.training.train import parameters_of, train

BATCH, PATCH_PX = 4, 128
FOREVER = 10_000_000
"""Steps; the time is up before."""
OURS, PLAIN = LossSettings(), LossSettings(border="none")

Rival = Callable[[Model, Sequence[Correction], float, int], Model]


def plain(model: Model, corrections: Sequence[Correction], seconds: float, seed: int) -> Model:
    """AdamW at 3e-4 with cross entropy and Dice: no border weights, nothing replayed."""
    settings = _settings(seconds, seed, PLAIN, learning_rate=3e-4)
    return _trained(model, model.network(), _examples(model, corrections, PLAIN), settings)


def scratch(model: Model, corrections: Sequence[Correction], seconds: float, seed: int) -> Model:
    """A network of the same shape from its first parameters, with the product's loss and rate."""
    network = build_network(model.card.network, model.card.network_settings, seed)
    settings = _settings(seconds, seed, OURS)
    return _trained(model, network, _examples(model, corrections, OURS), settings)


def everything(model: Model, images: Sequence[Annotated], seconds: float, seed: int) -> Model:
    """All training images with all their labels: the ceiling."""
    examples = [
        make_example(prepare(a.image, model.card), a.labels, percentiles=None) for a in images
    ]
    settings = _settings(seconds, seed, OURS)
    return _trained(model, model.network(), examples, settings)


def only_strokes(
    model: Model, corrections: Sequence[Correction], seconds: float, seed: int
) -> Model:
    """Painted pixels only, as RootPainter trains: `MaskedLogits`, SGD with Nesterov 0.99."""
    painted = [
        one.model_copy(update={"known": (one.known & State.CORRECTED) // State.CORRECTED})
        for one in corrections
    ]
    sampler = _sampler(_examples(model, painted, PLAIN), model.network(), seed)
    network, loss = model.network().train(), MaskedLogits()
    optimizer = torch.optim.SGD(network.parameters(), 0.01, momentum=0.99, nesterov=True)
    end, step = time.process_time() + seconds, 0
    while time.process_time() < end:
        train_step(network, sampler.draw(step), loss, optimizer, 0.01)  # type: ignore[arg-type]
        step += 1
    return Model(model.card, parameters_of(network))


class MaskedLogits(nn.Module):
    """RootPainter's loss: Dice plus 0.3 cross entropy, logits multiplied by 0 where unlabelled.

    Written from its description; there a network has two logits and softmax, here one and sigmoid,
    which is the same. An unlabelled pixel has the probability 0.5, in both terms.
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The loss of a batch; known is where the weight map is above 0."""
        known = (weight_map > 0).to(logits.dtype)
        masked, truth = logits[:, 0] * known, target.to(logits.dtype) * known
        found = torch.sigmoid(masked)
        dice = 1 - 2 * (found * truth).sum() / (found.sum() + truth.sum()).clamp_min(1e-6)
        return dice + 0.3 * F.binary_cross_entropy_with_logits(masked, truth)


RIVALS: dict[str, Rival] = {"plain": plain, "only strokes": only_strokes, "scratch": scratch}


def _settings(
    seconds: float, seed: int, loss: LossSettings, learning_rate: float = 1e-3
) -> TrainSettings:
    return TrainSettings(
        steps=FOREVER,
        seconds=seconds,
        batch=BATCH,
        patch_px=PATCH_PX,
        learning_rate=learning_rate,
        seed=seed,
        device="cpu",
        loss=loss,
    )


def _examples(model: Model, corrections: Sequence[Correction], loss: LossSettings) -> list[Example]:
    return [
        make_example(
            prepare(one.image, model.card), one.labels, one.known, percentiles=None, loss=loss
        )
        for one in corrections
    ]


def _sampler(examples: Sequence[Example], network: Network, seed: int) -> PatchSampler:
    return PatchSampler(
        examples,
        batch=BATCH,
        patch_px=network.fitting_px(PATCH_PX),
        settings=AugmentSettings(),
        seed=seed,
        margin_px=network.margin_px,
    )


def _trained(
    model: Model, network: Network, examples: Sequence[Example], settings: TrainSettings
) -> Model:
    sampler = _sampler(examples, network, settings.seed)
    trained = finish(train(network, sampler, settings, freeze_statistics=True))
    return Model(model.card, trained.parameters)
