"""The panel's colours, taken from napari's theme, and its style sheet."""

from __future__ import annotations

from dataclasses import dataclass

from napari.utils.theme import get_theme

CONFIRMED = "#2fb573"
"""Pixels that a person confirmed: in the overlay and its legend."""
CORRECTED = "#f08c24"
"""Pixels that a person edited."""
UNKNOWN = "#b9a4f0"
"""Pixels of which a person said that nobody can know."""
DOUBT = "#2bc4e6"
"""Pixels of which the model is unsure."""


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, as Qt reads them."""

    text: str
    dim: str
    """Text that explains."""
    field: str
    """Ground of plots and cards."""
    accent: str
    """The button that goes on, and the curve of the loss."""
    accent_hover: str
    on_accent: str
    disabled: str
    confirmed: str = CONFIRMED


DARK = {
    "dim": "#a9adb3",
    "accent": "#6f8df5",
    "accent_hover": "#88a1f8",
    "on_accent": "#10131c",
    "disabled": "#7d828a",
}
LIGHT = {
    "dim": "#5a5b5e",
    "accent": "#3553c8",
    "accent_hover": "#2a45ad",
    "on_accent": "#ffffff",
    "disabled": "#8b8987",
}


def colours(theme: str) -> Colours:
    """The colours of a theme of napari, by its name."""
    found = get_theme(theme)
    own = DARK if found.type == "dark" else LIGHT
    return Colours(text=found.text.as_hex(), field=found.foreground.as_hex(), **own)


def style_sheet(c: Colours) -> str:
    """What differs from napari's own style: headings, explanations, the button that goes on."""
    return f"""
    QLabel#heading {{ font-weight: 600; color: {c.text}; }}
    QPushButton#flat {{ background: transparent; color: {c.dim}; text-align: left; padding: 3px; }}
    QPushButton#flat:hover {{ color: {c.text}; }}
    QPushButton#flat:disabled {{ border: none; color: {c.disabled}; }}
    QPushButton#flat::menu-indicator {{ image: none; width: 0px; }}
    QPushButton#fold {{ background: transparent; text-align: left; padding: 3px; }}
    QPushButton#fold:hover {{ color: {c.accent}; }}
    QLabel#dim {{ color: {c.dim}; }}
    QFrame#card {{ background: {c.field}; border-radius: 4px; }}
    QFrame#line {{ background: {c.field}; border: none; max-height: 1px; }}
    QPushButton#primary:enabled {{
        background: {c.accent}; color: {c.on_accent}; font-weight: 600; padding: 7px;
    }}
    QPushButton#primary:enabled:hover {{ background: {c.accent_hover}; }}
    QPushButton#primary:enabled:focus {{ border: 1px solid {c.text}; }}
    QPushButton#primary:disabled {{ padding: 7px; color: {c.disabled}; }}
    QPushButton#tool {{ padding: 5px 2px; }}
    QPushButton#tool:checked {{ background: {c.accent}; color: {c.on_accent}; }}
    """
