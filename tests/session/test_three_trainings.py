"""Train three times, keep all, and go back to the first: nothing of it has changed."""

import numpy as np
import pytest

import napari_unet
from napari_unet.images.samples import cells
from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import read_model, write_model
from napari_unet.schema.correction import Correction
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.session.lineage import family
from napari_unet.session.session import Session
from tests.models_for_tests import tiny_model

QUICK = FineTuneSettings(device="cpu", steps=2, seconds=600, auto_input=False)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    monkeypatch.setattr("napari_unet.models.library.shipped_folder", lambda: tmp_path / "none")
    (tmp_path / "models").mkdir()
    write_model(tiny_model(), tmp_path / "models" / "tiny.safetensors")
    session = Session(InlineEngine)
    yield session
    session.close()


def test_r13_2_any_training_can_be_gone_back_to(session):
    image, labels = cells((96, 96), look="fluorescence", seed=1)
    known = np.ones(labels.shape, np.uint8)
    correction = Correction(image_id="a", image=image, labels=labels, known=known)

    def shown():
        model = read_model(session.model.path)
        return napari_unet.predict(image, model).probabilities

    base, kept = session.model.card, []
    first = None
    for settings in (QUICK, QUICK, QUICK.model_copy(update={"go_on": True})):
        session.fine_tune([correction], settings)
        kept.append(session.keep().card)
        first = shown() if first is None else first
    assert not np.array_equal(shown(), first)
    assert [card.parent for card in kept] == [base.id, base.id, kept[1].id]
    assert [card.training.chosen for card in kept] == [None, kept[0].id, None]
    tree = [(one.entry.card.id, one.generation) for one in family(session.models, kept[2])]
    assert tree == [(base.id, 0), (kept[0].id, 1), (kept[1].id, 1), (kept[2].id, 2)]

    session.choose(kept[0].id)
    np.testing.assert_array_equal(shown(), first)
