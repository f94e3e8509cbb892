"""Labels that are classes, from the command line: train, evaluate, predict, fine-tune."""

import json

import numpy as np
import pytest
import tifffile

from napari_unet.cli import main
from napari_unet.models.archive import read_card, write_model
from tests.three_classes import NAMES, brightness_model, three_classes

SMALL = ["--features", 4, "--depth", 2, "--patch", 32, "--batch", 2, "--device", "cpu"]
FOLDERS = ["--images", "images", "--labels", "classes"]


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run a verb in a folder of two images with their classes, and a model of them."""
    for name in ("images", "classes"):
        (tmp_path / name).mkdir()
    for seed in range(2):
        image, classes = three_classes(seed=seed)
        tifffile.imwrite(tmp_path / f"images/{seed}.tif", image)
        tifffile.imwrite(tmp_path / f"classes/{seed}.tif", classes)
    write_model(brightness_model(), tmp_path / "three.safetensors")
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


def test_train_takes_labels_as_classes_and_names_them(call, tmp_path):
    status, said, _ = call(
        "train", "--network", "unet", *FOLDERS, "--val-images", "images", "--val-labels", "classes",
        "--classes", 3, "--class-names", *NAMES, *SMALL, "--steps", 4, "--out", "new.safetensors",
    )  # fmt: skip
    assert status == 0
    card = read_card(tmp_path / "new.safetensors")
    assert (card.classes, card.class_names) == (3, NAMES)
    assert len(card.scores.classes.iou) == 3
    rows = {line.split("  ")[0] for line in said.splitlines()}
    assert {*NAMES, "mean of 3 classes"} <= rows


def test_classes_that_do_not_fit_are_refused_before_the_training(call, tmp_path):
    common = ("train", *FOLDERS, *SMALL, "--steps", 1, "--out", "new.safetensors")
    status, _, said = call(*common, "--classes", 2)
    assert status != 0
    assert ".tif' holds the value 2, but 2 classes are 0 to 1" in said
    status, _, said = call(*common, "--classes", 3, "--class-names", "a", "b")
    assert status != 0
    assert "--class-names gives 2 names, and --classes is 3" in said
    assert not (tmp_path / "new.safetensors").exists()


def test_evaluate_scores_each_class(call, tmp_path):
    status, said, _ = call(
        "evaluate", *FOLDERS, "--model", "three.safetensors", "--json", "found.json"
    )
    assert status == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["classes"] == list(NAMES)
    scores = found["together"]["classes"]
    assert min(scores["iou"]) > 0.8
    table = [line.split() for line in said.splitlines()]
    assert ["image", "mean_iou", "mean_dice", "accuracy"] in table
    for name, iou, dice, pixels in zip(
        NAMES, scores["iou"], scores["dice"], scores["pixels"], strict=True
    ):
        assert [name, f"{iou:.3f}", f"{dice:.3f}", str(pixels)] in table


def test_predict_writes_classes_or_the_objects_of_one(call, tmp_path):
    common = ("predict", "images/0.tif", "--model", "three.safetensors", "--out", "out")
    status, said, _ = call(*common)
    assert status == 0
    assert "0.tif: 3 of 3 classes" in said
    classes = tifffile.imread(tmp_path / "out/0_masks.tif")
    assert classes.dtype == np.uint8
    assert set(np.unique(classes)) == {0, 1, 2}
    status, said, _ = call(*common, "--objects-of", 1, "--min-size", 0)
    objects = tifffile.imread(tmp_path / "out/0_masks.tif")
    np.testing.assert_array_equal(objects > 0, classes == 1)
    assert f"0.tif: {objects.max()} objects" in said


def test_fine_tune_takes_labels_as_the_model_does(call):
    status, said, _ = call(
        "fine-tune", *FOLDERS, "--model", "three.safetensors", "--steps", 2, "--device", "cpu",
        "--out", "tuned.safetensors", "--keep-anyway",
    )  # fmt: skip
    assert status == 0
    assert "mean IoU" in said
    assert "before" in said


@pytest.mark.parametrize(("option", "end"), [("measurements", "csv"), ("rois", "zip")])
def test_classes_are_not_measured_but_the_objects_of_one_are(call, tmp_path, option, end):
    common = ("predict", "images", "--model", "three.safetensors", "--out", tmp_path / "out")
    status, _, said = call(*common, f"--{option}")
    assert status != 0
    assert f"--{option} is for objects" in said
    assert not (tmp_path / "out").exists()
    assert call(*common, f"--{option}", "--objects-of", 1)[0] == 0
    assert (tmp_path / f"out/0_{option}.{end}").is_file()
