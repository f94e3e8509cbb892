"""``napari-unet train`` and ``fine-tune``: what they make, keep and say."""

import errno
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from skimage.io import imsave

from napari_unet import disk
from napari_unet.images.samples import cells
from napari_unet.models.archive import read_card, read_model, write_model
from napari_unet.models.library import keep
from tests.models_for_tests import tiny_model

SMALL = ["--features", 2, "--depth", 2, "--patch", 32, "--batch", 2, "--device", "cpu"]


def test_r9_5_train_makes_the_same_model_from_the_same_seed(call, tmp_path):
    common = (
        "train", "--network", "unet", "--images", "images", "--labels", "labels", "--steps", 3,
        *SMALL,
    )  # fmt: skip
    for name, seed in [("one", 1), ("two", 1), ("other", 2)]:
        out = tmp_path / f"{name}.safetensors"
        assert call(*common, "--out", out, "--seed", seed)[0] == 0
    one, two, other = (
        read_model(tmp_path / f"{name}.safetensors").parameters for name in ("one", "two", "other")
    )
    assert all((one[name] == two[name]).all() for name in one)
    assert not all((one[name] == other[name]).all() for name in one)


def test_train_judges_by_held_out_images_and_writes_what_it_says(call, tmp_path):
    out, report = tmp_path / "new.safetensors", tmp_path / "new.json"
    status, said, _ = call(
        "train", "--network", "unet++", "--images", "images", "--labels", "labels", *SMALL,
        "--val-images", "images", "--val-labels", "labels", "--steps", 4, "--loss", "dice",
        "--deep-supervision", "--out", out, "--json", report,
    )  # fmt: skip
    assert status == 0
    card, written = read_card(out), json.loads(report.read_text())
    assert (card.network, card.name, card.network_settings.deep_supervision) == (
        "unet++",
        "new",
        True,
    )
    assert card.recipe["loss"]["loss"] == "dice"
    assert card.recipe["steps"] == 4
    assert written["scores"] == card.scores.model_dump()
    assert written["steps"] == 4
    assert f"{card.scores.iou:.3f}" in said
    assert "4 steps on 2 images" in said


def test_held_out_labels_may_lie_beside_their_images(call, made, tmp_path):
    (tmp_path / "held-out").mkdir()
    for name, end in [("images", ""), ("labels", "_masks")]:
        shutil.copy(made / name / "a.tif", tmp_path / "held-out" / f"a{end}.tif")
    status, said, _ = call(
        "train", "--network", "unet", "--images", "images", "--labels", "labels", "--steps", 1,
        "--val-images", tmp_path / "held-out", "--out", tmp_path / "new.safetensors", *SMALL,
    )  # fmt: skip
    assert status == 0
    assert "1 held-out image " in said


def test_a_time_given_alone_ends_the_training(call, tmp_path):
    out, report = tmp_path / "timed.safetensors", tmp_path / "timed.json"
    start = time.monotonic()
    call(
        "train", "--network", "unet", "--images", "images", "--labels", "labels", *SMALL,
        "--seconds", 1.5, "--out", out, "--json", report,
    )  # fmt: skip
    assert 1.5 <= time.monotonic() - start < 20
    assert read_card(out).recipe["steps"] > json.loads(report.read_text())["steps"] > 1


def test_images_of_several_channels_make_a_network_of_several(call, tmp_path):
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    image, labels = cells((48, 48), count=4, seed=0)
    tifffile.imwrite(tmp_path / "images/x.tif", np.stack([image, image]))
    tifffile.imwrite(tmp_path / "labels/x.tif", labels)
    status, *_ = call(
        "train", "--network", "unet", "--images", tmp_path / "images", "--labels",
        tmp_path / "labels", "--steps", 1, "--out", tmp_path / "two.safetensors", *SMALL,
    )  # fmt: skip
    assert status == 0
    assert read_card(tmp_path / "two.safetensors").network_settings.in_channels == 2


@pytest.mark.parametrize(
    "verb", ["train --network unet", "fine-tune --model tiny.safetensors --keep-anyway"]
)
def test_r15_5_a_model_whose_place_is_full_is_written_elsewhere_with_a_notice(
    call, tmp_path, monkeypatch, verb
):
    out, report, elsewhere = (tmp_path / name for name in ("new.safetensors", "json", "sure"))
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    full = iter([OSError(errno.ENOSPC, "No space left on device")])

    def fill_once(operation):
        for error in full:
            raise error

    monkeypatch.setattr(disk, "watch", fill_once)
    steps = SMALL if verb.startswith("train") else ["--device", "cpu", "--no-auto-input"]
    status, said, complaint = call(
        *verb.split(), "--images", "images", "--labels", "labels", "--steps", 1, *steps,
        "--out", out, "--json", report,
    )  # fmt: skip
    (kept,) = elsewhere.rglob("*.safetensors")
    assert status == 1
    assert not out.exists()
    assert read_model(kept).card.training is not None
    assert "has no room for the" in complaint
    assert f"The model is in '{kept}' instead" in complaint
    assert said.splitlines()[-1].endswith(f"-> {kept}")
    assert str(kept) in json.loads(report.read_text()).values()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place where nothing is kept")
