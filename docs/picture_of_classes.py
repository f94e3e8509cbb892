"""Take the picture of a mask of classes from the running program.

``xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX" python -m docs.picture_of_classes`` trains
a small model on synthetic cells that have a nucleus and a cytoplasm, half a minute, then segments
others with it in the window and takes the brush with one class. What it sees is saved in
``docs/images``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import napari
import numpy as np
from napari.settings import get_settings
from qtpy.QtCore import QTimer
from scipy import ndimage

from docs.pictures import PICTURES, PLUGIN, WINDOW_PX, picture
from napari_unet.images.samples import cells
from napari_unet.models.archive import write_model
from napari_unet.schema.events import finish
from napari_unet.schema.settings import NetworkSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.new_model import new_model
from tests.widgets.loop_in_window import User

NAMES = ("background", "cytoplasm", "nucleus")
SIDE_PX = 384
STEPS = 250


def cells_of_two_parts(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Nuclei with dim, uneven cytoplasm around them: the image, and the class of each pixel."""
    nuclei, labels = cells((SIDE_PX, SIDE_PX), count=26, seed=seed)
    random = np.random.default_rng(seed)
    uneven = ndimage.gaussian_filter(random.normal(size=labels.shape), 9)
    away = ndimage.distance_transform_edt(labels == 0)
    is_cell = away < 15 + 60 * uneven
    classes = np.where(labels > 0, 2, np.where(is_cell, 1, 0)).astype(np.uint8)
    texture = 1 + 0.35 * ndimage.gaussian_filter(random.normal(size=labels.shape), 1.5) / 0.19
    bright = np.ptp(nuclei.astype(np.float32))
    cytoplasm = ndimage.gaussian_filter(0.22 * bright * texture * is_cell, 1.0)
    return (nuclei + cytoplasm).astype(np.float32), classes


def train(path: Path) -> None:
    """Teach a small model three classes."""
    settings = TrainSettings(steps=STEPS, batch=4, patch_px=128, device="cpu", learning_rate=3e-3)
    examples = [make_example(*cells_of_two_parts(seed), classes=3) for seed in range(6)]
    shape = NetworkSettings(features=12, depth=4, classes=3)
    said = {"name": "Nucleus and cytoplasm", "class_names": NAMES}
    said["description"] = "Synthetic cells in fluorescence."
    write_model(finish(new_model("unet", shape, settings, examples, **said)), path)


def walk(user: User) -> Iterator[Callable[[], bool]]:
    """Open, segment, take a class into the brush; a picture at the end."""
    viewer = user.viewer
    viewer.window.resize(*WINDOW_PX)
    viewer.window.add_plugin_dock_widget(PLUGIN, "Segment, correct, fine-tune")
    viewer.add_image(cells_of_two_parts(99)[0], name="cells")
    from napari_unet.widgets.desk import desk_of
    from napari_unet.widgets.panel import Panel

    desk = desk_of(viewer)
    (panel,) = viewer.window._qt_window.findChildren(Panel)
    (entry,) = [one for one in desk.session.models if one.card.classes == len(NAMES)]
    desk.session.choose(entry.card.id)

    def idle() -> bool:
        return desk.session.wanted is None and not desk.maker.busy

    yield lambda: desk.session.device is not None and idle()
    viewer.reset_view()
    user.click(panel.segment.run)
    yield lambda: desk.stage.work is not None and idle()
    user.click(panel.correct.classes.classes[1])
    yield from picture(viewer, "classes")


def main() -> None:
    """Train, walk, close."""
    get_settings().application.gui_notification_level = "error"
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as home:
        os.environ["NAPARI_UNET_HOME"] = home
        (Path(home) / "models").mkdir()
        train(Path(home) / "models" / "classes.safetensors")
        viewer = napari.Viewer()
        user = User(viewer, walk)
        QTimer.singleShot(600_000, viewer.close)
        napari.run()
    if user.problem:
        raise SystemExit(user.problem)


if __name__ == "__main__":
    main()
