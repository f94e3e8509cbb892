"""Labels that are classes: learnt, judged, kept in a file, and corrected."""

import numpy as np
import pytest
import tifffile

from napari_unet.images.pairs import pair
from napari_unet.inference.predict import predict
from napari_unet.models.archive import read_model, write_model
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Notice, finish
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import FineTuneSettings, LossSettings, NetworkSettings
from napari_unet.training.evaluate import evaluate
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune, fine_tuning
from napari_unet.training.folders import Examples, annotated_in, corrections_in
from tests.three_classes import NAMES, brightness_model, three_classes

CPU = FineTuneSettings(device="cpu", steps=120, seconds=60, auto_input=False)


@pytest.fixture(scope="module")
def model():
    return brightness_model()


def test_classes_are_learnt_and_each_is_scored(model):
    found = evaluate(model, [three_classes(seed=7), three_classes(seed=8)], device="cpu")
    scores = found.scores.classes
    assert min(scores.iou) > 0.8
    assert scores.accuracy > 0.95
    assert (found.scores.iou, found.scores.dice) == (scores.mean_iou, scores.mean_dice)
    assert found.scores.f1_50 is None
    assert found.scores.images == 2
    assert len(found.per_image) == 2
    assert sum(one.classes.pixels[1] for one in found.per_image) == scores.pixels[1]


def test_a_model_of_classes_is_the_same_after_it_was_saved(model, tmp_path):
    path = tmp_path / "m.safetensors"
    write_model(model, path)
    again = read_model(path)
    assert again.card == model.card
    assert again.card.names_of_classes == NAMES
    image, _ = three_classes(seed=3)
    one, other = (predict(image, m).probabilities for m in (model, again))
    np.testing.assert_array_equal(one, other)


def test_each_class_has_one_name_or_none_has():
    shape = NetworkSettings(classes=3)
    card = ModelCard(name="x", network="unet", network_settings=shape)
    assert card.names_of_classes == ("class 0", "class 1", "class 2")
    assert ModelCard(name="x", network="unet", network_settings=NetworkSettings()).classes == 1
    with pytest.raises(ValueError, match="'x' has 3 classes and 2 names"):
        ModelCard(name="x", network="unet", network_settings=shape, class_names=("a", "b"))


def test_every_class_that_is_known_gets_as_many_patches():
    image, classes = three_classes()
    known = np.ones_like(classes)
    known[:5] = 0
    example = make_example(image, np.where(known, classes, 200), known, classes=3)
    y, x = example.anchors.numpy().T
    assert known[y, x].all()
    drawn = np.bincount(classes[y, x])
    assert drawn[0] == drawn[1] == drawn[2]


@pytest.fixture
def folder(tmp_path):
    for name in ("images", "classes"):
        (tmp_path / name).mkdir()
    for seed in range(2):
        image, classes = three_classes(seed=seed)
        tifffile.imwrite(tmp_path / f"images/{seed}.tif", image)
        tifffile.imwrite(tmp_path / f"classes/{seed}.tif", np.where(classes == 2, 2, 0))
    return pair(tmp_path / "images", tmp_path / "classes")


def test_files_of_classes_are_read_as_they_are(folder):
    card = ModelCard(name="x", network="unet", network_settings=NetworkSettings(classes=3))
    saved = tifffile.imread(folder[1].labels)
    np.testing.assert_array_equal(Examples(folder, card, LossSettings())[1].target, saved)
    np.testing.assert_array_equal(annotated_in(folder, 3)[1][1], saved)
    (correction, _) = corrections_in(folder[1:] + folder[:1], 3)
    np.testing.assert_array_equal(correction.labels, saved)
    assert correction.classes == 3


def test_a_file_with_too_high_a_class_is_named(folder):
    card = ModelCard(name="x", network="unet", network_settings=NetworkSettings(classes=2))
    with pytest.raises(ValueError, match=r"1\.tif' holds the value 2, but 2 classes are 0 to 1"):
        Examples(folder, card, LossSettings())[1]


def correction(seed=0, classes=3, size=(224, 224)):
    """The person calls grey what is bright, and bright what is grey."""
    image, labels = three_classes(size, seed)
    swapped = np.array([0, 2, 1], np.uint8)[labels]
    known = np.ones(labels.shape, np.uint8)
    return Correction(image_id="a", image=image, labels=swapped, known=known, classes=classes)


def test_fine_tuning_learns_classes_and_proves_it_by_their_mean_iou(model):
    result = fine_tune(model, [correction()], CPU)
    proof = result.proof
    assert proof.held_out
    assert proof.accepted
    assert proof.before.iou < 0.4
    assert proof.after.iou > proof.before.iou + 0.08
    assert f"mean IoU {proof.before.iou:.2f} -> {proof.after.iou:.2f} of the" in proof.sentence
    assert "F1" not in proof.sentence
    card = result.model.card
    assert (card.class_names, card.mask, card.parent) == (NAMES, model.card.mask, model.card.id)


def test_a_mask_of_objects_teaches_no_model_of_classes(model):
    objects = correction(classes=1)
    with pytest.raises(ValueError, match=r"mask of objects is left out.* learns 3 classes"):
        fine_tune(model, [objects], CPU)
    said = []
    job = fine_tuning(model, [correction(), objects], CPU.model_copy(update={"steps": 1}))
    finish(job, said.append)
    (notice,) = [event for event in said if isinstance(event, Notice)]
    assert "mask of objects is left out" in notice.text
