"""The training loop: it learns, stops, resumes and never lets a bad number in."""

import errno

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.networks.build import build_network
from napari_unet.schema.events import Notice, Progress, StepDone, StopEarly, Validated, finish
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import AugmentSettings, NetworkSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.train import parameters_of, train

TINY = NetworkSettings(features=4, depth=3)


def settings_of(**more):
    return TrainSettings(**{"steps": 6, "batch": 2, "patch_px": 32, "device": "cpu", **more})


@pytest.fixture(scope="module")
def example():
    image, labels = cells((96, 96), seed=0)
    return make_example(image, labels)


def sampler_of(example, settings):
    return PatchSampler(
        [example],
        batch=settings.batch,
        patch_px=settings.patch_px,
        settings=AugmentSettings(),
        seed=settings.seed,
    )


def run(example, network=None, **more):
    settings = settings_of(
        **{k: more.pop(k) for k in list(more) if k in TrainSettings.model_fields}
    )
    network = network or build_network("unet", TINY)
    return train(network, sampler_of(example, settings), settings, **more)


def test_the_loss_falls(example):
    events = []
    finish(run(example, steps=40, learning_rate=1e-2), events.append)
    losses = [event.loss for event in events if isinstance(event, StepDone)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_r9_5_same_seed_same_parameters(example, dropout):
    shape = TINY.model_copy(update={"dropout": dropout})
    one, two, other = (
        finish(run(example, build_network("unet", shape), seed=seed)).parameters
        for seed in (3, 3, 4)
    )
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_the_last_step_is_validated_though_saving_it_took_the_rest_of_the_time(
    example, tmp_path, monkeypatch
):
    monkeypatch.setattr("napari_unet.training.train.CHECKPOINT_EVERY_S", 0)
    left = iter([100.0] * 8)
    trained = finish(
        run(
            example,
            steps=100,
            validate=lambda network: Scores(iou=0.5, dice=0.5, images=1),
            validations=1,
            limit=lambda: next(left, 0.0),
            checkpoint=tmp_path / "state",
        )
    )
    assert trained.tests[-1][0] == trained.step > 0


def test_r13_3_an_interrupted_run_ends_bit_identical(example, tmp_path, monkeypatch):
    whole = finish(run(example, steps=6)).parameters
    monkeypatch.setattr("napari_unet.training.train.CHECKPOINT_EVERY_S", 0)
    job = run(example, steps=6, checkpoint=tmp_path / "state")
    steps = 0
    for event in job:
        steps += isinstance(event, StepDone)
        if steps == 4:
            break
    job.close()
    resumed = finish(run(example, steps=6, checkpoint=tmp_path / "state")).parameters
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_full_disk_ends_no_run_and_is_said_once(example, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_unet.training.train.CHECKPOINT_EVERY_S", 0)
    monkeypatch.setattr("napari_unet.disk.watch", full)
    events = []
    trained = finish(run(example, steps=4, checkpoint=tmp_path / "state"), events.append)
    assert trained.step == 4
    (notice,) = [event.text for event in events if isinstance(event, Notice)]
    assert notice.startswith("Training goes on, but a crash would lose it. The disk of ")
    assert not (tmp_path / "state").exists()


def full(operation):
    raise OSError(errno.ENOSPC, "no space left")


def test_r4_2_stopping_early_keeps_the_best_so_far(example):
    scores = iter([0.2, 0.9, 0.1, 0.1, 0.1])
    kept = []

    def validate(network):
        kept.append(parameters_of(network))
        value = next(scores)
        return Scores(iou=value, dice=value, f1_50=value, mean_ap=value)

    job = run(example, steps=100, validate=validate, validations=50)
    validated = 0
    for event in job:
        validated += isinstance(event, Validated)
        if validated == 4:
            break
    assert isinstance(job.throw(StopEarly()), Notice)
    with pytest.raises(StopIteration) as end:
        next(job)
    trained = end.value.value
    assert trained.scores.iou == 0.9
    assert all(torch.equal(trained.parameters[n], kept[1][n]) for n in kept[1])


@pytest.mark.parametrize("normalization", ["kernel", "batch"])
def test_r1_6_one_patch_and_a_bottleneck_of_one_pixel(example, normalization):
    network = build_network(
        "unet", TINY.model_copy(update={"depth": 5, "normalization": normalization})
    )
    trained = finish(run(example, network, batch=1, patch_px=16, steps=2))
    assert all(torch.isfinite(value).all() for value in trained.parameters.values())


def test_r1_2_a_loss_that_is_no_number_stops_and_keeps_the_last_good_state(example):
    network = build_network("unet", TINY)
    before = parameters_of(network)
    bad = example._replace(image=example.image * float("nan"))
    events = []
    trained = finish(run(bad, network), events.append)
    assert any(isinstance(event, Notice) for event in events)
    assert all(torch.equal(trained.parameters[name], before[name]) for name in before)


def test_r1_2_a_bad_number_in_the_middle_ends_within_that_step(example):
    """What was learnt before it stays, and nothing of the step itself."""
    good = finish(run(example, steps=3, schedule="constant")).parameters
    settings = settings_of(steps=9, schedule="constant")
    sampler = sampler_of(example, settings)
    drawn = sampler.draw

    def draw(step):
        batch = drawn(step)
        return batch._replace(images=batch.images * float("nan")) if step == 3 else batch

    sampler.draw = draw
    network = build_network("unet", TINY)
    trained = finish(train(network, sampler, settings))
    assert trained.step == 3
    assert all(torch.equal(trained.parameters[name], good[name]) for name in good)


@pytest.mark.parametrize("rate", [1.0, 1e3])
def test_r1_2_no_rate_leaves_a_model_that_is_no_number(example, rate):
    settings = settings_of(steps=12, schedule="constant", optimizer="sgd")
    settings = settings.model_copy(update={"learning_rate": rate})
    network = build_network("unet", TINY)
    trained = finish(train(network, sampler_of(example, settings), settings))
    assert all(torch.isfinite(value).all() for value in trained.parameters.values())


def test_r13_5_the_time_limit_ends_the_run(example):
    events = []
    trained = finish(run(example, steps=1_000_000, seconds=1.5), events.append)
    assert 0 < trained.step < 1_000_000
    assert trained.seconds < 4
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.seconds_left == pytest.approx(0, abs=0.5)


def test_r12_1_patches_are_drawn_around_known_pixels():
    labels = np.zeros((300, 300), np.uint16)
    labels[20:30, 20:30] = 1
    known = np.zeros_like(labels)
    known[10:40, 10:40] = 1
    example = make_example(np.random.default_rng(0).random((300, 300)), labels, known)
    batch = sampler_of(example, settings_of(batch=8)).draw(0)
    assert (batch.weight_maps > 0).flatten(1).any(1).all()
    assert batch.targets.max() == 1


def test_nothing_to_train_on_is_said():
    with pytest.raises(ValueError, match="nothing to train on"):
        PatchSampler([], batch=1, patch_px=16, settings=AugmentSettings())


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
def test_every_optimiser_makes_the_loss_fall(example, optimizer):
    events = []
    rate = 1e-2
    job = run(example, steps=40, optimizer=optimizer, learning_rate=rate, schedule="constant")
    finish(job, events.append)
    steps = [event for event in events if isinstance(event, StepDone)]
    losses = [event.loss for event in steps]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert {event.learning_rate for event in steps} == {rate}


def scores_of(iou):
    return Scores(iou=iou, dice=iou, f1_50=iou, mean_ap=iou)


def test_epochs_are_judged_one_by_one_and_patience_ends_them(example):
    values, events = iter([0.5, 0.7, 0.6, 0.7, 0.1, 0.2]), []
    trained = finish(
        run(
            example,
            epochs=6,
            patience=2,
            batch=1,
            validate=lambda network: scores_of(next(values)),
        ),
        events.append,
    )
    assert [event.step for event in events if isinstance(event, Validated)] == [1, 2, 3, 4, 5, 6]
    assert trained.step == 6  # the fourth is as good as the best, and the two after it are not
    assert any("No better for 2" in event.text for event in events if isinstance(event, Notice))


def test_in_an_epoch_each_image_is_drawn_once(example):
    examples = [example._replace(image=torch.full_like(example.image, i)) for i in range(5)]
    off = AugmentSettings(flips=False, rotation_deg=0, scale=1, elastic_px=0, intensity=0)
    sampler = PatchSampler(examples, batch=2, patch_px=16, settings=off, seed=1)
    assert sampler.steps_per_epoch == 3
    drawn = [
        round(float(image[0, 0, 0])) for step in range(10) for image in sampler.draw(step).images
    ]
    epochs = [tuple(drawn[first : first + 5]) for first in range(0, 20, 5)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    assert len(set(epochs)) > 1


def test_an_image_as_large_as_a_patch_is_shown_whole(example):
    off = AugmentSettings(flips=False, rotation_deg=0, scale=1, elastic_px=0, intensity=0)
    batch = PatchSampler([example], batch=1, patch_px=96, settings=off).draw(0)
    torch.testing.assert_close(batch.images[0], example.image)
    torch.testing.assert_close(batch.targets[0], example.target.long())
    torch.testing.assert_close(batch.weight_maps[0], example.weight_map)
