"""The part of the panel that leads from object to object."""

from __future__ import annotations

from qtpy.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_unet.session import wording
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.parts import Explanation, beside, button
from napari_unet.widgets.reviewer import Reviewer
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.tools import REVIEW_KEYS

_START = (
    "Goes to the objects that are most likely wrong, one after another; one key answers each. "
    "Every fifth is drawn at random: those say how good the mask is."
)
_BUTTONS = (
    ("say_right", "Right", "The object is right as it is: it counts as checked."),
    ("delete", "Delete", "There should be no object here."),
    ("fix", "Fix", "Paint this object right, then press Space."),
    ("back", "Back", "The object before this one."),
    ("next", "Next", "Go on without saying anything."),
)


class ReviewBox(QWidget):
    """Check objects one by one: where one is, what can be said, and what was said so far."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.start = button("Check objects", _START)
        self.answers = {name: self._answer(name, title, tip) for name, title, tip in _BUTTONS}
        self.end = button("End", "Stop checking; all that was said stays.")
        self.where = QLabel()
        self.where.setWordWrap(True)
        self.looked = Explanation()
        self.share = Explanation()
        self.share.setToolTip("From the objects drawn at random alone, with its 95 % interval.")
        self.card = QFrame()
        self.card.setObjectName("card")
        self._arrange()
        self.start.clicked.connect(self._on_start_clicked)
        self.end.clicked.connect(self._on_end_clicked)
        desk.changed.connect(self.refresh)
        self.refresh()

    def _arrange(self) -> None:
        inside = QVBoxLayout(self.card)
        inside.setSpacing(5)
        inside.addWidget(self.where)
        named = self.answers
        inside.addLayout(beside(named["say_right"], named["delete"], named["fix"]))
        inside.addLayout(beside(named["back"], named["next"], self.end))
        inside.addWidget(self.looked)
        inside.addWidget(self.share)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.start)
        rows.addWidget(self.card)

    def _answer(self, name: str, title: str, tip: str) -> QPushButton:
        key = REVIEW_KEYS[name]
        made = button(f"{title}  {key}", f"{tip}\nKey: {key}", name="tool")
        made.clicked.connect(lambda: self._on_answered(name))
        return made

    @property
    def _reviewer(self) -> Reviewer | None:
        work = self._desk.stage.work
        return work.reviewer if work is not None else None

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        reviewer = self._reviewer
        work = self._desk.stage.work
        # it leads over objects, as the tool does that calls one right
        reason = work.corrector.toolbox.why_not_use("right") if work is not None else ""
        ready = work is not None and not reason
        active = reviewer is not None and reviewer.active
        self.start.setEnabled(ready)
        self.start.setToolTip(reason or _START)
        self.start.setVisible(not active)
        self.card.setVisible(active)
        if reviewer is not None and active:
            queue, stop = reviewer.queue, reviewer.stop
            self.where.setText(wording.stop_text(stop, fixing=reviewer.fixing))
            for name, made in self.answers.items():
                alive = not reviewer.fixing or name in ("say_right", "next")
                made.setEnabled(stop is not None and alive)
            self.looked.say(wording.looked_text(queue.looked) if queue else "")
            self.share.say(wording.share_text(queue.share) if queue else "")

    @guarded
    def _on_start_clicked(self) -> None:
        if self._reviewer is not None:
            self._reviewer.start()

    @guarded
    def _on_end_clicked(self) -> None:
        if self._reviewer is not None:
            self._reviewer.end()

    @guarded
    def _on_answered(self, name: str) -> None:
        if self._reviewer is not None:
            getattr(self._reviewer, name)()
