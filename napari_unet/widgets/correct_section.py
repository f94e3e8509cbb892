"""The second section of the panel: correct the mask by hand, and say what is right."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QPushButton, QWidget

from napari_unet.session import wording
from napari_unet.session.edits import Edits
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.parts import Explanation, Section, beside, button, hint_colour
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.theme import CONFIRMED, CORRECTED
from napari_unet.widgets.tools import BY_NAME, CONFIRM_KEY, TOOLS

_COLUMNS = 5
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
        self.take_back = button("Take back", "Withdraw the region that was confirmed last.")
        self.count = Explanation()
        self.overlay = QCheckBox("Show")
        self.overlay.setToolTip("Show over the image what you corrected and confirmed.")
        self.overlay.setChecked(True)
        self._arrange()
        self._connect()
        self.refresh()

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(4)
        for i, tool in enumerate(tool for tool in TOOLS if tool.name != "box"):
            grid.addWidget(self.tools[tool.name], i // _COLUMNS, i % _COLUMNS)
        self.rows.addWidget(self.reason)
        self.rows.addLayout(grid)
        self.rows.addWidget(self.hint)
        self.rows.addLayout(beside(self.confirm, self.tools["box"], stretch=(3, 2)))
        self.rows.addLayout(beside(self.count, self.take_back, stretch=(1, 0)))
        confirmed = hint_colour(CONFIRMED, "confirmed")
        corrected = hint_colour(CORRECTED, "corrected")
        self.rows.addLayout(beside(confirmed, corrected, self.overlay, stretch=(2, 2, 1)))

    def _connect(self) -> None:
        self.confirm.clicked.connect(self._on_confirm_clicked)
        self.take_back.clicked.connect(self._on_take_back_clicked)
        self.overlay.toggled.connect(self._on_overlay_toggled)
        self._desk.changed.connect(self.refresh)

    def _tool(self, name: str) -> QPushButton:
        tool = BY_NAME[name]
        made = button(tool.title, tool.tooltip, name="tool", checkable=name != "new")
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
            made.setEnabled(not reason)
            made.setChecked(name == tool)
        self.hint.say("" if reason else BY_NAME[tool].hint if tool else _HINT)
        edits = work.results.specimen.edits if work else Edits((1, 1))
        self.confirm.setEnabled(not reason)
        self.take_back.setEnabled(bool(edits.regions))
        self.count.say(wording.count_text(edits.tally, edits.region_count))

    @guarded
    def _on_tool_clicked(self, name: str) -> None:
        work = self._desk.stage.work
        if work is not None:
            if work.corrector.toolbox.tool == name and name != "new":
                work.corrector.toolbox.put_down()
            else:
                work.corrector.toolbox.use(name)
        self.refresh()

    @guarded
    def _on_confirm_clicked(self) -> None:
        if (work := self._desk.stage.work) is not None:
            work.corrector.confirm_view()

    @guarded
    def _on_take_back_clicked(self) -> None:
        if (work := self._desk.stage.work) is not None:
            work.corrector.take_back()

    @guarded
    def _on_overlay_toggled(self, shown: bool) -> None:
        for work in self._desk.stage.works:
            work.results.show_overlay(shown)
