"""What cannot be done is refused in one sentence, and told apart from a wrong call."""

import numpy as np
import pytest
import tifffile
from skimage.io import imsave


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
        ("predict images/a.tif --out o --model tiny.safetensors --channel 2", "no channel 2"),
        ("predict images/a.tif --out o --model tiny.safetensors --head L1", "one head"),
        ("evaluate --model tiny.safetensors --images images --labels empty", "holds no images"),
        ("train --network unet --images images --labels labels --out n.safetensors "
         "--deep-supervision", "leave it out, or choose the network unet++."),
        ("evaluate --model tiny.safetensors --images images --labels fewer", "has no labels"),
        ("evaluate --model tiny.safetensors --images nowhere --labels labels", "no folder"),
        ("evaluate --model tiny.safetensors --images stack", "a stack of 7 planes"),
        ("evaluate --model tiny.safetensors --images images", "same name with '_masks' behind it"),
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
    *_, line = complaint.split("\r")[-1].splitlines()  # before it may be warnings, or a wiped bar
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
    for name in ("s", "s_masks"):
        tifffile.imwrite(made / f"stack/{name}.tif", np.ones((7, 64, 80), np.uint8))
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
        ("train --network unet --images images --labels labels --out n --val-labels labels",
         "--val-images"),
        ("predict images/a.tif --out o --model tiny.safetensors --objects-of 1", "leave it out"),
        ("evaluate --images images --labels labels --model tiny.safetensors --objects-of 0",
         "--objects-of is for models of classes"),
        ("fine-tune --images images --labels labels --out n --seconds -1", "--seconds cannot be"),
        ("evaluate --labels labels", "--images requires an argument"),
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
