"""The private folder of whoever runs jobs: arrays on their way, and the files jobs have made."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Self


class JobFolder:
    """A temporary folder with a room for arrays and one for new models.

    Parameters
    ----------
    path
        Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.arrays = path / "arrays"
        """Arrays on their way from one process to the other; emptied after each job."""
        self.made = path / "made"
        """New models, until they are kept or the folder is removed."""
        self.log = path / "engine.log"
        """What the engine's process prints."""

    @classmethod
    def create(cls) -> Self:
        """Make a new one that only this user can read."""
        folder = cls(Path(tempfile.mkdtemp(prefix="napari-unet-")))
        folder.arrays.mkdir()
        folder.made.mkdir()
        return folder

    def empty_arrays(self) -> None:
        """Delete what the last job has read, and what nobody fetched because it was killed."""
        for path in self.arrays.glob("*.npy"):
            try:
                path.unlink()
            except OSError:  # Windows keeps a file that the engine still maps; `remove` gets it
                continue

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
