"""What a network knows is shown to it again while it learns, and so it is not forgotten."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.models.pack import Pack
from napari_unet.networks.build import build_network
from napari_unet.schema.catalog import LOSSES, resolve
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import finish
from napari_unet.schema.settings import (
    FineTuneSettings,
    LossSettings,
    NetworkSettings,
    TrainSettings,
)
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune
from napari_unet.training.new_model import new_model
from napari_unet.training.packing import CROP_PX, pack_of
from napari_unet.training.replay import examples_of, replay_score, replaying
from napari_unet.training.train import parameters_of

SHAPE = NetworkSettings(features=4, depth=3)
SETTINGS = TrainSettings(batch=4, patch_px=64, device="cpu")


def example(look="fluorescence", seed=0, size=160):
    return make_example(*cells((size, size), look=look, seed=seed))


def test_a_part_of_each_batch_comes_from_the_pack_and_the_same_seed_draws_the_same():
    network = build_network("unet", SHAPE)
    old = pack_of([make_example(np.full((200, 200), 5.0), np.zeros((200, 200), int))], 4)
    still = SETTINGS.model_copy(
        update={"augment": SETTINGS.augment.model_copy(update={"intensity": 0})}
    )
    sampler = replaying([example()], old, still, network)
    batch = sampler.draw(7)
    assert [bool(image.any()) for image in batch.images] == [True, True, False, False]
    assert batch.images.shape == (4, 1, 64, 64)
    for one, two in zip(batch, replaying([example()], old, still, network).draw(7), strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(batch.images, sampler.draw(8).images)
    other = still.model_copy(update={"seed": 1})
    assert not torch.equal(batch.images, replaying([example()], old, other, network).draw(7).images)


@pytest.mark.parametrize(("batch", "replayed"), [(1, 0), (2, 1), (4, 2), (6, 3)])
def test_every_batch_keeps_its_size_and_shows_something_new(batch, replayed):
    network = build_network("unet", SHAPE)
    settings = SETTINGS.model_copy(update={"batch": batch})
    sampler = replaying([example()], pack_of([example()], 2), settings, network)
    assert len(sampler.draw(0).images) == batch
    assert getattr(getattr(sampler, "old", None), "batch", 0) == replayed


def test_pictures_show_known_places_and_nothing_else_is_known():
    image, labels = cells((300, 300), seed=3)
    known = np.zeros_like(labels)
    known[10:40, 250:280] = 1
    whole = make_example(image, labels, known)
    pack = pack_of([whole], 6)
    assert len(pack) == 6
    assert set(pack.confidence.unique().tolist()) == {0, 255}
    assert (pack.confidence > 0).sum((1, 2)).max() <= 900
    assert (pack.confidence > 0).any((1, 2)).all()
    window = whole.image.half().unfold(1, CROP_PX, 1).unfold(2, CROP_PX, 1)[0]
    assert any(torch.equal(pack.images[0, 0], crop) for row in window for crop in row)


def test_a_small_image_is_mirrored_and_its_rim_is_unknown():
    pack = pack_of([example(size=50)], 2)
    assert pack.images.shape == (2, 1, CROP_PX, CROP_PX)
    assert (pack.confidence[:, :50, :50] == 255).all()
    assert (pack.confidence > 0).sum() == 2 * 50 * 50
    assert torch.equal(pack.images[0, 0, 49], pack.images[0, 0, 50])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("classes", [1, 3])
def test_every_loss_learns_from_a_pack_and_the_unknown_has_no_gradient(loss, classes):
    settings = LossSettings(loss=loss)
    confidence = torch.full((1, 32, 32), 200, dtype=torch.uint8)
    confidence[:, :, 16:] = 0
    targets = torch.randint(0, max(2, classes), (1, 32, 32)).to(torch.uint8)
    pack = Pack(torch.rand(1, 1, 32, 32).half(), targets, confidence)
    (one,) = examples_of(pack, settings, classes)
    logits = torch.randn(1, classes, 32, 32, requires_grad=True)
    resolve(LOSSES, loss)(settings)(
        logits, one.target[None].long(), one.weight_map[None]
    ).backward()
    assert logits.grad[..., :16].abs().max() > 0
    assert (logits.grad[..., 16:] == 0).all()


def test_sure_pixels_count_more():
    confidence = torch.tensor([255, 51], dtype=torch.uint8).repeat(8, 4)[None]
    empty = torch.zeros(1, 8, 8, dtype=torch.uint8)
    (one,) = examples_of(Pack(torch.zeros(1, 1, 8, 8).half(), empty, confidence), LossSettings())
    assert torch.allclose(one.weight_map[0, ::1][::2], one.weight_map[0, 1] * 5) or torch.allclose(
        one.weight_map[0, 0], one.weight_map[0, 1] * 5
    )


@pytest.mark.parametrize(("network", "classes"), [("unet", 1), ("unet", 3), ("unet++", 1)])
def test_the_score_is_1_on_what_a_network_sees_and_leaves_it_as_it_was(network, classes):
    built = build_network(network, NetworkSettings(features=4, depth=3, classes=classes), 1)
    before = parameters_of(built)
    pack = pack_of([example(seed=1)], 3)
    with torch.inference_mode():
        seen = built.eval().probabilities(pack.images.float())
    mask = seen[:, 0] > 0.5 if classes == 1 else seen.argmax(1)
    own = replace(pack, targets=mask.to(torch.uint8))
    assert replay_score(built, own) > 0.99
    if classes == 1:
        assert replay_score(built, replace(pack, targets=1 - own.targets)) < 0.01
    assert all(torch.equal(before[name], value) for name, value in parameters_of(built).items())


def correction(look="phase", seed=0):
    image, labels = cells((256, 256), look=look, seed=seed)
    return Correction(
        image_id="b", image=image, labels=labels, known=np.ones_like(labels, np.uint8)
    )


@pytest.fixture(scope="module")
def base():
    """A small network that has learnt bright nuclei, with a pack of them."""
    settings = SETTINGS.model_copy(update={"steps": 100, "learning_rate": 1e-2})
    return finish(
        new_model("unet", SHAPE, settings, [example(seed=s, size=256) for s in (1, 2, 3)], name="A")
    )


def iou_on_a(model):
    """On bright nuclei that it never saw."""
    return replay_score(model.network(), pack_of([example(seed=50, size=256)], 4))


@pytest.fixture(scope="module")
def tuned(base):
    """After learning dark cells, with replay and without."""
    settings = FineTuneSettings(steps=60, seconds=600, device="cpu", auto_input=False)
    models = (base, replace(base, pack=None))
    return [fine_tune(one, [correction()], settings).model for one in models]


def test_r1_4_old_kinds_are_not_forgotten_and_without_replay_they_are(base, tuned):
    """How much depends on the processor: from 0.06 to more than 0.1 without replay."""
    before = iou_on_a(base)
    forgot, forgot_without = (before - iou_on_a(model) for model in tuned)
    assert before > 0.7
    assert forgot <= 0.05
    assert forgot_without > max(0.04, 2 * forgot)


def test_a_tuned_model_takes_the_pack_of_its_parent_and_new_pictures_with_it(base, tuned):
    assert len(base.pack) == 22
    assert len(tuned[0].pack) == 22
    assert len(tuned[1].pack) == 8


def test_who_declines_has_no_picture_in_the_file(base):
    plain = finish(
        new_model(
            "unet", SHAPE, SETTINGS.model_copy(update={"steps": 1, "replay_pack": False}),
            [example()], name="A",
        )
    )  # fmt: skip
    assert plain.pack is None
    declined = FineTuneSettings(steps=1, device="cpu", replay_pack=False)
    assert fine_tune(plain, [correction()], declined).model.pack is None
    assert fine_tune(base, [correction()], declined).model.pack is base.pack
