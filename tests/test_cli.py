"""The command line: what it writes, what it says, and how it refuses."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from skimage.io import imread, imsave

import napari_unet
from napari_unet.cli import main
from napari_unet.images.files import pair, read_image, read_labels
from napari_unet.images.instances import instances
from napari_unet.images.samples import cells
from napari_unet.models.archive import read_card, read_model, write_model
from napari_unet.models.model import Model
from napari_unet.schema.settings import MaskSettings
from tests.models_for_tests import tiny_model

SMALL = ["--features", 2, "--depth", 2, "--patch", 32, "--batch", 2, "--device", "cpu"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with two annotated images and two models."""
    folder = tmp_path_factory.mktemp("made")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for seed, stem in enumerate(["a", "b"]):
        image, labels = cells((64, 80), count=6, seed=seed)
        tifffile.imwrite(folder / "images" / f"{stem}.tif", image)
        tifffile.imwrite(folder / "labels" / f"{stem}.tif", labels)
    write_model(bright_is_object(), folder / "tiny.safetensors")
    write_model(bright_is_object(rgb="refuse"), folder / "grey.safetensors")
    return folder


def bright_is_object(**card):
    """A tiny model that gives every mask some objects: the median of its answer is the border."""
    model = tiny_model(**card)
    image, _ = cells((64, 80), count=6, seed=0)
    middle = float(np.median(napari_unet.predict(image, model).probabilities))
    mask = MaskSettings(threshold=middle, min_size_px=5, split_touching=False)
    return Model(model.card.model_copy(update={"mask": mask}), model.parameters)


@pytest.fixture
def call(made, monkeypatch, capsys):
    """Run a verb inside the folder; returns its exit status, stdout and stderr."""
    monkeypatch.chdir(made)

    def call(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


def in_a_process(*arguments, **environment):
    command = [sys.executable, "-m", "napari_unet", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)


# predict


def test_r9_1_predict_writes_what_python_computes(call, made, tmp_path):
    status, said, _ = call(
        "predict", "images/a.tif", "--model", "tiny.safetensors", "--out", tmp_path,
        "--probabilities", "--tile", 32, "--device", "cpu",
    )  # fmt: skip
    assert status == 0
    model = napari_unet.load_model(made / "tiny.safetensors")
    expected = napari_unet.predict(read_image(made / "images/a.tif"), model).probabilities
    found = tifffile.imread(tmp_path / "a_probabilities.tif")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-5)
    masks = tifffile.imread(tmp_path / "a_masks.tif")
    assert masks.dtype == np.uint16
    np.testing.assert_array_equal(masks, instances(found, model.card.mask))
    assert masks.max() > 0
    assert f"a.tif: {masks.max()} object" in said


def test_options_that_are_given_win_over_the_card(call, made, tmp_path):
    common = ("predict", "images/a.tif", "--model", "tiny.safetensors", "--probabilities")
    call(*common, "--out", tmp_path, "--min-size", 60)
    card = read_card(made / "tiny.safetensors").mask
    probabilities = tifffile.imread(tmp_path / "a_probabilities.tif")
    wanted = instances(probabilities, card.model_copy(update={"min_size_px": 60}))
    assert (wanted != instances(probabilities, card)).any()
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a_masks.tif"), wanted)


