"""Train a network: the loop, from the first step to the last."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from napari_unet.device import choose_device
from napari_unet.losses.loss import Loss
from napari_unet.networks.build import on_device
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import LOSSES, resolve
from napari_unet.schema.events import Event, Notice, Progress, StepDone, StopEarly, Validated
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import TrainSettings
from napari_unet.training.checkpoint import load_checkpoint, try_to_save
from napari_unet.training.curve import Curve
from napari_unet.training.distributed import ALONE, World
from napari_unet.training.memory import Learner
from napari_unet.training.patches import Sampler

WARM_UP_STEPS = 10
CHECKPOINT_EVERY_S = 30
SHORTEST_S = 0.05

Parameters = dict[str, Tensor]


@dataclass
class Trained:
    """What a training has reached so far."""

    parameters: Parameters
    """The best ones; without validation, the last ones."""
    scores: Scores | None = None
    """Theirs, on held-out pixels."""
    step: int = 0
    behind: int = 0
    """Validations since the best one."""
    seconds: float = 0.0
    started: float = field(default_factory=lambda: time.monotonic())
    lasted: float = 0.0
    """Seconds of the last step."""
    pace: float = 0.0
    """Seconds that a step takes: those of the quicker one of the last two. The first one loads
    code, and a program that starts beside it makes one slow."""
    curve: Curve = field(default_factory=Curve)
    """Of the loss, in short form."""
    tests: list[tuple[int, float]] = field(default_factory=list)
    """Step and headline score of each validation."""

    def elapsed(self) -> float:
        """Seconds of training, those before an interruption included."""
        return self.seconds + time.monotonic() - self.started

    @property
    def untested(self) -> bool:
        """Whether there was a step after the last validation."""
        return self.step > max((step for step, _ in self.tests), default=0)

    def took(self, seconds: float) -> None:
        """Count a step, and how long it took."""
        self.step += 1
        self.pace, self.lasted = min(self.lasted, seconds), seconds


def train(
    network: Network,
    sampler: Sampler,
    settings: TrainSettings,
    *,
    validate: Callable[[Network], Scores] | None = None,
    validations: int = 8,
    limit: Callable[[], float | None] | None = None,
    freeze_statistics: bool = False,
    checkpoint: Path | None = None,
    world: World = ALONE,
) -> Generator[Event, None, Trained]:
    """Teach a network from annotated images.

    Steps or the time limit end it, whichever comes first; so does the patience of the settings.
    What is left out of the features by chance (dropout) is drawn from torch's own random numbers,
    which are seeded. Stopping early (`StopEarly`, Ctrl-C) keeps the best so far.

    Parameters
    ----------
    network
        Trained in place, on the device of the settings.
    sampler
        Where its patches come from.
    settings
        How it is trained.
    validate
        Scores the network on held-out pixels, ``validations`` times or after each epoch of the
        settings; the best parameters are kept.
    limit
        Seconds of training, instead of the time limit of the settings; asked again at each step,
        so that what takes longer than it was thought to is made up for.
    freeze_statistics
        Batch norm keeps the statistics that it has: for fine-tuning on little data.
    checkpoint
        A file that holds the state of the run every 30 s; where it exists, the run goes on.
    world
        The processes that train it together; the sampler draws the share of this one.

    Yields
    ------
    StepDone and Progress after each step, Validated after each validation.
    """
    best = Trained(parameters_of(network))  # from now on time counts
    device = choose_device(settings.device).device
    on_device(network, device).train()
    if freeze_statistics or settings.batch == world.size:
        _freeze_statistics(network)
    if settings.epochs is not None:
        validations = settings.epochs
        settings = settings.model_copy(
            update={"steps": settings.epochs * sampler.steps_per_epoch, "epochs": None}
        )
    optimizer = make_optimizer(network, settings)
    # of each process another one, or all would leave out the same features
    torch.manual_seed(settings.seed + world.rank)
    loss: Loss = resolve(LOSSES, settings.loss.loss)(settings.loss)
    done_of = partial(_done, best, settings, limit or (lambda: settings.seconds))
    if checkpoint is not None:
        load_checkpoint(checkpoint, network, optimizer, best, world)
        checkpoint = checkpoint if world.is_first else None
    learner = Learner(world.replica(network))
    saved = time.monotonic()
    due = world.agree(done_of) * validations // 1 + 1
    try:
        while (done := world.agree(done_of)) < 1:
            begun = time.monotonic()
            rate = settings.learning_rate * _schedule(settings, best.step, done)
            value = yield from learner.step(sampler.draw(best.step), loss, optimizer, rate, world)
            if not math.isfinite(value):
                yield Notice(text="The loss was no longer a number: kept the last good state.")
                break
            best.took(time.monotonic() - begun)
            best.curve.add(value)
            yield StepDone(step=best.step, loss=value, learning_rate=rate)
            yield _progress(best, done_of())
            if validate is not None and world.agree(done_of) * validations >= due:
                due += 1
                yield _validate(world.agree(partial(validate, network)), network, best)
                if settings.patience is not None and best.behind >= settings.patience:
                    yield Notice(text=f"No better for {best.behind} judgements: kept the best.")
                    break
            if checkpoint is not None and time.monotonic() - saved >= CHECKPOINT_EVERY_S:
                total = _progress(best, done_of()).total
                problem = try_to_save(checkpoint, network, optimizer, best, total)
                saved = time.monotonic()
                if problem:
                    checkpoint = None
                    yield Notice(text=problem)
        else:
            if validate is not None and best.untested:  # saving its state took the time for it
                yield _validate(world.agree(partial(validate, network)), network, best)
        world.agree(done_of)  # each event is followed by one, so that all are stopped by the same
    except (StopEarly, KeyboardInterrupt):
        world.stop()
        if best.scores is None:  # nothing was compared yet
            best.parameters = parameters_of(network)
        yield Notice(text=f"Stopped after {best.step} steps: kept the best so far.")
    if validate is None:
        best.parameters = parameters_of(network)
    best.seconds = best.elapsed()
    return best


def make_optimizer(network: Network, settings: TrainSettings) -> torch.optim.Optimizer:
    """The rule by which a network's parameters follow the gradient."""
    parameters, rate = network.parameters(), settings.learning_rate
    if settings.optimizer == "sgd":
        return torch.optim.SGD(parameters, rate, settings.momentum)
    if settings.optimizer == "adam":
        return torch.optim.Adam(parameters, rate)
    return torch.optim.AdamW(parameters, rate, weight_decay=settings.weight_decay)


