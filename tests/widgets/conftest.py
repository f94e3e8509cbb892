import os
import sys

import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_unet.widgets import runner
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel
from tests.conftest import HAS_DISPLAY
from tests.session.fakes import FakeEngine, two_cells, write_card
from tests.widgets.hands import Hands, objects


@pytest.fixture(autouse=True)
def library(tmp_path, monkeypatch):
    """A library of one model that has a card and nothing else."""
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    monkeypatch.setattr("napari_unet.models.library.shipped_folder", lambda: tmp_path / "none")
    folder = tmp_path / "models"
    folder.mkdir()
    write_card(folder / "one.safetensors", "one")
    return folder


@pytest.fixture(autouse=True)
def _no_preferences(request, monkeypatch):
    """No test sees what another one left in napari's preferences."""
    if "plugin_settings" not in request.fixturenames:
        monkeypatch.setattr("napari_unet.widgets.preferences.get_plugin_settings", {}.__getitem__)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Nobody's hand needs time in a test."""
    monkeypatch.setattr("napari_unet.widgets.mask_maker._WAIT_MS", 1)


@pytest.fixture
def said():
    """What the user was told, newest last."""
    before = len(notification_manager.records)
    return lambda: [record.message for record in notification_manager.records[before:]]


@pytest.fixture
def loud(monkeypatch):
    """What would be told to the user fails the test."""

    def fail(error):
        raise error

    monkeypatch.setattr(runner, "report", fail)


@pytest.fixture
def hands(qapp, loud):
    hands = Hands.on((20, 30))
    hands.accept(objects())
    return hands


@pytest.fixture
def viewer(qapp):
    return ViewerModel()


@pytest.fixture
def engine(tmp_path):
    return FakeEngine(quick=True, folder=tmp_path)


@pytest.fixture
def desk(viewer, engine):
    desk = Desk(viewer, lambda: engine)
    yield desk
    desk.close()


@pytest.fixture
def image(viewer):
    return viewer.add_image(two_cells(), name="cells")


@pytest.fixture
def settled(desk, qtbot):
    """Wait until nothing runs any more."""

    def is_idle():
        return desk.session.wanted is None and not desk.maker.busy and desk._spare_time.idle

    return lambda: qtbot.waitUntil(is_idle, timeout=30_000)


@pytest.fixture
def segmented(desk, image, settled):
    """The work on an image of two cells that has been segmented."""
    desk.segment("all")
    settled()
    return desk.stage.work


@pytest.fixture
def panel(viewer, desk, qtbot):
    panel = Panel(viewer, desk)
    qtbot.addWidget(panel)
    panel.resize(400, 900)
    panel.show()
    return panel


@pytest.fixture
def real_viewer(make_napari_viewer):
    """A viewer with a window; where there is no display its pictures stay black."""
    if not HAS_DISPLAY:
        _do_without_gl()
    return make_napari_viewer()


def _do_without_gl():
    """Let vispy's visuals be made where there is no OpenGL; nothing is drawn then."""
    import napari._vispy.canvas
    import napari._vispy.layers.labels  # noqa: F401  (binds the names that are replaced)

    for name, module in list(sys.modules.items()):
        if name.startswith("napari._vispy"):
            if hasattr(module, "get_gl_extensions"):
                module.get_gl_extensions = lambda: ""
            if hasattr(module, "get_max_texture_sizes"):
                module.get_max_texture_sizes = lambda: (16384, 2048)
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