@pytest.mark.parametrize("stem", ["two words", "50% #1 [x]", "Zellkörper ä", "v1.2.3", "-dash"])
def test_r15_5_names_of_every_kind(call, tmp_path, stem):
    imsave(tmp_path / f"{stem}.png", np.zeros((20, 20), np.uint8), check_contrast=False)
    status, *_ = call("predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path / "o u")
    assert status == 0
    assert [path.name for path in (tmp_path / "o u").iterdir()] == [f"{stem}_masks.tif"]


def test_a_stack_is_done_plane_by_plane(call, tmp_path):
    planes = [cells((48, 56), count=4, seed=seed)[0] for seed in range(7)]
    tifffile.imwrite(tmp_path / "stack.tif", np.stack(planes))
    tifffile.imwrite(tmp_path / "single.tif", planes[3])
    for name in ("stack", "single"):
        call(
            "predict", tmp_path / f"{name}.tif", "--model", "tiny.safetensors", "--probabilities",
            "--out", tmp_path,
        )  # fmt: skip
    masks = tifffile.imread(tmp_path / "stack_masks.tif")
    assert masks.shape == (7, 48, 56)
    np.testing.assert_array_equal(masks[3], tifffile.imread(tmp_path / "single_masks.tif"))
    assert tifffile.imread(tmp_path / "stack_probabilities.tif").shape[0] == 7


def test_a_channel_can_be_chosen_and_the_reading_is_said(call, tmp_path):
    channels = np.stack([cells((48, 56), count=4, seed=seed)[0] for seed in range(2)])
    tifffile.imwrite(tmp_path / "two.tif", channels)
    tifffile.imwrite(tmp_path / "second.tif", channels[1])
    options = ("--model", "tiny.safetensors", "--out", tmp_path)
    status, said, _ = call("predict", tmp_path / "two.tif", *options, "--channel", 2)
    assert status == 0
    assert "2 channels x 48 x 56; channel 2" in said
    call("predict", tmp_path / "second.tif", *options)
    masks = [tifffile.imread(tmp_path / f"{name}_masks.tif") for name in ("two", "second")]
    np.testing.assert_array_equal(*masks)


def test_a_colour_image_is_read_as_its_luminance(call, tmp_path):
    grey, _ = cells((40, 40), count=4, look="phase", seed=1)
    imsave(tmp_path / "colour.png", np.dstack([grey] * 3), check_contrast=False)
    imsave(tmp_path / "grey.png", grey, check_contrast=False)
    status, *_ = call("predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path / "o")
    assert status == 0
    masks = [imread(tmp_path / "o" / f"{name}_masks.tif") for name in ("colour", "grey")]
    assert masks[0].max() > 0
    assert (masks[0] == masks[1]).mean() > 0.99


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2)])
def test_r10_2_the_smallest_images_work(call, tmp_path, shape):
    tifffile.imwrite(tmp_path / "small.tif", np.ones(shape, np.uint8))
    status, *_ = call(
        "predict", tmp_path / "small.tif", "--model", "tiny.safetensors", "--out", tmp_path
    )
    assert status == 0
    assert tifffile.imread(tmp_path / "small_masks.tif").shape == shape


def test_pixels_that_are_no_numbers_are_said_once_and_masked(call, tmp_path):
    image = cells((40, 40), count=4, seed=1)[0].astype(np.float32)
    image[3, 4:7] = [np.nan, np.inf, -np.inf]
    tifffile.imwrite(tmp_path / "nan.tif", image)
    status, _, complaints = call(
        "predict", tmp_path / "nan.tif", "--model", "tiny.safetensors", "--out", tmp_path,
        "--probabilities",
    )  # fmt: skip
    assert status == 0
    assert complaints.count("3 pixels of 'nan.tif' are no numbers") == 1
    assert np.isfinite(tifffile.imread(tmp_path / "nan_probabilities.tif")).all()


def test_r9_4_an_empty_result_says_what_to_try(call, tmp_path):
    status, said, complaints = call(
        "predict", "images/a.tif", "--model", "tiny.safetensors", "--out", tmp_path,
        "--threshold", 0.99,
    )  # fmt: skip
    assert status == 0
    assert "0 objects" in said
    assert "Nothing was found in 'a.tif'" in complaints
    assert "try a threshold below it" in complaints


def test_r15_3_an_image_that_fails_does_not_stop_the_others(call, tmp_path):
    (tmp_path / "broken.tif").write_bytes(b"II*\0 no picture")
    imsave(tmp_path / "fine.png", np.zeros((20, 20), np.uint8), check_contrast=False)
    status, said, complaints = call(
        "predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path / "o"
    )
    assert status == 1
    assert "fine.png" in said
    assert "broken.tif' cannot be read" in complaints
    assert "1 of 2 images failed" in complaints
    assert (tmp_path / "o" / "fine_masks.tif").exists()


def test_results_are_replaced_but_an_image_never(call, tmp_path):
    image = cells((40, 40), count=4, seed=1)[0]
    tifffile.imwrite(tmp_path / "x.tif", image)
    tifffile.imwrite(tmp_path / "y_masks.tif", image)
    for _ in range(2):
        assert call("predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "x.tif",
        "x_masks.tif",
        "y_masks.tif",
    ]
    tifffile.imwrite(tmp_path / "y.tif", image)
    images = [tmp_path / name for name in ("y_masks.tif", "y.tif")]
    status, _, complaint = call(
        "predict", *images, "--model", "tiny.safetensors", "--out", tmp_path
    )
    assert status == 1
    assert "which the result of 'y.tif' would overwrite" in complaint
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "y_masks.tif"), image)