def parameters_of(network: nn.Module) -> Parameters:
    """A copy of a network's parameters and statistics, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def _done(state: Trained, settings: TrainSettings, limit: Callable[[], float | None]) -> float:
    """The finished part of the run, from 0 to 1; a step that would end too late is not begun."""
    seconds = limit()
    by_time = 0.0
    if seconds is not None:
        by_time = state.elapsed() / max(seconds - state.pace, SHORTEST_S)
    if by_time * settings.steps >= state.step + 1:
        return by_time
    # time that is ahead by less than a step decides nothing, so that the same seed gives the same
    return state.step / settings.steps


def _schedule(settings: TrainSettings, step: int, done: float) -> float:
    if settings.schedule == "constant":
        return 1.0
    warm_up = min(1.0, (step + 1) / WARM_UP_STEPS)
    return warm_up * 0.5 * (1 + math.cos(math.pi * done))


def _progress(state: Trained, done: float) -> Progress:
    left = state.elapsed() * (1 - done) / done
    total = max(state.step, round(state.step / done))
    return Progress(phase="step", done=state.step, total=total, seconds_left=max(0.0, left))


def _validate(scores: Scores, network: Network, best: Trained) -> Validated:
    best.tests.append((best.step, scores.headline[1]))
    if best.scores is None or quality(scores) >= quality(best.scores):
        best.parameters, best.scores, best.behind = parameters_of(network), scores, 0
    else:
        best.behind += 1
    return Validated(step=best.step, scores=scores)


def quality(scores: Scores) -> float:
    """One number to compare models by: pixels alone hide a collapse, objects alone are coarse."""
    return scores.iou if scores.f1_50 is None else (scores.iou + scores.f1_50) / 2


def _freeze_statistics(network: nn.Module) -> None:
    """Batch norm needs many values to learn statistics from; here it keeps those it has."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()