@pytest.mark.parametrize("verb", ["train", "fine-tune"])
def test_r2_7_a_place_that_takes_no_file_is_found_before_the_training(call, monkeypatch, verb):
    for place in ("training.folders.model_from_folders", "training.finetune.fine_tuning"):
        monkeypatch.setattr(f"napari_unet.{place}", None)
    status, _, complaint = call(
        verb, "--images", "images", "--labels", "labels", "--out", "/proc/m.safetensors"
    )
    assert status == 1
    assert "Nothing can be saved in '/proc'" in complaint


def test_ctrl_c_keeps_the_best_so_far(made, tmp_path):
    out = tmp_path / "stopped.safetensors"
    arguments = ["train", "--network", "unet", "--images", "images", "--labels", "labels",
                 "--seconds", "300", "--out", str(out), *map(str, SMALL)]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "napari_unet", *arguments],
        cwd=made, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        shown = ""
        while "train: step" not in shown:  # its progress bar is there
            shown += process.stderr.read(1)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, complaints
    assert "Stopped after" in complaints
    assert "Traceback" not in complaints
    assert " on 2 images -> " in said
    assert read_model(out).card.name == "stopped"


def test_fine_tune_writes_a_child_and_leaves_its_parent_alone(call, made, tmp_path):
    before = (made / "tiny.safetensors").read_bytes()
    out, report = tmp_path / "tuned.safetensors", tmp_path / "tuned.json"
    status, said, _ = call(
        "fine-tune", "--model", "tiny.safetensors", "--images", "images", "--labels", "labels",
        "--steps", 2, "--device", "cpu", "--out", out, "--json", report, "--keep-anyway",
    )  # fmt: skip
    assert status == 0
    card, written = read_card(out), json.loads(report.read_text())
    assert card.parent == read_card(made / "tiny.safetensors").id == written["parent"]
    assert (written["steps"], written["out"]) == (2, str(out))
    assert written["reason"] in said
    assert [line.split()[0] for line in said.splitlines()[1:3]] == ["before", "after"]
    assert f"{written['after']['iou']:.3f}" in said
    assert said.splitlines()[-1].endswith(f"-> {out}")
    assert (made / "tiny.safetensors").read_bytes() == before


def test_r1_1_a_model_that_is_kept_anyway_is_told_so_and_one_is_no_plural(call, tmp_path):
    common = ("--images", "images", "--labels", "labels", "--steps", 1)
    out = tmp_path / "kept.safetensors"
    _, said, _ = call(
        "fine-tune", "--model", "tiny.safetensors", *common, "--device", "cpu", "--seed", 7,
        "--out", out, "--keep-anyway",
    )  # fmt: skip
    assert "Not better" in said
    assert said.splitlines()[-1] == f"1 step on 2 images, and the new one is kept anyway -> {out}"
    out = tmp_path / "new.safetensors"
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
        shutil.copy(f"{name}/a.tif", tmp_path / name)
    _, said, _ = call(
        "train", "--network", "unet", *common, *SMALL, "--out", out,
        "--val-images", tmp_path / "images", "--val-labels", tmp_path / "labels",
    )  # fmt: skip
    assert "1 held-out image " in said
    assert said.splitlines()[-1] == f"1 step on 2 images -> {out}"


def test_r1_1_a_model_that_is_not_better_is_not_written_and_the_exit_status_says_so(call, tmp_path):
    """One step teaches next to nothing."""
    out, report = tmp_path / "tuned.safetensors", tmp_path / "tuned.json"
    status, said, _ = call(
        "fine-tune", "--model", "tiny.safetensors", "--images", "images", "--labels", "labels",
        "--steps", 1, "--device", "cpu", "--out", out, "--json", report, "--seed", 7,
    )  # fmt: skip
    written = json.loads(report.read_text())
    assert status == 1
    assert not out.exists()
    assert written["out"] is None
    assert written["accepted"] is False
    assert written["reason"].startswith("Not better")
    assert "nothing was written (see --keep-anyway)" in said.splitlines()[-1]
    for scores in (written["before"], written["after"]):
        assert {"ap50", "f1_50", "iou", "boundary_f1"} <= {
            k for k, v in scores.items() if v is not None
        }
    assert len(written["interval"]) == 2
    assert written["held_out_objects"] > 0
    assert (written["replay_before"], written["replay_after"]) == (None, None)
    assert {"inverted", "scale", "split"} <= written["auto_input"].keys()
    assert written["seed"] == 7
    assert {"steps", "seconds", "parent"} <= written.keys()


