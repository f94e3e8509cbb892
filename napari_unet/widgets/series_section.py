"""The section above the others: a folder of images, and the way through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_unet.session import wording
from napari_unet.session.series import Series
from napari_unet.widgets.parts import Explanation, beneath, beside, button
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.series_list import SeriesList
from napari_unet.widgets.series_opener import NEXT_KEY, PREVIOUS_KEY, SeriesOpener

Ask = Callable[[QWidget], str]
"""Asks the user for a folder; "" if they want none."""


def ask_for_folder(parent: QWidget) -> str:
    """Let the user choose a folder; "" if they want none."""
    return str(QFileDialog.getExistingDirectory(parent, "A folder of images"))


class SeriesSection(QWidget):
    """One line that opens a folder; then where one is in it, and the way on.

    Parameters
    ----------
    opener
        Goes from image to image.
    ask
        Asks for the folder.
    """

    def __init__(
        self, opener: SeriesOpener, ask: Ask = ask_for_folder, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._opener = opener
        self._ask = ask
        self.open = button(
            "Open a folder of images …",
            "Work through all images of a folder, one after another; everything is saved.",
            name="flat",
        )
        self.body = QWidget()
        self.name = QElidingLabel()
        self.name.setObjectName("name")
        bold = self.name.font()
        bold.setBold(True)
        self.name.setFont(bold)
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.leave = button("Close", "Work through this folder no longer.", name="flat")
        self.place = Explanation()
        self.previous = button("Previous", f"Save and open the image before.\nKey: {PREVIOUS_KEY}")
        self.next = button("Next", f"Save and open the next image.\nKey: {NEXT_KEY}")
        self.done = button("Done, next", "Save, mark this image as done and open the next.")
        self.unchecked = QCheckBox("Only unchecked")
        self.unchecked.setToolTip("Pass over images that are done, and leave them out of the list.")
        self.list = SeriesList()
        self.progress = Explanation()
        self._arrange()
        self._connect()
        self.refresh()

    def _arrange(self) -> None:
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.open)
        rows.addWidget(self.body)
        body = QVBoxLayout(self.body)
        body.setContentsMargins(0, 0, 0, 8)
        body.setSpacing(7)
        head = beneath(
            beside(self.name, self.leave, stretch=(1, 0)),
            beside(self.place, self.unchecked, stretch=(1, 0)),
        )
        head.setSpacing(2)
        body.addLayout(head)
        body.addLayout(beside(self.previous, self.next, self.done, stretch=(3, 2, 4)))
        body.addWidget(self.list)
        body.addWidget(self.progress)

    def _connect(self) -> None:
        self.open.clicked.connect(self._on_open_clicked)
        self.leave.clicked.connect(self._on_leave_clicked)
        self.previous.clicked.connect(self._on_previous_clicked)
        self.next.clicked.connect(self._on_next_clicked)
        self.done.clicked.connect(self._on_done_clicked)
        self.unchecked.toggled.connect(self._on_unchecked_toggled)
        self.list.chosen.connect(self._on_image_chosen)
        self._opener.changed.connect(self.refresh)

    # what it shows

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        series = self._opener.series
        self.open.setVisible(series is None)
        self.body.setVisible(series is not None)
        self.list.show_series(series, self._opener.unchecked_only)
        if series is not None:
            self._show(series)

    def _show(self, series: Series) -> None:
        path, only = series.current, self._opener.unchecked_only
        self.name.setText(path.name if path is not None else "No image is open")
        self.name.setToolTip(str(path or series.folder))
        self.place.say(_place_text(series))
        self.previous.setEnabled(series.previous(only) is not None)
        self.next.setEnabled(series.next(only) is not None)
        self.done.setEnabled(path is not None)
        self.unchecked.setChecked(only)
        self.progress.say(_progress_text(series))
        self.progress.setToolTip("\n".join(f"{n}: {why}" for n, why in series.skipped.items()))

    # what its user does

    @guarded
    def _on_open_clicked(self) -> None:
        if folder := self._ask(self):
            self._opener.open_folder(folder)

    @guarded
    def _on_leave_clicked(self) -> None:
        self._opener.close()

    @guarded
    def _on_previous_clicked(self) -> None:
        self._opener.previous()

    @guarded
    def _on_next_clicked(self) -> None:
        self._opener.next()

    @guarded
    def _on_done_clicked(self) -> None:
        self._opener.done_and_next()

    @guarded
    def _on_unchecked_toggled(self, only: bool) -> None:
        self._opener.pass_over(only)

    @guarded
    def _on_image_chosen(self, path: Path) -> None:
        self._opener.open(path)


def _place_text(series: Series) -> str:
    """Where one is: "3 of 41 · started"."""
    if series.current is None or series.index is None:
        return wording.many(len(series.images), "image")
    return f"{series.index + 1} of {len(series.images)} · {series.standing(series.current)}"


def _progress_text(series: Series) -> str:
    """How far all images are: "12 done, 3 started, 26 untouched", and what is left out."""
    text = "{} done, {} started, {} untouched".format(*series.counts)
    return f"{text} · {len(series.skipped)} left out" if series.skipped else text