# train


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
    assert "steps on 2 images" in said
    assert read_model(out).card.name == "stopped"


# fine-tune and evaluate


def test_fine_tune_writes_a_child_and_leaves_its_parent_alone(call, made, tmp_path):
    before = (made / "tiny.safetensors").read_bytes()
    out, report = tmp_path / "tuned.safetensors", tmp_path / "tuned.json"
    status, said, _ = call(
        "fine-tune", "--model", "tiny.safetensors", "--images", "images", "--labels", "labels",
        "--steps", 2, "--device", "cpu", "--out", out, "--json", report,
    )  # fmt: skip
    assert status == 0
    card, written = read_card(out), json.loads(report.read_text())
    assert card.parent == read_card(made / "tiny.safetensors").id == written["parent"]
    assert written["steps"] == 2
    assert written["proof"]["sentence"] in said
    assert [line.split()[0] for line in said.splitlines()[1:3]] == ["before", "after"]
    assert f"{written['proof']['after']['iou']:.3f}" in said
    assert (made / "tiny.safetensors").read_bytes() == before


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
    )  # fmt: skip
    assert read_card(tmp_path / "k.safetensors").data.startswith(f"{2 * 20 * 30} corrected pixels")


def test_r9_1_evaluate_says_what_python_computes(call, made, tmp_path):
    report = tmp_path / "scores.json"
    status, said, _ = call(
        "evaluate", "--model", "tiny.safetensors", "--images", "images", "--labels", "labels",
        "--json", report,
    )  # fmt: skip
    pairs = [
        (read_image(one.image), read_labels(one.labels))
        for one in pair(made / "images", made / "labels")
    ]
    expected = napari_unet.evaluate(napari_unet.load_model(made / "tiny.safetensors"), pairs)
    written = json.loads(report.read_text())
    assert status == 0
    assert written["together"] == expected.scores.model_dump()
    assert [one["image"] for one in written["images"]] == ["a", "b"]
    header, *rows = [line.split() for line in said.splitlines()]
    assert header == ["image", "iou", "dice", "f1_50", "mean_ap"]
    assert [row[0] for row in rows] == ["a", "b", "together"]
    assert rows[-1][-4:] == [f"{getattr(expected.scores, name):.3f}" for name in header[1:]]


# models, doctor, help


