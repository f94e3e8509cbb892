"""The last segmentation as a script: both are executed here, and make the very same mask."""

import ast
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from skimage.io import imsave

from napari_unet.cli import main
from napari_unet.images.axes import plane, spatial_shape
from napari_unet.images.classes import mask_of
from napari_unet.images.files import read_image
from napari_unet.images.fingerprint import fingerprint
from napari_unet.images.samples import cells
from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import write_model
from napari_unet.schema.input import InputSettings
from napari_unet.schema.settings import MaskSettings, PredictSettings
from napari_unet.session import script
from napari_unet.session.journal import Identity
from napari_unet.session.segmentation import NO_FILE, NOT_SEGMENTED, segmentation_of, why_not
from napari_unet.session.session import Session
from napari_unet.session.specimen import Specimen
from tests.models_for_tests import tiny_model
from tests.three_classes import brightness_model, three_classes

CPU = PredictSettings(device="cpu")
SHAPE = (64, 80)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A library of models of every kind."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    mask = MaskSettings(threshold=0.5, min_size_px=5, split_touching=False)
    models = {
        "grey": tiny_model(),
        "dark": tiny_model(seed=1),
        "nested": tiny_model("unet++", deep_supervision=True),
        "two": tiny_model(in_channels=2),
        "of classes": brightness_model(steps=80),
    }
    for name, model in models.items():
        shown = InputSettings(inverted=name == "dark", scale=0.5 if name == "dark" else 1)
        card = model.card.model_copy(update={"mask": mask, "input": shown})
        write_model(replace(model, card=card), home / "models" / f"{name}.safetensors")
    return home


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, home):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(home))
    monkeypatch.chdir(tmp_path)


class Window:
    """What the window does to a file: read it, segment it, make the mask."""

    def __init__(self, path, model, axes, channel=None, settings=CPU, mask=None, region=None):
        pixels = read_image(path)
        self.specimen = Specimen(fingerprint(pixels, axes), axes, spatial_shape(pixels.shape, axes))
        session = Session(InlineEngine)
        (entry,) = [one for one in session.models if one.name == model]
        session.choose(entry.card.id)
        session.failed.connect(pytest.fail)
        places = list(np.ndindex(self.specimen.shape[:-2]))
        self.planes = {at: plane(pixels, axes, i, channel) for i, at in enumerate(places)}
        session.segment(self.specimen, self.planes, settings, channel=channel, region=region)
        seen = next(iter(self.specimen.seen))
        middle = max(0.01, float(np.median(self.specimen.crop(seen))))
        self.settings = (mask or entry.card.mask).model_copy(update={"threshold": middle})
        self.path = path
        session.close()

    @property
    def masks(self):
        whole = np.zeros(self.specimen.shape, np.uint16)
        for at, (y0, x0, y1, x1) in self.specimen.seen.items():
            whole[at][y0:y1, x0:x1] = mask_of(self.specimen.crop(at), self.settings)
        return whole

    @property
    def done(self):
        seen = self.specimen
        identity = Identity(seen.image_id, str(self.path), seen.axes, seen.shape)
        return segmentation_of(identity, seen.last_run, self.settings)


def run_python(text):
    exec(compile(text, "<copied>", "exec"), {})
    return written()


def run_command(line):
    program, *words = shlex.split(line)
    assert program == "napari-unet"
    assert main(words) == 0
    return written()


def written():
    (path,) = Path("masks").iterdir()
    masks = tifffile.imread(path)
    path.unlink()
    return masks


def colour(path):
    grey = [cells(SHAPE, count=6, seed=seed)[0] for seed in range(3)]
    imsave(path, np.dstack(grey).astype(np.uint8), check_contrast=False)


def discs(path):
    tifffile.imwrite(path, three_classes(SHAPE)[0])


def stack(path, shape):
    planes = [cells(SHAPE, count=6, seed=seed)[0] for seed in range(int(np.prod(shape)))]
    tifffile.imwrite(path, np.reshape(planes, (*shape, *SHAPE)))


