"""A folder of annotated images with tiny models, and a way to call the program in it."""

import numpy as np
import pytest
import tifffile

import napari_unet
from napari_unet.cli import main
from napari_unet.images.samples import cells
from napari_unet.models.archive import write_model
from napari_unet.models.model import Model
from napari_unet.schema.settings import MaskSettings
from tests.models_for_tests import tiny_model


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
