"""``napari-unet demo``."""

from __future__ import annotations

import os
import sys

PLUGIN = "napari-unet-finetune"
SAMPLE = "immunohistochemistry"
PANEL = "Segment, correct, fine-tune"
WINDOW_PX = (1440, 900)
SETTLED_MS = 300


def demo() -> None:
    """Open napari on a real microscopy image, with the panel docked and a starter model chosen."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        raise ValueError("There is no screen here: run the demo on a desktop, or under xvfb-run.")
    import napari

    try:
        from qtpy.QtCore import QTimer

        viewer = napari.Viewer()
    except ImportError as error:
        raise ValueError(
            f"napari finds no Qt to open a window with: pip install '{PLUGIN}[pyqt5]'."
        ) from error
    viewer.window.resize(*WINDOW_PX)
    viewer.window.add_plugin_dock_widget(PLUGIN, PANEL)
    viewer.open_sample(PLUGIN, SAMPLE)
    QTimer.singleShot(SETTLED_MS, viewer.reset_view)  # only then is the canvas as large as it stays
    napari.run()
