"""Small pieces that the sections of the panel are made of."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_unet.schema.events import Progress
from napari_unet.session.wording import progress_text

_BESIDE_ENTRY_PX = 30
"""In a list that opens, for its frame and its scroll bar."""
_BESIDE_TEXT_PX = 14
"""On a button, at its edges."""


class Section(QWidget):
    """One step of the loop: a heading, and what belongs to it."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 8)
        self.rows.setSpacing(7)
        # larger than other text, whatever the size of that is
        title = QLabel(f"<span style='font-size: large; white-space: pre'>{heading}</span>")
        title.setObjectName("heading")
        self.rows.addWidget(title)


class Group(QWidget):
    """Widgets that are shown and hidden together; the ground is that on which they lie.

    A plain QWidget would be painted in the ground of napari's style.
    """


class Explanation(QLabel):
    """A line in small that explains; it takes no room while there is nothing to say."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dim")
        self.setWordWrap(True)
        self.say(text)

    def say(self, text: str) -> None:
        """Show another text."""
        self.setText(text)
        if text and self.parent() is None:
            return  # showing it now would open a window of its own
        self.setVisible(bool(text))


class Choice(QComboBox):
    """A list to choose from that may be narrower than its longest entry."""

    def __init__(self, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(tooltip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def showPopup(self) -> None:
        """Open the list, as wide as its longest entry, however narrow the panel is."""
        width = self.fontMetrics().horizontalAdvance
        longest = max((width(self.itemText(index)) for index in range(self.count())), default=0)
        self.view().setMinimumWidth(longest + _BESIDE_ENTRY_PX)
        super().showPopup()

    def offer(self, entries: Sequence[str], chosen: int) -> None:
        """Show these entries, without saying that another one was chosen."""
        blocked = self.blockSignals(True)
        if [self.itemText(i) for i in range(self.count())] != list(entries):
            self.clear()
            self.addItems(entries)
        self.setCurrentIndex(chosen)
        self.blockSignals(blocked)


class Running(QWidget):
    """How far a job is, with a button that ends it."""

    def __init__(self, stop: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self.text = Explanation()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.stop = button(stop, tooltip)
        rows.addWidget(self.text)
        rows.addLayout(beside(self.bar, self.stop, stretch=(1, 0)))

    def show_progress(self, progress: Progress | None, ending: bool) -> None:
        """Show how far the job is; without news the bar runs back and forth."""
        self.text.say("Ending …" if ending else progress_text(progress))
        known = progress is not None and progress.total > 1
        self.bar.setRange(0, progress.total if progress is not None and known else 0)
        self.bar.setValue(progress.done if progress is not None and known else -1)
        self.stop.setEnabled(not ending)


class _Button(QPushButton):
    """A button that may be as narrow as its first text.

    Some styles give every button room for a long word: too wide for a row of five.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._first = text
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """As its font is now: napari's can be changed."""
        width = self.fontMetrics().horizontalAdvance(self._first) + _BESIDE_TEXT_PX
        return QSize(width, super().minimumSizeHint().height())


def button(text: str, tooltip: str, *, name: str = "", checkable: bool = False) -> QPushButton:
    """A button that can be reached by the keyboard."""
    made = _Button(text)
    made.setToolTip(tooltip)
    made.setObjectName(name)
    made.setCheckable(checkable)
    made.setAutoDefault(False)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def beside(*widgets: QWidget, stretch: Sequence[int] = ()) -> QLayout:
    """Widgets beside each other."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for i, widget in enumerate(widgets):
        row.addWidget(widget, stretch[i] if stretch else 1)
    return row


def beneath(*parts: QWidget | QLayout) -> QLayout:
    """Widgets, and rows of them, beneath each other."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for part in parts:
        if isinstance(part, QLayout):
            column.addLayout(part)
        else:
            column.addWidget(part)
    return column


def line() -> QFrame:
    """A thin line between two sections."""
    made = QFrame()
    made.setObjectName("line")
    made.setFixedHeight(1)
    return made


def hint_colour(colour: str, text: str) -> QLabel:
    """An entry of a legend: a patch of colour and what it means."""
    return QLabel(f"<span style='color:{colour}'>■</span> {text}")