@pytest.mark.parametrize("go_on", [False, True])
def test_a_tuned_model_is_taught_from_its_base_unless_it_is_to_go_on(
    call, made, tmp_path, monkeypatch, go_on
):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    base = keep(made / "tiny.safetensors")
    tuned = tiny_model(seed=3, name="Mine (tuned)")
    tuned = replace(tuned, card=tuned.card.model_copy(update={"parent": base.card.id}))
    write_model(tuned, tmp_path / "mine.safetensors")
    out = tmp_path / "out.safetensors"
    _, said, _ = call(
        "fine-tune", "--model", tmp_path / "mine.safetensors", "--images", "images",
        "--labels", "labels", "--steps", 1, "--device", "cpu", "--out", out, "--keep-anyway",
        "--no-auto-input", *["--go-on"][: int(go_on)],
    )  # fmt: skip
    card = read_card(out)
    assert card.parent == (tuned.card.id if go_on else base.card.id)
    assert card.training.chosen == (None if go_on else tuned.card.id)
    assert ("Starts from its base, 'Tiny', with all corrections at hand." in said) is not go_on


def test_r12_1_known_says_which_pixels_are_learnt(call, made, tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    for stem in "ab":
        marked = np.zeros((64, 80), np.uint8)
        marked[10:30, 10:40] = 255
        imsave(known / f"{stem}.png", marked, check_contrast=False)
    call(
        "fine-tune", "--model", "tiny.safetensors", "--images", "images", "--labels", "labels",
        "--known", known, "--steps", 1, "--device", "cpu", "--out", tmp_path / "k.safetensors",
        "--keep-anyway", "--no-auto-input",
    )  # fmt: skip
    assert read_card(tmp_path / "k.safetensors").data.startswith(f"{2 * 20 * 30} corrected pixels")


def test_a_recipe_says_what_the_call_leaves_out(call, tmp_path):
    out = tmp_path / "new.safetensors"
    status, *_ = call(
        "train", "--recipe", "nested-unet", "--images", "images", "--labels", "labels",
        "--out", out, *SMALL, "--steps", 2, "--learning-rate", 0.5,
    )  # fmt: skip
    card = read_card(out)
    assert status == 0
    assert (card.network, card.network_settings.normalization) == ("unet++", "batch")
    assert (card.network_settings.features, card.recipe["patch_px"]) == (2, 32)
    assert (card.recipe["optimizer"], card.recipe["learning_rate"]) == ("adam", 0.5)
    assert card.recipe["loss"]["loss"] == "bce+dice"
    assert card.recipe["augment"]["elastic_px"] == 0
    assert (card.recipe["steps"], card.recipe["epochs"]) == (2, None)


def test_a_recipe_of_one_s_own_is_a_file(call, tmp_path):
    path, out = tmp_path / "mine.toml", tmp_path / "new.safetensors"
    path.write_text('title = "Mine"\n[train]\nepochs = 2\n')
    report = tmp_path / "new.json"
    common = ("--images", "images", "--labels", "labels", "--out", out, "--json", report, *SMALL)
    assert call("train", "--recipe", path, *common)[0] == 0
    assert json.loads(report.read_text())["steps"] == 2  # two images, two patches a step
    assert read_card(out).network == "unet"


def test_an_unknown_recipe_is_refused_before_anything_is_read(call, tmp_path):
    status, _, told = call(
        "train", "--recipe", "grandma", "--images", "images", "--labels", "labels",
        "--out", tmp_path / "new.safetensors",
    )  # fmt: skip
    assert status == 1
    assert "nested-unet" in told


def test_fine_tune_can_start_from_a_new_network_and_with_another_loss(call, tmp_path):
    out, report = tmp_path / "new.safetensors", tmp_path / "new.json"
    status, said, _ = call(
        "fine-tune", "--images", "images", "--labels", "labels", "--model", "tiny.safetensors",
        "--network", "unet", "--loss", "tversky", "--tversky-beta", 0.4, "--steps", 1,
        "--device", "cpu", "--out", out, "--json", report, "--keep-anyway",
    )  # fmt: skip
    assert status == 0
    card, written = read_card(out), json.loads(report.read_text())
    assert (card.name, card.network, card.parent) == ("U-Net (new)", "unet", None)
    assert card.network_settings.features == 16
    loss = card.recipe["loss"]
    assert (loss["loss"], loss["tversky_beta"]) == ("tversky", 0.4)
    assert written["parent"] is None
    assert "before" in said


def test_no_such_network_or_loss_is_a_wrong_call(call, tmp_path):
    common = ("fine-tune", "--images", "images", "--labels", "labels", "--out", tmp_path / "x")
    for option in ("--network", "--loss"):
        status, _, complaint = call(*common, option, "vnet")
        assert status == 2
        assert "vnet" in complaint


def test_several_processes_do_not_fine_tune_the_same(call, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_unet.training.distributed.is_one_of_many", lambda: True)
    out = tmp_path / "tuned.safetensors"
    status, _, complained = call(
        "fine-tune", "--images", "images", "--labels", "labels", "--model", "tiny.safetensors",
        "--out", out,
    )  # fmt: skip
    assert status == 2
    assert "without torchrun" in complained
    assert not out.exists()
