"""A cluster writes what one process writes, also when a process of it is killed."""

import json
import os
import shutil
import socket
import sys

import numpy as np
import pytest
import tifffile
import torch
import zarr

from napari_unet.cli import main
from napari_unet.images.samples import cells
from napari_unet.inference import cluster
from napari_unet.inference.predict import predict
from napari_unet.models.archive import write_model
from tests.models_for_tests import tiny_model

TILES_OF_LARGE = 12


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """R5.4, but the processes of a cluster talk to each other on this computer."""
    connect = socket.socket.connect

    def refuse(self, address):
        if address[0] != "127.0.0.1":
            raise OSError(f"a test tried to reach the network: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("distributed")
    with cluster.connected(workers=2) as client:
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four images that are a task each, one of which each tile is a task, and a model."""
    folder = tmp_path_factory.mktemp("images")
    for seed, stem in enumerate("abcd"):
        tifffile.imwrite(folder / f"{stem}.tif", cells((64, 80), count=6, seed=seed)[0])
    large = cells((100, 90), count=9, seed=4)[0]
    zarr.create_array(folder / "large.zarr", data=large, chunks=(40, 40))
    write_model(tiny_model(), folder / "tiny.safetensors")
    return folder


@pytest.fixture(scope="module")
def call(folder):
    """Do the folder with one thread, with more options; its exit status."""
    image = tifffile.imread(folder / "a.tif")
    middle = float(np.median(predict(image, tiny_model()).probabilities))
    model = folder / "tiny.safetensors"

    def call(*more, images=folder):
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        options = [
            "--model", model, "--threshold", f"{middle:.4f}", "--min-size", 5, "--device", "cpu",
            "--no-split-touching", "--probabilities", "--tile", 32, *more,
        ]  # fmt: skip
        status = main(["predict", str(images), *map(str, options)])
        torch.set_num_threads(threads)
        return status

    return call


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def deadly():
    """What makes a process of a cluster end in the middle of the next image.

    A function within a function travels whole: the process need not load this module.
    """

    def die_in_the_middle():
        import os
        import signal

        from napari_unet.inference import worker

        def finish(job, listen):
            next(job)
            os.kill(os.getpid(), signal.SIGKILL)

        worker.finish = finish

    return die_in_the_middle


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_r9_1_the_same_to_the_bit_though_a_process_is_killed(client, call, tmp_path, capsys):
    assert call("--out", tmp_path / "here") == 0
    expected, said = contents(tmp_path / "here"), capsys.readouterr().out
    before = client.run(os.getpid)
    client.run(deadly(), workers=[next(iter(before))])
    there = tmp_path / "there"
    assert call("--out", there, "--scheduler", client.scheduler.address) == 0
    assert len(expected) > 8
    assert contents(there) == expected
    assert capsys.readouterr().out.replace(str(there), str(tmp_path / "here")) == said
    after = client.run(os.getpid)
    assert len(set(before.values()) & set(after.values())) == 1, "none was killed"


def test_r15_3_a_cluster_goes_on_where_it_was_interrupted(
    client, call, folder, tmp_path, monkeypatch, capsys
):
    images = tmp_path / "images"
    shutil.copytree(folder / "large.zarr", images / "large.zarr")
    assert call("--out", tmp_path / "here", images=images) == 0
    expected = contents(tmp_path / "here")

    there, answers, result = tmp_path / "there", [], cluster._result
    stop_at = [4]

    def interrupted(*arguments):
        if len(answers) in stop_at:
            raise KeyboardInterrupt
        answers.append(arguments)
        return result(*arguments)

    monkeypatch.setattr(cluster, "_result", interrupted)
    on_cluster = ("--out", there, "--scheduler", client.scheduler.address)
    assert call(*on_cluster, images=images) == 1
    done = json.loads((there / "large_unfinished.json").read_text())["finished"]
    assert 0 < len(done) <= 4
    stop_at.clear()
    answers.clear()
    assert call(*on_cluster, images=images) == 0
    assert len(answers) == TILES_OF_LARGE - len(done)
    assert f"going on with what was interrupted: {len(done)} tiles" in capsys.readouterr().err
    assert contents(there) == expected


def test_r15_3_an_image_that_fails_is_named_and_the_others_are_done(
    client, call, folder, tmp_path, capsys
):
    images = tmp_path / "images"
    images.mkdir()
    (images / "b.tif").write_bytes(b"II*\0 no picture")
    (images / "c.tif").write_bytes((folder / "c.tif").read_bytes())
    out = tmp_path / "out"
    assert call("--out", out, "--scheduler", client.scheduler.address, images=images) == 1
    assert {path.name for path in out.iterdir()} == {"c_masks.tif", "c_probabilities.tif"}
    complaints = capsys.readouterr().err
    assert "b.tif' cannot be read" in complaints
    assert "1 of 2 images failed" in complaints


def test_a_scheduler_that_is_not_there_is_said_in_a_sentence(call, tmp_path, monkeypatch, capsys):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "WAIT_S", 0.2)
    assert call("--out", tmp_path, "--scheduler", "tcp://127.0.0.1:1") == 1
    assert "There is no scheduler at 'tcp://127.0.0.1:1'; start" in capsys.readouterr().err


def test_without_distributed_a_sentence_says_what_to_install(call, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert call("--out", tmp_path, "--workers", 2) == 1
    assert "install napari-unet-finetune[cluster]." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("--workers", 0), "--workers"), (("--workers", 2, "--scheduler", "a"), "of its own")],
)
def test_a_wrong_call_is_refused(call, tmp_path, capsys, options, sentence):
    assert call("--out", tmp_path, *options) == 2
    assert sentence in capsys.readouterr().err