GREY = ("plain.tif", lambda path: stack(path, ()), "grey", "YX")
CASES = {
    "grey": GREY,
    "blue stain": ("my 'tissue' \"#1\".png", colour, "grey", "YXC", 3),
    "colour": ("Zellkörper ä.png", colour, "grey", "YXC"),
    "one channel": ("zc.tif", lambda path: stack(path, (3, 2)), "grey", "ZCYX", 1),
    "read in another way": ("zc.tif", lambda path: stack(path, (3, 2)), "grey", "CZYX", 2),
    "all channels": ("two.tif", lambda path: stack(path, (2,)), "two", "CYX"),
    "inverted": ("v1.2.tif", lambda path: stack(path, ()), "dark", "YX"),
    "classes": ("c.tif", discs, "of classes", "YX"),
    "settings": (
        *("-dash.tif", lambda path: stack(path, ()), "nested", "YX", None),
        PredictSettings(device="cpu", tile_px=32, head="L1", rotations=True),
        MaskSettings(min_size_px=40, split_touching=True),
    ),
    "objects of a class": (
        *("c.tif", discs, "of classes", "YX", None, CPU),
        MaskSettings(objects_of=2),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_r9_2_a_script_makes_the_very_same_mask(tmp_path, case):
    name, make, *rest = CASES[case]
    make(tmp_path / name)
    window = Window(tmp_path / name, *rest)
    assert window.masks.any()
    for masks in (
        run_python(script.as_python(window.done)),
        run_command(script.as_command(window.done)),
    ):
        np.testing.assert_array_equal(masks.reshape(window.masks.shape), window.masks)


def test_r9_2_of_a_part_python_makes_that_part(tmp_path):
    stack(tmp_path / "x.tif", ())
    window = Window(tmp_path / "x.tif", "grey", "YX", region=(10, 20, 50, 70))
    np.testing.assert_array_equal(run_python(script.as_python(window.done)), window.masks)
    assert not window.masks[:10].any()
    assert "not only what was in view" in script.command_note(window.done)


def test_r9_2_of_a_slice_python_makes_that_slice_and_the_command_all(tmp_path):
    stack(tmp_path / "z.tif", (7,))
    window = Window(tmp_path / "z.tif", "grey", "ZYX")
    done = replace(window.done, planes=(3,))
    text = script.as_python(done)
    assert "z_z003_masks.tif" in text
    np.testing.assert_array_equal(run_python(text), window.masks[3])
    np.testing.assert_array_equal(run_command(script.as_command(done)), window.masks)
    assert "all slices" in script.command_note(done)
    assert script.command_note(window.done) == ""


def test_r9_2_a_zarr_is_read_plane_by_plane(tmp_path):
    zarr = pytest.importorskip("zarr")
    pixels = np.stack([cells(SHAPE, count=6, seed=seed)[0] for seed in range(6)])
    zarr.save_array(tmp_path / "z.zarr", pixels)
    tifffile.imwrite(tmp_path / "z.tif", pixels)
    window = Window(tmp_path / "z.tif", "grey", "ZYX")
    window.path = tmp_path / "z.zarr"
    np.testing.assert_array_equal(run_python(script.as_python(window.done)), window.masks)
    assert main(shlex.split(script.as_command(window.done))[1:]) == 0
    found = zarr.open_array(tmp_path / "masks" / "z_masks.zarr", mode="r")
    np.testing.assert_array_equal(found[:], window.masks)


def test_only_what_is_not_as_usual_is_written(tmp_path):
    stack(tmp_path / "x.tif", ())
    done = Window(tmp_path / "x.tif", "grey", "YX").done
    usual = replace(done, settings=PredictSettings(), mask=done.card.mask)
    line = shlex.join(["napari-unet", "predict", str(tmp_path / "x.tif"), "--out", "masks"])
    assert script.as_command(usual) == f"{line} --model grey\n"
    assert "predict(pixels, model).probabilities" in script.as_python(usual)
    mask = MaskSettings(threshold=0.4, split_touching=False, min_size_px=5)
    changed = replace(usual, mask=mask, settings=PredictSettings(rotations=True))
    assert script.as_command(changed) == f"{line} --model grey --rotations --threshold 0.4\n"
    text = script.as_python(changed)
    assert "MaskSettings(threshold=0.4, min_size_px=5, split_touching=False)" in text
    assert "PredictSettings(rotations=True)" in text
    ast.parse(text)


def test_what_no_option_says_is_said(tmp_path):
    stack(tmp_path / "x.tif", ())
    done = Window(tmp_path / "x.tif", "of classes", "YX").done
    card = done.card.model_copy(update={"mask": MaskSettings(objects_of=1)})
    with pytest.raises(ValueError, match="--objects-of back: copy it as Python"):
        script.as_command(replace(done, card=card))


def test_on_windows_words_are_quoted_as_its_shells_want_it(monkeypatch):
    words = ["napari-unet", "predict", r"C:\my cells\a.tif"]
    assert script.joined(words) == shlex.join(words)
    monkeypatch.setattr("napari_unet.session.script.os.name", "nt")
    assert script.joined(words) == r'napari-unet predict "C:\my cells\a.tif"'


def test_an_image_without_file_or_mask_has_a_remedy(tmp_path):
    stack(tmp_path / "x.tif", ())
    run = Window(tmp_path / "x.tif", "grey", "YX").specimen.last_run
    assert why_not(None, "x.tif") == NOT_SEGMENTED
    assert why_not(run, "") == NO_FILE
    assert why_not(run, "x.tif") == ""


@pytest.mark.parametrize("other", [(64, 80), (80, 64), (2, 64, 80)])
def test_a_file_that_holds_another_image_is_refused(tmp_path, other):
    stack(tmp_path / "x.tif", ())
    window = Window(tmp_path / "x.tif", "grey", "YX")
    tifffile.imwrite(tmp_path / "x.tif", np.ones(other, np.uint8))
    with pytest.raises(ValueError, match=r"'x.tif' does not hold the image .* save the image"):
        _ = window.done


def test_a_model_that_is_not_found_by_its_name_is_named_by_its_file(tmp_path, home):
    stack(tmp_path / "x.tif", ())
    window = Window(tmp_path / "x.tif", "grey", "YX")
    elsewhere = tmp_path / "elsewhere.safetensors"
    elsewhere.write_bytes((home / "models" / "grey.safetensors").read_bytes())
    window.specimen.last_run = replace(window.specimen.last_run, model=elsewhere)
    assert window.done.model == str(elsewhere)
