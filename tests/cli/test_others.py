"""``napari-unet evaluate``, ``models``, ``doctor`` and ``--help``."""

import json
import os
import re
import subprocess
import sys

import pytest

import napari_unet
from napari_unet.images.files import read_image, read_labels
from napari_unet.images.metrics import membrane_scores
from napari_unet.images.pairs import pair
from napari_unet.models.archive import read_card


def in_a_process(*arguments, **environment):
    command = [sys.executable, "-m", "napari_unet", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)


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
    pixels, objects = ["iou", "dice", "f1_50", "mean_ap"], ["pixel_error", "aji", "hausdorff_95_px"]
    assert header == ["image", *pixels, *objects]
    assert [row[0] for row in rows] == ["a", "b", "together"]
    values = [getattr(expected.scores, name) for name in header[1:]]
    assert rows[-1][-7:] == ["-" if value is None else f"{value:.3f}" for value in values]
    assert "membranes" not in written


def test_evaluate_scores_membranes_where_asked_to(call, made, tmp_path):
    report = tmp_path / "scores.json"
    status, said, _ = call(
        "evaluate", "--model", "tiny.safetensors", "--images", "images", "--labels", "labels",
        "--membranes", "--json", report,
    )  # fmt: skip
    pairs = [
        (read_image(one.image), read_labels(one.labels))
        for one in pair(made / "images", made / "labels")
    ]
    model = napari_unet.load_model(made / "tiny.safetensors")
    expected = napari_unet.evaluate(model, pairs, membranes=True)
    probabilities = [napari_unet.predict(image, model).probabilities[0] for image, _ in pairs]
    by_hand = membrane_scores(probabilities, [labels for _, labels in pairs])
    assert expected.membranes == by_hand
    written = json.loads(report.read_text())["membranes"]
    assert status == 0
    assert written["together"] == by_hand.model_dump()
    assert written["images"][1]["v_rand"] == membrane_scores(probabilities[1], pairs[1][1]).v_rand
    tables = [line.split() for line in said.splitlines()]
    at = next(i for i, row in enumerate(tables) if row[:2] == ["membranes", "v_rand"])
    assert [row[0] for row in tables[at + 1 :]] == ["a", "b", "together"]
    assert tables[-1][-1] == f"{by_hand.split_merge_error:.6f}"


def test_models_lists_what_the_library_holds(call, made, tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.safetensors").write_bytes((made / "tiny.safetensors").read_bytes())
    header, starter, *_ = call("models")[1].splitlines()
    assert header.split()[5] == "on"
    assert "133 images" in starter
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
    assert re.search(r"^Device +CPU: \w", said.stdout, re.MULTILINE)
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
