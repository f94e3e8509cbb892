"""Forms that are made from the records of settings: default, range, label and help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QWidget,
)
from superqt import QLabeledDoubleSlider

from napari_unet.schema.settings import Record
from napari_unet.widgets.runner import guarded

_UNITS = {"px": " px", "deg": "°", "seconds": " s"}


class Editor(NamedTuple):
    """A widget for one value: how to read it, write it and hear of changes."""

    widget: QWidget
    get: Callable[[], Any]
    put: Callable[[Any], None]
    changed: Any


class Form(QWidget):
    """Lets some fields of a record of settings be edited; the others keep their values.

    Parameters
    ----------
    record
        What it shows first.
    names
        The fields that can be edited, in this order.
    """

    changed = Signal(object)
    """The record as it is now."""

    def __init__(self, record: Record, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record = record
        self._editors = {name: _editor(name, type(record).model_fields[name]) for name in names}
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for name, editor in self._editors.items():
            field = type(record).model_fields[name]
            label = QLabel("" if isinstance(editor.widget, QCheckBox) else field.title or name)
            label.setToolTip(field.description or "")
            label.setBuddy(editor.widget)
            if len(names) == 1 and isinstance(editor.widget, QCheckBox):
                rows.addRow(editor.widget)  # it needs no column of labels
            else:
                rows.addRow(label, editor.widget)
            editor.put(getattr(record, name))
            editor.changed.connect(self._on_edited)

    @property
    def record(self) -> Any:
        """The record as it is now."""
        return self._record

    def show_record(self, record: Record) -> None:
        """Show other values, without saying that they changed."""
        self._record = record
        for name, editor in self._editors.items():
            if editor.get() != getattr(record, name):
                blocked = editor.widget.blockSignals(True)
                editor.put(getattr(record, name))
                editor.widget.blockSignals(blocked)

    def explain(self, reasons: Mapping[str, str]) -> None:
        """Let those fields not be edited for which there is a reason; it becomes their help."""
        for name, editor in self._editors.items():
            reason = reasons.get(name, "")
            editor.widget.setEnabled(not reason)
            help_ = type(self._record).model_fields[name].description or ""
            editor.widget.setToolTip(reason or help_)

    def editor(self, name: str) -> QWidget:
        """The widget of a field."""
        return self._editors[name].widget

    @guarded
    def _on_edited(self) -> None:
        values = {name: editor.get() for name, editor in self._editors.items()}
        record = type(self._record).model_validate({**self._record.model_dump(), **values})
        if record != self._record:
            self._record = record
            self.changed.emit(record)


def _editor(name: str, field: FieldInfo) -> Editor:
    """The widget that suits the type and the range of a field."""
    if get_origin(field.annotation) is Literal:
        editor = _choice([str(value) for value in get_args(field.annotation)])
    elif field.annotation is bool:
        editor = _box(field.title or name)
    elif field.annotation is int:
        editor = _whole(bound(field, "ge"), bound(field, "le"))
    else:
        editor = _real(bound(field, "ge"), bound(field, "le"))
    if isinstance(editor.widget, QAbstractSpinBox):
        unit = _UNITS.get(name.rpartition("_")[2], "")
        editor.widget.setSuffix(unit)
        editor.widget.setKeyboardTracking(False)
    if not isinstance(editor.widget, QCheckBox):
        editor.widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    editor.widget.setToolTip(field.description or "")
    editor.widget.setAccessibleName(field.title or name)
    return editor


def bound(field: FieldInfo, kind: Literal["ge", "gt", "le", "lt"]) -> float | None:
    """A bound of a field's values, as it was declared."""
    found = [getattr(rule, kind) for rule in field.metadata if hasattr(rule, kind)]
    return found[0] if found else None


def _choice(values: list[str]) -> Editor:
    widget = QComboBox()
    widget.addItems(values)
    return Editor(widget, widget.currentText, widget.setCurrentText, widget.currentTextChanged)


def _box(title: str) -> Editor:
    widget = QCheckBox(title)
    return Editor(widget, widget.isChecked, widget.setChecked, widget.toggled)


def _whole(low: float | None, high: float | None) -> Editor:
    widget = QSpinBox()
    widget.setRange(int(low or 0), int(high or 2**31 - 1))
    return Editor(widget, widget.value, widget.setValue, widget.valueChanged)


def _real(low: float | None, high: float | None) -> Editor:
    if low is not None and high is not None and high <= 1:
        slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        slider.setDecimals(2)
        slider.setRange(low, high)
        slider.setSingleStep(0.01)
        put = lambda value: slider.setValue(float(value))  # noqa: E731
        return Editor(slider, lambda: round(slider.value(), 2), put, slider.valueChanged)
    widget = QDoubleSpinBox()
    widget.setDecimals(0)
    widget.setSingleStep(10)
    widget.setRange(1 if low is None else low, 1e9 if high is None else high)
    return Editor(widget, widget.value, widget.setValue, widget.valueChanged)
