"""Several processes train one network together, as one process would."""

import subprocess
import sys
from pathlib import Path

import pytest
import tifffile
import torch

from napari_unet.augment.share import Share
from napari_unet.images.samples import cells
from napari_unet.models.archive import read_model
from napari_unet.schema.settings import AugmentSettings
from napari_unet.training.distributed import ALONE, World, is_one_of_many, together
from napari_unet.training.examples import make_example
from napari_unet.training.patches import PatchSampler
from tests.torchrun_for_tests import ENDLESS, MISFORTUNE, SEVERAL_CLASSES, learn, long_floats

ROOT = Path(__file__).parents[2]
LONGEST_S = 300


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Two processes on the CPU that have trained, and in the end failed; what they left."""
    folder = tmp_path_factory.mktemp("together")
    image, labels = cells((64, 64), count=6, seed=0)
    tifffile.imwrite(folder / "a.tif", image)
    tifffile.imwrite(folder / "a_masks.tif", labels)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command = [*torchrun, "-m", "tests.torchrun_for_tests", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=-1, stderr=-1, text=True) as running:
        try:
            said, complained = running.communicate(timeout=LONGEST_S)
        finally:
            running.terminate()  # it takes its processes with it
    return folder, running.returncode, said, complained


@pytest.fixture(scope="module")
def reached(ended):
    """What each of the two has reached."""
    folder, _, _, complained = ended
    assert (folder / "1.pt").exists(), complained
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


@pytest.mark.parametrize("more", [{"name": "unet"}, SEVERAL_CLASSES])
def test_two_processes_learn_what_one_does(reached, more):
    with long_floats():
        alone = learn(ALONE, **more)
    first, second = (found[more["name"]] for found in reached)
    assert all(torch.equal(first[name], second[name]) for name in first)
    for name, value in alone.items():
        torch.testing.assert_close(first[name], value, rtol=1e-5, atol=1e-7)


def test_r13_3_together_an_interrupted_run_goes_on_and_one_process_writes(reached):
    first, second = reached
    assert first["writes"] > 0
    assert second["writes"] == 0
    for found in reached:
        assert all(
            torch.equal(found["resumed"][name], found["unet"][name]) for name in found["unet"]
        )


def test_the_first_process_decides_when_to_stop(reached):
    first, second = reached
    assert first["stopped"] == second["stopped"] == 3
    assert first["timed"] == second["timed"] < ENDLESS


def test_the_first_process_judges_for_all(reached):
    assert [found["asked"] for found in reached] == [4, 0]
    assert [found["patient"] for found in reached] == [4, 4]
    assert [found["best"] for found in reached] == [0.6, 0.6]


def test_what_is_no_number_in_one_process_ends_all_with_the_last_good_state(reached):
    assert [found["seen"] for found in reached] == [2, 2]
    for found in reached:
        assert all(torch.isfinite(value).all() for value in found["last good"].values())


def test_train_writes_and_says_everything_once(ended):
    folder, _, said, _ = ended
    assert (folder / "good0.status").read_text() == (folder / "good1.status").read_text() == "0"
    assert read_model(folder / "good.safetensors").parameters
    assert said.count("3 steps on 1 image ->") == 1


def test_an_error_in_one_process_ends_all_with_one_sentence(ended):
    folder, status, _, complained = ended
    assert status != 0
    assert complained.count("napari-unet: ") == complained.count(f"napari-unet: {MISFORTUNE}") == 1
    assert (folder / "bad1.status").read_text() == "1"
    assert not (folder / "bad.safetensors").exists()


@pytest.mark.parametrize("elastic_px", [0, 5])
def test_the_shares_are_the_batch(elastic_px):
    examples = [make_example(*cells((64, 80), seed=seed)) for seed in (0, 1, 2)]
    settings = AugmentSettings(elastic_px=elastic_px)

    def drawn(share):
        return PatchSampler(
            examples, batch=6, patch_px=24, settings=settings, seed=4, margin_px=2, share=share
        ).draw(3)

    whole = drawn(Share())
    for rank in range(3):
        for part, of_all in zip(drawn(Share(rank, 3)), whole, strict=True):
            torch.testing.assert_close(part, of_all[2 * rank : 2 * rank + 2])


def test_a_batch_that_cannot_be_divided_is_refused():
    with pytest.raises(ValueError, match="a multiple of 3"):
        PatchSampler(
            [make_example(*cells((64, 64)))], batch=4, patch_px=24, settings=AugmentSettings(),
            share=World(0, 3).share,
        )  # fmt: skip


def test_without_torchrun_there_is_nobody_to_wait_for(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")  # a queue of jobs may set it for reasons of its own
    assert not is_one_of_many()
    with together("cpu") as world:
        assert world is ALONE
        assert not torch.distributed.is_initialized()
    part = torch.ones(2)
    assert ALONE.whole(part) is part
    assert ALONE.replica(part) is part
