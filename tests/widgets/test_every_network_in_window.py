"""A model of every network of the catalogue works in the panel, from its file to the mask."""

import pytest

from napari_unet.images.samples import cells
from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import write_model
from napari_unet.networks.build import network_settings
from napari_unet.schema.catalog import NETWORKS
from napari_unet.schema.events import finish
from napari_unet.schema.settings import (
    FineTuneSettings,
    LossSettings,
    MaskSettings,
    PredictSettings,
    TrainSettings,
)
from napari_unet.schema.settings.training import UNTIL_TIME_IS_UP
from napari_unet.session.heads import heads_of
from napari_unet.training.examples import make_example
from napari_unet.training.new_model import new_model
from napari_unet.widgets.panel import Panel
from tests.networks.test_networks import fixed, tiny

IMAGE, LABELS = cells((48, 40), count=3, seed=0)
STEP = TrainSettings(steps=1, batch=1, patch_px=32, device="cpu")
EVERYTHING = MaskSettings(threshold=0.01, min_size_px=0, split_touching=False)


@pytest.fixture
def engine():
    return InlineEngine()


@pytest.fixture
def panel(viewer, desk, qtbot):
    viewer.add_image(IMAGE, name="cells")
    desk.use_predict_settings(PredictSettings(device="cpu", tile_px=32))
    panel = Panel(viewer, desk)
    qtbot.addWidget(panel)
    return panel


def keep_tiny(library, name):
    """Train a tiny model of a network for a step, and keep it in the library."""
    wanted = tiny(name, normalization="layer", deep_supervision=True)
    job = new_model(
        name,
        network_settings(name, **wanted),
        STEP,
        [make_example(IMAGE, LABELS)],
        name=f"tiny {name}",
        mask=EVERYTHING,
    )
    write_model(finish(job), library / "tiny.safetensors")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_model_of_every_network_segments(panel, desk, library, settled, name):
    keep_tiny(library, name)
    desk.session.refresh_models()
    models = panel.segment.model
    models.activated.emit(models.findText(f"tiny {name}"))
    heads = panel.segment.predict.editor("head")
    assert heads.isEnabled() == ("deep_supervision" not in fixed(name))
    assert heads.isEnabled() == bool(heads_of(desk.card))
    assert heads.isEnabled() or "one head" in heads.toolTip()
    panel.segment.run.click()
    settled()
    specimen = desk.stage.work.specimen
    assert (specimen.probabilities[0] > 0).all(), "every pixel was predicted"
    assert desk.stage.work.results.labels(()).max() > 0


def test_a_new_network_is_taught_judged_and_kept_in_the_window(panel, desk, library, settled):
    keep_tiny(library, "unet")
    desk.session.refresh_models()
    models = panel.segment.model
    models.activated.emit(models.findText("tiny unet"))
    panel.segment.run.click()
    settled()
    desk.stage.work.corrector.confirm_view()
    settled()
    loss = LossSettings(loss="bce+dice")
    desk.teacher.use(FineTuneSettings(network="unet++", loss=loss, seconds=1))
    panel.fine_tune.run.click()
    settled()
    candidate = desk.session.candidate
    assert (candidate.card.name, candidate.card.parent) == ("UNet++ (new)", None)
    assert candidate.card.recipe["loss"]["loss"] == "bce+dice"
    assert candidate.card.recipe["steps"] == UNTIL_TIME_IS_UP
    assert candidate.proof.sentence.startswith(panel.fine_tune.card.verdict.text())
    panel.fine_tune.card.keep.click()
    settled()
    assert models.currentText() == "UNet++ (new)"
    assert panel.segment.predict.editor("head").isEnabled()
    assert desk.teacher.settings.network is None
