"""Masks and corrections as plain files: what goes out, and what comes in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from napari.layers import Image
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_unet.images.lazy import whole
from napari_unet.schema.arrays import ArrayLike
from napari_unet.session import wording
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.exchange import (
    Exported,
    Imported,
    corrected_planes,
    export,
    export_masks,
    read_masks,
)
from napari_unet.session.specimen import Specimen
from napari_unet.session.verdicts import imported
from napari_unet.widgets import layers
from napari_unet.widgets.bench import Work
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.parts import beside, button
from napari_unet.widgets.runner import Latest, guarded, tell

Ask = Callable[[QWidget], str]
"""Asks the user for a file or folder; "" if they want none."""


def ask_where(parent: QWidget) -> str:
    """Let the user choose a folder to save to."""
    return str(QFileDialog.getExistingDirectory(parent, "Save in a folder"))


def ask_which(parent: QWidget) -> str:
    """Let the user choose a file of masks."""
    kinds = "Masks (*.tif *.tiff *.png *.npy *.bmp *.gif)"
    return str(QFileDialog.getOpenFileName(parent, "Masks for this image", filter=kinds)[0])


class ExchangeRow(QWidget):
    """Saves masks and corrections as plain files, and reads masks that were made elsewhere.

    Parameters
    ----------
    desk
        Has the image.
    ask_where, ask_which
        Ask for the folder to save to, and for the file to read.
    """

    def __init__(
        self,
        desk: Desk,
        ask_where: Ask = ask_where,
        ask_which: Ask = ask_which,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._ask_where, self._ask_which = ask_where, ask_which
        self._later, self._saving = Latest(0, self), Latest(0, self)
        self.masks = button(
            "Export masks …",
            "Save the mask as a TIFF file; of objects also their outlines, as ROIs for ImageJ,\n"
            "and a table (CSV) of what is measured of each.",
        )
        self.export = button(
            "Export corrections …",
            "Save image, masks and what is known of each pixel as TIFF files, plane by plane.",
        )
        self.read = button(
            "Import masks …",
            "Take masks that were made elsewhere: numbered objects, black and white, or colours.",
        )
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(beside(self.masks, self.read))
        rows.addWidget(self.export)
        self.masks.clicked.connect(self._on_masks_clicked)
        self.export.clicked.connect(self._on_export_clicked)
        self.read.clicked.connect(self._on_read_clicked)
        desk.changed.connect(self.refresh)
        self.refresh()

    @guarded
    def refresh(self) -> None:
        """Let those buttons be pressed that can do something."""
        stage = self._desk.stage
        work = stage.work
        self.masks.setEnabled(work is not None and work.results.masks is not None)
        self.export.setEnabled(work is not None and any(work.specimen.history.tally))
        self.read.setEnabled(stage.image is not None)

    def _to_save(self) -> tuple[Work, Image, Path] | None:
        """The work to save, its image and the folder for it; None where one of them is missing."""
        work, folder = self._desk.stage.work, self._ask_where(self)
        image = work.results.image if work is not None else None
        if work is None or image is None or not folder:
            return None
        return work, image, Path(folder)

    @guarded
    def _on_masks_clicked(self) -> None:
        wanted = self._to_save()
        if wanted is None:
            return
        work, image, folder = wanted
        save = partial(
            export_masks,
            folder,
            image.name,
            np.array(work.specimen.labels),
            layers.origin_of(image),
            work.reading.axes,
            work.reading.channel,
            work.specimen.classes,
        )
        self._saving.ask(save, self._tell_files, at_once=True)

    def _tell_files(self, files: list[Path]) -> None:
        tell(wording.files_text(files))

    @guarded
    def _on_export_clicked(self) -> None:
        wanted = self._to_save()
        if wanted is None:
            return
        work, image, folder = wanted
        specimen = work.specimen
        labels, states = np.array(specimen.labels), specimen.history.states.copy()
        planes = corrected_planes(states)
        pixels = dict(zip(planes, layers.snapshot(image, work.reading, planes), strict=True))
        image_of = partial(_pixels, pixels)
        save = partial(export, folder, image.name, specimen.axes, labels, states, image_of)
        self._later.ask(save, partial(self._tell_saved, folder), at_once=True)

    def _tell_saved(self, folder: Path, exported: Exported) -> None:
        tell(wording.exported_text(len(exported.triples), folder, exported.note))

    @guarded
    def _on_read_clicked(self) -> None:
        path = self._ask_which(self)
        if path:
            work = self._desk.stage.begin()
            read = partial(read_masks, Path(path), work.specimen.shape, work.specimen.classes)
            self._later.ask(read, partial(self._take, work.specimen), at_once=True)

    def _take(self, specimen: Specimen, masks: Imported) -> None:
        work = self._desk.stage.bench.work_on(specimen)
        if work is None:
            tell("The image was closed or replaced meanwhile: import the masks once more.")
            return
        before = np.asarray(specimen.labels)
        work.results.show_masks()
        work.corrector.recorder.do(imported(specimen.history, before, masks.labels, masks.states))


def _pixels(of: dict[PlaneIndex, ArrayLike], plane: PlaneIndex) -> np.ndarray:
    return whole(of[plane])