def test_models_lists_what_the_library_holds(call, made, tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.safetensors").write_bytes((made / "tiny.safetensors").read_bytes())
    assert "mine" in call("models")[1]
    listed = json.loads(call("models", "--json")[1])
    mine = next(one for one in listed if one["name"] == "mine")
    assert mine["card"]["id"] == read_card(made / "tiny.safetensors").id
    assert not mine["shipped"]
    assert call("predict", "images/a.tif", "--model", "mine", "--out", tmp_path)[0] == 0


def test_r5_7_doctor_prints_one_block_even_where_no_window_can_open():
    said = in_a_process("doctor", "--device", "cpu", DISPLAY=":not-there", QT_QPA_PLATFORM="xcb")
    assert said.returncode == 0, said.stderr
    for word in (napari_unet.__version__, "Python 3", "torch 2", "CPU", "trained", "loss"):
        assert word in said.stdout
    assert "no window can be opened here" in said.stdout
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["models"], ["train", "--help"], ["--version"]])
def test_r5_5_help_and_models_import_neither_torch_nor_napari(arguments):
    code = (
        "import sys; from napari_unet.cli import main\n"
        f"assert main({arguments!r}) == 0\n"
        "print(sorted({'torch', 'napari', 'qtpy', 'skimage'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout.splitlines()[-1] == "[]", run.stderr


def test_python_m_is_the_same_program():
    assert in_a_process("--version").stdout.strip() == napari_unet.__version__


# refusals


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("predict images/a.tif --out o --model nothing", "There is no model 'nothing'"),
        ("predict images/a.tif --out o --model broken.safetensors", "damaged"),
        ("predict missing.tif --out o --model tiny.safetensors", "There is no file 'missing.tif'"),
        ("predict complex.tif --out o --model tiny.safetensors", "not grey values"),
        ("predict colour.png --out o --model grey.safetensors", "takes grey images"),
        ("predict empty --out o --model tiny.safetensors", "'empty' holds no images"),
        ("predict images images/a.tif --out o --model tiny.safetensors", "the same name"),
        ("predict images/a.tif --out colour.png --model tiny.safetensors", "is a file"),
        ("predict images/a.tif --out o --model tiny.safetensors --axes Q", "do not fit"),
        ("predict images/a.tif --out o --model tiny.safetensors --channel 2", "no channel"),
        ("predict images/a.tif --out o --model tiny.safetensors --head L1", "one head"),
        ("evaluate --model tiny.safetensors --images images --labels empty", "holds no images"),
        ("evaluate --model tiny.safetensors --images images --labels fewer", "has no labels"),
        ("evaluate --model tiny.safetensors --images nowhere --labels labels", "no folder"),
        ("evaluate --model tiny.safetensors --images stack --labels stack", "a stack of 7 planes"),
        ("train --network unet --images images --labels other-size --out n.safetensors", "pixels"),
        ("train --network unet --images images --labels labels --out tiny.safetensors", "never"),
        ("train --network unet --images images --labels labels --out no/n", "no folder"),
        ("fine-tune --model tiny.safetensors --images images --labels labels "
         "--known nothing-known --out n.safetensors", "no correction to learn from"),
        ("fine-tune --model tiny.safetensors --images images --labels labels --out n.safetensors "
         "--device mps", "cannot be used"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_with_one_sentence(call, bad_input, arguments, sentence):
    status, _, complaint = call(*arguments.split())
    assert status == 1
    assert sentence in complaint
    assert "our fault" not in complaint
    (line,) = complaint.split("\r")[-1].splitlines()  # before it a progress bar may have been wiped
    assert line.startswith("napari-unet: ")
    assert line.endswith(".")


@pytest.fixture(scope="module")
def bad_input(made):
    (made / "broken.safetensors").write_bytes((made / "tiny.safetensors").read_bytes()[:-50])
    tifffile.imwrite(made / "complex.tif", np.zeros((8, 8), np.complex64))
    imsave(made / "colour.png", np.zeros((20, 20, 3), np.uint8), check_contrast=False)
    for name in ("empty", "fewer", "other-size", "nothing-known", "stack"):
        (made / name).mkdir()
    tifffile.imwrite(made / "fewer/a.tif", np.ones((64, 80), np.uint8))
    tifffile.imwrite(made / "stack/s.tif", np.ones((7, 64, 80), np.uint8))
    for stem in "ab":
        tifffile.imwrite(made / f"other-size/{stem}.tif", np.ones((10, 10), np.uint8))
        tifffile.imwrite(made / f"nothing-known/{stem}.tif", np.zeros((64, 80), np.uint8))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("predict", "requires an argument"),
        ("predict images/a.tif", "--out requires an argument"),
        ("predict images/a.tif --out o --tile 3", "--tile cannot be 3"),
        ("predict images/a.tif --out o --threshold 2", "--threshold cannot be 2"),
        ("predict images/a.tif --out o --device gpu", "'cuda'"),
        ("predict images/a.tif --out o --what", "Unknown option"),
        ("train --network vgg --images images --labels labels --out n", '"unet++"'),
        ("train --network unet --images images --labels labels --out n --loss l2", '"dice"'),
        ("train --network unet --images images --labels labels --out n --val-images images",
         "together"),
        ("fine-tune --images images --labels labels --out n --seconds -1", "--seconds cannot be"),
        ("evaluate --images images", "--labels requires an argument"),
        ("segment images/a.tif", "Unknown command"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told_apart_from_work_that_failed(call, arguments, sentence):
    status, said, complaint = call(*arguments.split())
    assert status == 2
    assert said == ""
    assert sentence in complaint
    assert len(complaint.strip().splitlines()) == 1


def test_an_error_of_ours_is_one_sentence_too(call, monkeypatch):
    def broken():
        raise KeyError("oh")

    monkeypatch.setattr("napari_unet.cli.models.list_models", broken)
    status, _, complaint = call("models")
    assert status == 1
    assert "our fault" in complaint
    assert "Traceback" not in complaint
    monkeypatch.setenv("NAPARI_UNET_DEBUG", "1")
    with pytest.raises(KeyError):
        call("models")
