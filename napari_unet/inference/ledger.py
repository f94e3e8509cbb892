"""Which tiles of a prediction are on the disk, so that an interrupted one goes on where it was."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from napari_unet.disk import write_text
from napari_unet.schema.prediction import Box

EVERY_S = 1.0
"""A crash costs the tiles of so long; to list all of them after each could take as long as it."""


class Ledger:
    """What is finished of a run, in a file; of another run nothing is.

    Parameters
    ----------
    path
        The file; it need not be there.
    run
        All that the result depends on, as JSON takes it.
    """

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self._path = path
        self._run = json.loads(json.dumps(run))
        self.finished: set[tuple[int, Box]] = set()
        """Planes and the boxes in them."""
        self.highest = 0.0
        """The highest probability in them."""
        self.classes: set[int] = set()
        """Those that are in the mask there, where it holds classes."""
        self._written = -math.inf
        self._take_up()

    def note(self, plane: int, box: Box, highest: float, classes: Iterable[int] = ()) -> None:
        """Write down, soon, that a tile is on the disk, and what was found in it."""
        self.finished.add((plane, box))
        self.classes.update(classes)
        self.highest = max(self.highest, highest)
        if monotonic() - self._written >= EVERY_S:
            self.write()

    def write(self) -> None:
        """Write down all that was noted."""
        self._written = monotonic()
        done = [[at, *place] for at, place in sorted(self.finished)]
        found = {"highest": self.highest, "classes": sorted(self.classes), "finished": done}
        write_text(self._path, json.dumps({"run": self._run, **found}))

    def begin_anew(self) -> None:
        """Nothing is finished."""
        self.finished, self.highest, self.classes = set(), 0.0, set()

    def remove(self) -> None:
        """The run has come to its end."""
        self._path.unlink(missing_ok=True)

    def _take_up(self) -> None:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if found["run"] != self._run:
                return
            self.finished = {(at, (a, b, c, d)) for at, a, b, c, d in found["finished"]}
            self.highest, self.classes = float(found["highest"]), set(found["classes"])
        except (OSError, ValueError, KeyError, TypeError):
            self.begin_anew()  # there is none, or it is damaged
