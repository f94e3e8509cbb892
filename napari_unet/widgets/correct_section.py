"""The second section of the panel: correct the mask by hand, and say what is right."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QPushButton, QWidget

from napari_unet.session import kind, wording
from napari_unet.session.edits import Edit
from napari_unet.session.history import Tally
from napari_unet.widgets.class_row import ClassRow
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.exchange_row import ExchangeRow
from napari_unet.widgets.parts import Explanation, Section, beside, button, hint_colour
from napari_unet.widgets.restore_offer import RestoreOffer
from napari_unet.widgets.review_box import ReviewBox
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.theme import CONFIRMED, CORRECTED, DOUBT, UNKNOWN
from napari_unet.widgets.tools import AT_ONCE, BY_NAME, CONFIRM_KEY, TOOLS

_COLUMNS = 5
_UNSURE = (
    "Show where the model is unsure of the plane on the screen: a correction there teaches it\n"
    "most, and Check objects leads to such places. More views say more: all heads of a UNet++,\n"
    "and in Advanced the average over rotations."
)
_HINT = "Repair what is wrong, then say which region is right: that is what the model learns from."


class CorrectSection(Section):
    """Correct the mask by hand, and say what is right."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("2  Correct", parent)
        self._desk = desk
        self.reason = Explanation()
        self.tools = {tool.name: self._tool(tool.name) for tool in TOOLS}
        self.hint = Explanation(_HINT)
        self.hint.setMinimumHeight(2 * self.hint.fontMetrics().lineSpacing())
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.confirm = button(
            "This region is right",
            "Every pixel on the screen is right as the mask shows it, background too.\n"
            f"Key: {CONFIRM_KEY}",
        )
        self.undo = button("Undo", "Take back what was done last.\nKey: Ctrl+Z")
        self.redo = button("Redo", "Do again what was taken back last.\nKey: Ctrl+Shift+Z")
        self.count = Explanation()
        self.overlay = QCheckBox("Show corrections")
        self.overlay.setToolTip("Show over the image what you corrected and confirmed.")
        self.overlay.setChecked(desk.stage.bench.shows_known)
        self.unsure = QCheckBox("Show uncertainty")
        self.unsure.setToolTip(_UNSURE)
        self.unsure_means = Explanation()
        self.classes = ClassRow(desk)
        self.offer = RestoreOffer(desk)
        self.review = ReviewBox(desk)
        self.exchange = ExchangeRow(desk)
        self._arrange()
        self._connect()
        self.refresh()

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(4)
        for i, tool in enumerate(tool for tool in TOOLS if tool.name != "box"):
            grid.addWidget(self.tools[tool.name], i // _COLUMNS, i % _COLUMNS)
        self.rows.addWidget(self.offer)
        self.rows.addWidget(self.reason)
        self.rows.addWidget(self.classes)
        self.rows.addLayout(grid)
        self.rows.addWidget(self.hint)
        self.rows.addLayout(beside(self.confirm, self.tools["box"], stretch=(3, 2)))
        self.rows.addWidget(self.review)
        self.rows.addLayout(beside(self.count, self.undo, self.redo, stretch=(1, 0, 0)))
        confirmed = hint_colour(CONFIRMED, "confirmed")
        corrected = hint_colour(CORRECTED, "corrected")
        unknown = hint_colour(UNKNOWN, "unknown")
        self.rows.addLayout(beside(confirmed, corrected, unknown))
        self.rows.addLayout(beside(self.overlay, self.unsure))
        self.rows.addWidget(self.unsure_means)
        self.rows.addWidget(self.exchange)

    def _connect(self) -> None:
        self.confirm.clicked.connect(self._on_confirm_clicked)
        self.undo.clicked.connect(self._on_undo_clicked)
        self.redo.clicked.connect(self._on_redo_clicked)
        self.overlay.toggled.connect(self._on_overlay_toggled)
        self.unsure.toggled.connect(self._on_unsure_toggled)
        self._desk.uncertainty.changed.connect(self._show_uncertainty)
        self._desk.changed.connect(self.refresh)

    def _tool(self, name: str) -> QPushButton:
        tool = BY_NAME[name]
        made = button(tool.title, tool.tooltip, name="tool", checkable=name not in AT_ONCE)
        made.clicked.connect(lambda checked: self._on_tool_clicked(name))
        return made

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        work = self._desk.stage.work
        reason = (
            work.corrector.toolbox.why_not()
            if work
            else "Segment first, then correct the mask here."
        )
        self.reason.say(reason)
        tool = work.corrector.toolbox.tool if work and not reason else ""
        for name, made in self.tools.items():
            why = work.corrector.toolbox.why_not_use(name) if work else reason
            made.setEnabled(not why)
            made.setToolTip(BY_NAME[name].tooltip if reason or not why else why)
            made.setChecked(name == tool)
        history = work.results.specimen.history if work else None
        noun = kind.noun(history.classes if history else 1)
        hint = BY_NAME[tool].hint.replace("object", noun) if tool else _HINT
        self.hint.say("" if reason else hint)
        self.confirm.setEnabled(not reason)
        self._offer(self.undo, "Undo", history.done if history else [])
        self._offer(self.redo, "Redo", history.undone if history else [])
        self.count.say(wording.count_text(history.tally if history else Tally(), noun))
        self._show_uncertainty()

    @guarded
    def _show_uncertainty(self) -> None:
        uncertainty = self._desk.uncertainty
        reason = uncertainty.why_not()
        self.unsure.setEnabled(uncertainty.shows or not reason)
        self.unsure.setToolTip(reason or _UNSURE)
        blocked = self.unsure.blockSignals(True)
        self.unsure.setChecked(uncertainty.shows)
        self.unsure.blockSignals(blocked)
        bright = f"<span style='color:{DOUBT}'>■</span> the brighter, the less sure"
        self.unsure_means.say(bright if uncertainty.shows else "")

    def _offer(self, made: QPushButton, verb: str, edits: list[Edit]) -> None:
        """A button that goes back or forth says what it would take along."""
        made.setEnabled(bool(edits))
        key = "Ctrl+Z" if verb == "Undo" else "Ctrl+Shift+Z"
        what = wording.edit_text(edits[-1]) if edits else "nothing"
        made.setToolTip(f"{verb}: {what}.\nKey: {key}")

    @guarded
    def _on_tool_clicked(self, name: str) -> None:
        work = self._desk.stage.work
        if work is not None:
            if work.corrector.toolbox.tool == name and name not in AT_ONCE:
                work.corrector.toolbox.put_down()
            else:
                work.corrector.toolbox.use(name)
        self.refresh()

    @guarded
    def _on_confirm_clicked(self) -> None:
        if (work := self._desk.stage.work) is not None:
            work.corrector.confirm_view()

    @guarded
    def _on_undo_clicked(self) -> None:
        if (work := self._desk.stage.work) is not None:
            work.corrector.recorder.undo()

    @guarded
    def _on_redo_clicked(self) -> None:
        if (work := self._desk.stage.work) is not None:
            work.corrector.recorder.redo()

    @guarded
    def _on_unsure_toggled(self, shown: bool) -> None:
        self._desk.uncertainty.show(shown)

    @guarded
    def _on_overlay_toggled(self, shown: bool) -> None:
        self._desk.stage.bench.show_known(shown)
