"""The verbs of the panel without a window: ``napari-unet predict``, ``train``, ``fine-tune`` ...

Nothing here knows how things are done; it reads a call, shows progress and prints results.
"""

from napari_unet.cli.app import main

__all__ = ["main"]
