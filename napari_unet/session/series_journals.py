"""Which images of a folder have been corrected, as far as their journals say."""

from __future__ import annotations

from pathlib import Path

from napari_unet.session.journal.file import generations
from napari_unet.session.journal.shelf import journals_folder, look


def corrected_in(folder: Path) -> frozenset[str]:
    """The names of images in a folder that somebody has corrected or confirmed something of."""
    shelf = journals_folder()
    newest = (generations(one)[-1:] for one in shelf.iterdir()) if shelf.is_dir() else ()
    found = [journal for paths in newest for path in paths if (journal := look(path)) is not None]
    done = [Path(one.identity.path) for one in found if one.corrections or one.confirmations]
    return frozenset(path.name for path in done if path.parent == folder)
