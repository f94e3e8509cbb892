"""``napari-unet demo``."""

from __future__ import annotations

PLUGIN = "napari-unet-finetune"
SAMPLE = "immunohistochemistry"
PANEL = "Segment, correct, fine-tune"


def demo() -> None:
    """Open napari on a real microscopy image, with the panel docked and a starter model chosen."""
    import napari

    viewer = napari.Viewer()
    viewer.open_sample(PLUGIN, SAMPLE)
    viewer.window.add_plugin_dock_widget(PLUGIN, PANEL)
    napari.run()
