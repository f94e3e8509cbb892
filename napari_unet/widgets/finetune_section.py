"""The third section of the panel: teach the model the corrections, and decide on what comes out."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_unet.schema.settings import FineTuneSettings
from napari_unet.session import kind, teaching, wording
from napari_unet.session.curves import Curves
from napari_unet.session.meanwhile import joined_text, meanwhile_text
from napari_unet.widgets.advanced import Advanced
from napari_unet.widgets.blend_row import BlendRow
from napari_unet.widgets.card import ProofCard
from napari_unet.widgets.comparison_row import ComparisonRow
from napari_unet.widgets.copy_teaching import copy_teaching
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.family import Family
from napari_unet.widgets.forms import Form
from napari_unet.widgets.parts import Explanation, Group, Running, Section, beside, button
from napari_unet.widgets.plots import Plot
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.theme import Colours
from napari_unet.widgets.unfinished_offer import UnfinishedOffer
from napari_unet.widgets.what_counts import WhatCounts
from napari_unet.widgets.what_it_sees import WhatItSees

_WATCH = (
    "While it learns, outline what the network finds in what is on the screen, every few seconds.\n"
    "This takes a tenth of the time at most; your own mask stays as it is."
)


class FineTuneSection(Section):
    """Teach the model the corrections, and decide on what comes out."""

    grown = Signal(object)
    """A widget of it that its user should see now."""

    def __init__(self, desk: Desk, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__("3  Fine-tune", parent)
        self._desk = desk
        self.unfinished = UnfinishedOffer(desk.session)
        self.settings = Form(desk.teacher.settings, ["seconds"])
        self.advanced = Advanced(desk.teacher.settings)
        self.what_counts = WhatCounts(desk.weigher, desk.teacher.settings)
        self.what_it_sees = WhatItSees(desk)
        self.what_counts.add(self.what_it_sees)
        self.watch = QCheckBox("Watch it learn")
        self.watch.setToolTip(_WATCH)
        self.watch.setChecked(desk.watcher.wanted)
        self.copy = copy_teaching(desk)
        self.run = button(
            "Fine-tune", "Teach the model what you confirmed and corrected.", name="primary"
        )
        self.start = Explanation()
        self.estimate = Explanation()
        self.reason = Explanation()
        self.outside = Explanation()
        self.running = Running("Stop", "End now, and keep the best that was reached.")
        self.joined = Explanation()
        self.meanwhile = Explanation()
        self.plot = Plot(colours)
        self.family = Family(desk.session)
        self.card = ProofCard()
        self.comparison = ComparisonRow(desk)
        self.blend = BlendRow(desk)
        self.card.looks.addWidget(self.comparison)
        self.card.looks.addWidget(self.blend)
        for widget in (
            self.unfinished,
            self.settings,
            self.advanced,
            self.what_counts,
            self._watched_and_copied(),
            self.start,
            self.run,
            self.estimate,
            self.reason,
            self.outside,
            self.running,
            self.joined,
            self.meanwhile,
            self.card,
            self.plot,
            self.family,
        ):
            self.rows.addWidget(widget)
        self._connect()
        self.plot.show_curves(desk.session.curves)
        self.refresh()

    def _watched_and_copied(self) -> QWidget:
        row = Group()
        row.setLayout(beside(self.watch, self.copy, stretch=(1, 0)))
        return row

    def _connect(self) -> None:
        self.settings.changed.connect(self._on_settings_edited)
        self.advanced.changed.connect(self._on_settings_edited)
        self.advanced.join.toggled.connect(self._on_join_toggled)
        self.what_counts.changed.connect(self._on_settings_edited)
        self.what_it_sees.grown.connect(self.grown)
        self.family.grown.connect(self.grown)
        self.run.clicked.connect(self._on_run_clicked)
        self.running.stop.clicked.connect(self._on_stop_clicked)
        self.watch.toggled.connect(self._on_watch_toggled)
        self.card.kept.connect(self._on_kept)
        self.card.discarded.connect(self._on_discarded)
        self.card.went.connect(self._on_went)
        self._desk.changed.connect(self.refresh)
        self._desk.progressed.connect(self._on_progressed)
        self._desk.learned.connect(self._on_learned)

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        session, stage = self._desk.session, self._desk.stage
        learning = session.wanted is not None and session.wanted.kind == "fine-tune"
        reason = self._desk.teacher.why_not_teach()
        noun = kind.noun(session.model.card.classes if session.model else 1)
        others = len(self._desk.opener.worked_on)
        settings = self._desk.teacher.settings
        text = wording.fine_tune_text(stage.bench.tally, others, noun)
        text = text.replace("Fine-tune", teaching.verb(settings), 1)
        lines = text.replace(" on ", "\non ", 1).replace(" and ", "\nand ")
        self.run.setText(lines)  # short ones fit a narrow panel
        self.run.setVisible(not learning)
        self.run.setEnabled(not reason)
        self.reason.say("" if learning else reason)
        outside = "" if learning or reason else wording.outside_text(stage.bench.tally, noun)
        self.outside.say(outside)
        comparing = session.wanted is not None and session.wanted.kind in ("compare", "blend")
        self.running.setVisible(learning or comparing)
        self.joined.say(joined_text(session.curves.joined))
        self.meanwhile.say(meanwhile_text(self._desk.teacher.made_meanwhile, learning))
        self.running.show_progress(session.progress, session.ending)
        self._reveal(self.plot, learning or bool(session.curves.steps))
        self.settings.show_record(settings)
        self.advanced.show_settings(settings)
        self.advanced.show_joins(self._desk.teacher.joiner.wanted)
        self.advanced.show_base(session.base is not None)
        self.start.say("" if learning else teaching.start_text(session.base_for(settings)))
        self.estimate.say(self._desk.teacher.estimate())
        self.unfinished.refresh()
        self.family.refresh()
        self.what_counts.show_settings(settings)
        guided = not self._desk.guide.why_not()
        self.card.show_result(self._desk.blender.shown, guided=guided)
        self.card.keep.setEnabled(not self._desk.blender.at_old)
        self.comparison.refresh()
        self.blend.refresh()
        self._reveal(self.card, session.candidate is not None)

    def _reveal(self, widget: QWidget, shown: bool) -> None:
        appears = shown and widget.isHidden()
        widget.setVisible(shown)
        if appears:
            self.grown.emit(widget)

    @guarded
    def _on_settings_edited(self, settings: FineTuneSettings) -> None:
        self._desk.teacher.use(settings)
        self.refresh()

    @guarded
    def _on_join_toggled(self, wanted: bool) -> None:
        self._desk.teacher.joiner.want(wanted)
        self._desk.changed.emit()

    @guarded
    def _on_run_clicked(self) -> None:
        self._desk.teacher.teach()

    @guarded
    def _on_watch_toggled(self, wanted: bool) -> None:
        self._desk.watcher.want(wanted)

    @guarded
    def _on_stop_clicked(self) -> None:
        self._desk.session.cancel()

    @guarded
    def _on_kept(self) -> None:
        self._desk.session.keep()

    @guarded
    def _on_discarded(self) -> None:
        self._desk.session.discard()

    @guarded
    def _on_went(self) -> None:
        self._desk.guide.go()

    @guarded
    def _on_progressed(self) -> None:
        self.running.show_progress(self._desk.session.progress, self._desk.session.ending)

    @guarded
    def _on_learned(self, curves: Curves) -> None:
        self.plot.show_curves(curves)
