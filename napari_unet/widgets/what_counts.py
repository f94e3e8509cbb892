"""What counts most in training: two dials, and the weights over the image. Folded away at first."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget
from superqt import QLabeledDoubleSlider

from napari_unet.schema.settings import FineTuneSettings, LossSettings
from napari_unet.session.weighing import dials_of, touching_text
from napari_unet.widgets.fold import Fold
from napari_unet.widgets.parts import Explanation, beside, button
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.weigher import Weigher

WHY = "Pixels between close objects count more, so that the model learns to keep them apart."
MOST_WEIGHT, LEAST_REACH_PX, MOST_REACH_PX = 50.0, 0.5, 30.0
"""As far as the dials go, unless the settings go further."""


class WhatCounts(QWidget):
    """How much the borders of objects count, and how far around: seen before it is learnt.

    Parameters
    ----------
    weigher
        Shows the weights over the image, and counts the objects that touch.
    settings
        Of fine-tuning.
    """

    changed = Signal(object)
    """The settings of fine-tuning as they are now."""

    def __init__(
        self, weigher: Weigher, settings: FineTuneSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._weigher, self._settings = weigher, settings
        self.fold = Fold(
            "What counts most",
            "How much the gaps between objects count, and what the network sees.",
        )
        self.why = Explanation(WHY)
        self.weight, self.reach = _dial(), _dial()
        self.names = QLabel("Border weight"), QLabel("Border reach, px")
        self.shown = button(
            "Show on the image", "A layer that is brighter the more a pixel counts.", checkable=True
        )
        self.suggested = button("Suggested", "")
        self.touching = Explanation()
        self.touching.setToolTip(
            "Objects with at most two pixels between them. Merged: where you confirmed the mask, "
            "the model takes both for one."
        )
        self._inside = self._arrange()
        self._connect()
        self.show_settings(settings)

    def _arrange(self) -> QWidget:
        inside = QWidget()
        self._rows = rows = QVBoxLayout(inside)
        dials = QFormLayout()
        dials.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for name, dial in zip(self.names, (self.weight, self.reach), strict=True):
            name.setBuddy(dial)
            dials.addRow(name, dial)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.why)
        rows.addLayout(dials)
        rows.addLayout(beside(self.shown, self.suggested))
        rows.addWidget(self.touching)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.fold)
        around.addWidget(inside)
        inside.hide()
        return inside

    def _connect(self) -> None:
        self.fold.toggled.connect(self._on_folded)
        self.weight.valueChanged.connect(self._on_weight_turned)
        self.reach.valueChanged.connect(self._on_reach_turned)
        self.shown.clicked.connect(self._on_shown_clicked)
        self.suggested.clicked.connect(self._on_suggested_clicked)
        self._weigher.changed.connect(self._on_weigher_changed)

    def add(self, widget: QWidget) -> None:
        """Let something else be folded away with it, below."""
        self._rows.addWidget(widget)

    def show_settings(self, settings: FineTuneSettings) -> None:
        """Show other settings, without saying that they changed, and all that hangs on them."""
        self._settings = settings
        reason = self._weigher.why_not()
        self.why.say(reason or WHY)
        dials = dials_of(settings.loss)
        if dials is not None:
            _put(self.weight, settings.loss, dials.weight, 0.0, MOST_WEIGHT)
            _put(self.reach, settings.loss, dials.reach, LEAST_REACH_PX, MOST_REACH_PX)
        for dial in (self.weight, self.reach):
            dial.setEnabled(not self._weigher.why_no_dials())
        self._show_outlook(reason)

    def _show_outlook(self, reason: str) -> None:
        outlook = self._weigher.outlook
        self.shown.setEnabled(not reason)
        self.shown.setChecked(self._weigher.shows)
        sigma = outlook.sigma_px if outlook else None
        self.suggested.setEnabled(sigma is not None and not reason)
        self.suggested.setText(f"Suggested: {sigma:g} px" if sigma else "Suggested")
        self.suggested.setToolTip(
            "Set the reach that suits your objects: twice the usual way from edge to edge, at most "
            "a quarter of their diameter."
            if sigma
            else "No two objects lie close to each other: any reach will do."
        )
        self.touching.say("" if reason else touching_text(outlook))

    def _turn(self, **values: float) -> None:
        loss = self._settings.loss.model_copy(update=values)
        if loss != self._settings.loss:
            self._settings = self._settings.model_copy(update={"loss": loss})
            self.changed.emit(self._settings)
            self._weigher.refresh()

    @guarded
    def _on_folded(self, opened: bool) -> None:
        self._inside.setVisible(opened)
        self._weigher.look(opened)
        self.show_settings(self._settings)

    @guarded
    def _on_weight_turned(self, value: float) -> None:
        dials = dials_of(self._settings.loss)
        if dials is not None:
            self._turn(**{dials.weight: round(value, 1)})

    @guarded
    def _on_reach_turned(self, value: float) -> None:
        dials = dials_of(self._settings.loss)
        if dials is not None:
            self._turn(**{dials.reach: round(value, 1)})

    @guarded
    def _on_shown_clicked(self) -> None:
        self._weigher.show(self.shown.isChecked())

    @guarded
    def _on_suggested_clicked(self) -> None:
        outlook = self._weigher.outlook
        if outlook is not None and outlook.sigma_px:
            self.reach.setValue(outlook.sigma_px)

    @guarded
    def _on_weigher_changed(self) -> None:
        self._show_outlook(self._weigher.why_not())


def _dial() -> QLabeledDoubleSlider:
    dial = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
    dial.setDecimals(1)
    dial.setSingleStep(0.5)
    return dial


def _put(
    dial: QLabeledDoubleSlider, loss: LossSettings, name: str, least: float, most: float
) -> None:
    """Let a dial show a field of the loss; its range holds whatever the value is."""
    field, value = LossSettings.model_fields[name], getattr(loss, name)
    dial.blockSignals(True)
    dial.setRange(min(least, value), max(most, value))
    dial.setValue(value)
    dial.blockSignals(False)
    dial.setToolTip(field.description or "")
    dial.setAccessibleName(field.title or name)
