"""Patches are shown as training draws them, before anything is learnt."""

import numpy as np
import pytest

from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.events import Patches, Progress
from napari_unet.schema.requests import Previewed, PreviewRequest
from napari_unet.widgets.panel import Panel
from napari_unet.widgets.patches import OUTLINE, PatchGrid, patch_picture
from tests.session.fakes import FakeEngine


@pytest.fixture
def engine(tmp_path):
    """Answers at once, but draws patches only when it is told to."""

    class Slow(FakeEngine):
        def work(self):
            if not isinstance(self.requests[-1], PreviewRequest):
                super().work()

    return Slow(quick=True, folder=tmp_path)


@pytest.fixture
def panel(viewer, desk, segmented, settled, qtbot):
    panel = Panel(viewer, desk)
    qtbot.addWidget(panel)
    panel.resize(400, 900)
    panel.show()
    segmented.corrector.confirm_view()
    settled()
    return panel


@pytest.fixture
def sees(panel, desk, qtbot):
    panel.fine_tune.what_counts.fold.click()
    qtbot.waitUntil(lambda: desk.session.device is not None and desk.session.wanted is None)
    return panel.fine_tune.what_it_sees


def patches(replayed=0):
    images = np.linspace(0, 1, 9 * 32 * 32, dtype=np.float32).reshape(9, 1, 32, 32)
    targets = np.zeros((9, 32, 32), np.uint8)
    targets[:, 8:24, 8:24] = 1
    weight_maps = np.ones((9, 32, 32), np.float32)
    return Patches(images=images, targets=targets, weight_maps=weight_maps, replayed=replayed)


def test_it_asks_as_the_next_fine_tuning_would(sees, desk, engine):
    loss = desk.teacher.settings.loss.model_copy(update={"sigma_px": 3.0})
    desk.teacher.use(desk.teacher.settings.model_copy(update={"loss": loss}))
    sees.show_patches.click()
    asked = engine.requests[-1]
    assert isinstance(asked, PreviewRequest)
    assert asked.settings.loss.sigma_px == 3
    assert asked.settings.device == desk.predict_settings.device
    (correction,) = asked.corrections
    assert correction.known.all()


def test_it_shows_how_far_it_is_then_the_patches_and_then_none(sees, desk, engine, qtbot):
    sees.show_patches.click()
    assert desk.teacher.why_not() == "Drawing patches …"
    engine.say(Progress(phase="input", done=2, total=8))
    qtbot.waitUntil(lambda: sees.running.text.text() == "Trying inputs 3 of 8")
    assert not sees.show_patches.isVisible()
    engine.say(patches(replayed=3))
    engine.end(Done(result=Previewed(sentence="objects are dark: inverted")))
    qtbot.waitUntil(sees.new.isVisible)
    assert (sees.new.count, sees.old.count) == (6, 3)
    assert sees.old.isVisible()
    assert sees.input.text() == "Input: objects are dark: inverted."
    assert not sees.running.isVisible()
    assert sees.new.height() == pytest.approx(sees.new.width() * 2 / 3, abs=4)
    sees.show_patches.click()
    assert not sees.new.isVisible()
    assert not sees.old.isVisible()
    assert not sees.meaning.isVisible()
    assert sees.show_patches.text() == "Show what it sees"


def test_without_a_replay_pack_all_are_from_the_corrections(sees, engine, qtbot):
    sees.show_patches.click()
    engine.say(patches())
    engine.end(Done(result=Previewed(sentence="as the model expects")))
    qtbot.waitUntil(sees.new.isVisible)
    assert sees.new.count == 9
    assert not sees.old.isVisible()


@pytest.mark.parametrize("end", [Cancelled(), Failed(sentence="No.", details="")])
def test_what_is_stopped_or_fails_shows_nothing(sees, engine, qtbot, end, said):
    sees.show_patches.click()
    engine.end(end)
    qtbot.waitUntil(sees.show_patches.isVisible)
    assert not sees.new.isVisible()
    assert sees.show_patches.isEnabled()


def test_before_anything_is_confirmed_it_says_what_to_do(viewer, desk, qtbot, image):
    panel = Panel(viewer, desk)
    qtbot.addWidget(panel)
    panel.show()
    panel.fine_tune.what_counts.fold.click()
    sees = panel.fine_tune.what_it_sees
    assert not sees.show_patches.isEnabled()
    assert sees.reason.text().startswith("Confirm a region first")


def test_a_picture_outlines_what_is_to_be_found_and_veils_what_does_not_count():
    image = np.full((1, 64, 64), 0.8, np.float32)
    target = np.zeros((64, 64), np.uint8)
    target[16:48, 16:48] = 1
    counts = np.ones((64, 64), np.float32)
    counts[:, 40:] = 0
    picture = patch_picture(image, target, counts, 128)
    assert tuple(picture[64, 32]) == OUTLINE
    assert tuple(picture[64, 64]) == (204, 204, 204)
    assert tuple(picture[64, 100]) == (96, 102, 127)
    assert not (picture[:, 90:] == OUTLINE).all(axis=2).any(), "nothing is asked where it is veiled"
    colours = np.stack([np.full((64, 64), level, np.float32) for level in (1, 0.5, 0)])
    assert tuple(patch_picture(colours, target, counts, 64)[2, 2]) == (255, 127, 0)


def test_the_grid_is_as_wide_as_there_is_room(qtbot):
    grid = PatchGrid()
    qtbot.addWidget(grid)
    grid.show()
    grid.show_patches(patches(), range(9))
    for width in (200, 398):
        grid.resize(width, 10)
        assert grid.height() == 3 * ((width - 8) // 3) + 8
    assert not grid.grab().isNull()
