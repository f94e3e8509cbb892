"""What is seldom chosen for fine-tuning: network, loss, input and more; folded away at first."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_unet.schema.settings import FineTuneSettings, LossSettings
from napari_unet.session import teaching
from napari_unet.widgets.catalog_choice import CatalogChoice
from napari_unet.widgets.fold import Fold
from napari_unet.widgets.forms import Form
from napari_unet.widgets.parts import Explanation
from napari_unet.widgets.runner import guarded

_JOIN = (
    "What you mark as right while a model learns is learnt in the same training, from its next\n"
    "step on. Otherwise it counts next time, as does always what lies where models are judged."
)


class Advanced(QWidget):
    """What corrections are taught to, with which loss, and whether the input is looked for.

    Also whether what is confirmed while a training runs joins it.

    Folded it takes one line; what is not as usual is said in a second one.
    """

    changed = Signal(object)
    """The settings of fine-tuning as they are now."""

    def __init__(self, settings: FineTuneSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._has_base = self._joins = False
        self.fold = Fold(
            "Advanced",
            "Another network, another loss, the input as it is, or regions that join later.",
        )
        self.unusual = Explanation()
        start, loss = FineTuneSettings.model_fields["network"], LossSettings.model_fields["loss"]
        self.start = CatalogChoice(
            start.title or "", "What the corrections are taught to.", teaching.starts()
        )
        self.loss = CatalogChoice(
            loss.title or "", "What the network is taught to minimise.", teaching.losses()
        )
        self.input = Form(settings, ["auto_input"])
        self.join = QCheckBox("New regions join a running training")
        self.join.setToolTip(_JOIN)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        for widget in (self.fold, self.unusual, self.start, self.loss, self.input, self.join):
            rows.addWidget(widget)
        self.fold.toggled.connect(self._on_folded)
        self.start.chosen.connect(self._on_start_chosen)
        self.loss.chosen.connect(self._on_loss_chosen)
        self.input.changed.connect(self._on_input_edited)
        self.show_settings(settings)

    def show_base(self, has_base: bool) -> None:
        """Let its user choose between the chosen model and its base, if it has one."""
        if has_base != self._has_base:
            self._has_base = has_base
            self.start.offer(teaching.starts(has_base))
            self.show_settings(self._settings)

    def show_joins(self, joins: bool) -> None:
        """Show whether what is confirmed meanwhile joins a training, without saying so."""
        if joins != self._joins:
            self._joins = joins
            blocked = self.join.blockSignals(True)
            self.join.setChecked(joins)
            self.join.blockSignals(blocked)
            self.show_settings(self._settings)

    def show_settings(self, settings: FineTuneSettings) -> None:
        """Show other settings, without saying that they changed."""
        self._settings = settings
        self.start.show_name(teaching.start_of(settings, self._has_base))
        self.loss.show_name(settings.loss.loss)
        self.input.show_record(settings)
        opened = self.fold.isChecked()
        self.start.setVisible(opened)
        self.loss.setVisible(opened)
        self.input.setVisible(opened and settings.network is None)
        self.join.setVisible(opened)
        unusual = teaching.unusual(settings, self._has_base, self._joins)
        self.unusual.say("" if opened else unusual)

    def _use(self, **update: object) -> None:
        self.show_settings(self._settings.model_copy(update=update))
        self.changed.emit(self._settings)

    @guarded
    def _on_folded(self, opened: bool) -> None:
        self.show_settings(self._settings)

    @guarded
    def _on_start_chosen(self, name: str | None) -> None:
        go_on = name == teaching.GO_ON
        self._use(network=None if go_on else name, go_on=go_on)

    @guarded
    def _on_loss_chosen(self, name: str) -> None:
        self._use(loss=self._settings.loss.model_copy(update={"loss": name}))

    @guarded
    def _on_input_edited(self, settings: FineTuneSettings) -> None:
        self._use(auto_input=settings.auto_input)
