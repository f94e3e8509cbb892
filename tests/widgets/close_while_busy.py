"""A napari whose window is closed while the engine works; its process id goes to a file."""

import sys
from pathlib import Path

import napari
from qtpy.QtCore import QTimer

from napari_unet.jobs.engine.client import Engine
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel
from tests.session.fakes import CHECKED, two_cells


def main():
    viewer = napari.Viewer()
    desk = Desk(viewer, lambda: Engine(perform="tests.widgets.endless:perform"))
    desk.session.device = CHECKED  # so that no check of the device goes first
    viewer.window.add_dock_widget(Panel(viewer, desk))
    viewer.add_image(two_cells())

    def close(pid):
        Path(sys.argv[1]).write_text(pid)
        QTimer.singleShot(100, viewer.close)

    desk.session.noticed.disconnect()  # a notification would be printed, too
    desk.session.noticed.connect(close)
    QTimer.singleShot(0, lambda: desk.segment("view"))
    napari.run()


if __name__ == "__main__":
    main()
