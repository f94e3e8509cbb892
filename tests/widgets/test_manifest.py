import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from npe2 import PluginManager, PluginManifest

import napari_unet
from napari_unet.schema.settings import FineTuneSettings, LossSettings, PredictSettings
from napari_unet.widgets.forms import bound
from napari_unet.widgets.preferences import PLUGIN, remember, remembered

PATH = Path(napari_unet.__file__).parent / "napari.yaml"
CATEGORIES = {
    "prediction": PredictSettings,
    "fine_tuning": FineTuneSettings,
    "loss": LossSettings,
}


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_file(PATH)


def declared():
    contributions = PluginManifest.from_file(PATH).contributions
    for category, content in contributions.configurations.items():
        for name, declaration in content.properties.items():
            yield pytest.param(category, name, declaration, id=f"{category}.{name}")


@pytest.mark.parametrize(("category", "name", "declaration"), list(declared()))
def test_what_outlives_the_window_is_declared_once(category, name, declaration):
    """Default, bounds, title and help in the manifest are those of the record of settings."""
    field = CATEGORIES[category].model_fields[name]
    assert declaration.default == field.default
    assert declaration.title == field.title
    assert declaration.description == field.description
    assert (declaration.enum or []) == list(get_args(field.annotation))
    assert declaration.minimum == bound(field, "ge")
    assert declaration.exclusive_minimum == bound(field, "gt")
    assert declaration.maximum == bound(field, "le")


def test_the_menus_have_what_they_should(manifest):
    assert manifest.display_name == "U-Net"
    contributions = manifest.contributions
    titles = {widget.command: widget.display_name for widget in contributions.widgets}
    assert titles["napari-unet-finetune.panel"] == "Segment, correct, fine-tune"
    commands = [item.command for item in contributions.menus["napari/layers/segment"]]
    assert commands == ["napari-unet-finetune.panel"]
    assert {sample.key for sample in contributions.sample_data} >= {"immunohistochemistry", "cell"}


def test_every_command_can_be_imported():
    """As ``npe2 validate --imports`` does, which plain validation does not."""
    run = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", "--imports", PLUGIN],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_samples_open_as_layers(manifest):
    names = {command.id: command.python_name for command in manifest.contributions.commands}
    for sample in manifest.contributions.sample_data:
        module, _, function = names[sample.command].partition(":")
        made = getattr(import_module(module), function)()
        assert made[0][2] == "image"
        assert made[0][0].ndim >= 2


@pytest.fixture
def _installed(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_file(PATH))


@pytest.mark.usefixtures("_installed")
def test_settings_outlive_the_window():
    assert remembered(PredictSettings(), "prediction") == PredictSettings()
    settings = PredictSettings(device="cpu", tile_px=256, rotations=True)
    remember(settings, "prediction")
    remember(FineTuneSettings(seconds=33), "fine_tuning")
    assert remembered(PredictSettings(), "prediction") == settings
    assert remembered(FineTuneSettings(seed=4), "fine_tuning") == FineTuneSettings(
        seconds=33, seed=4
    )


def test_without_the_plugin_installed_settings_are_the_defaults():
    remember(PredictSettings(tile_px=256), "prediction")
    assert remembered(PredictSettings(), "prediction") == PredictSettings()
    assert PluginManager.instance() is not None
