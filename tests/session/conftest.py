import pytest

from tests.session.fakes import FakeEngine, write_card


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of two models that have a card and nothing else."""
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    monkeypatch.setattr("napari_unet.models.library.shipped_folder", lambda: tmp_path / "none")
    folder = tmp_path / "models"
    folder.mkdir()
    return [write_card(folder / f"{name}.safetensors", name) for name in ("one", "two")]


@pytest.fixture
def engine():
    return FakeEngine()
