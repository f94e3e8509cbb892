"""Write ``docs/command-line.md`` from the program itself: ``python docs/make_command_line.py``.

A test compares the file with what this makes, so the two cannot drift apart.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import docstring_parser
from cyclopts import App

from napari_unet.cli.app import app
from napari_unet.schema.settings import NetworkSettings
from napari_unet.schema.settings.record import option

TARGET = Path(__file__).with_name("command-line.md")
HEAD = """# The command line

<!-- Made by docs/make_command_line.py; do not edit. -->

`napari-unet VERB ...`, or `python -m napari_unet VERB ...`. Options are the settings of the panel:
the same defaults, the same bounds, the same functions behind them.

Images and labels are matched by their file names without ending: `images/a.tif` and `labels/a.png`
belong together, and `labels/a_masks.tif` counts as labels of `a` too. In labels 0 is background and
every other number one object; a mask of two values (0 and 255, say) is taken apart into its
connected pieces. All may lie in one folder: `a.tif`, `a_masks.tif` and, where not all pixels are
vouched for, `a_known.tif`, as `corrections export` writes them.

Exit status: 0, done; 1, the work failed; 2, the call was wrong. One sentence on stderr says why.
`NAPARI_UNET_DEBUG=1` shows where in the program it failed; `NAPARI_UNET_HOME` moves the library of
your own models.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return HEAD + "".join(f"\n{verb_section(*verb)}" for verb in verbs(app))


def verbs(group: App) -> Iterator[tuple[str, App]]:
    """Every verb in the order of the alphabet; those of a group with its name before them."""
    for name in sorted(name for name in group if not name.startswith("-")):
        if group[name].default_command:
            yield name, group[name]
        else:
            yield from ((f"{name} {below}", verb) for below, verb in verbs(group[name]))


def verb_section(name: str, verb: App) -> str:
    """Heading, help and table of options of one verb."""
    function = verb.default_command
    told = inspect.getdoc(function).partition("\nParameters\n")[0].strip()
    rows = list(option_rows(verb))
    table = ["| option | default | help |", "|---|---|---|", *rows] if rows else []
    return "\n".join([f"## {name}", "", told, *([""] if rows else []), *table, ""])


def option_rows(verb: App) -> Iterator[str]:
    """A row for each option that can be given."""
    told = docstring_parser.parse(inspect.getdoc(verb.default_command) or "").params
    helps = {parameter.arg_name: parameter.description for parameter in told}
    for argument in verb.assemble_argument_collection():
        if argument.show and argument.parse is not False:
            helped = argument.parameter.help or helps[argument.field_info.name]
            text = " ".join(f"{helped} {bounds(argument)}".split())
            yield f"| {names(argument)} | {default(argument)} | {text} |"


def names(argument: Any) -> str:
    """How the option is written, and how it is taken back where it is on by itself."""
    if not argument.names[0].startswith("--"):
        many = " ..." if get_origin(argument.field_info.annotation) is list else ""
        return f"`{argument.names[0]}{many}`"
    name = option(argument.field_info.name)
    return f"`--{name}`" + (f", `--no-{name}`" if argument.field_info.default is True else "")


def default(argument: Any) -> str:
    """What is taken where the option is not given."""
    value = argument.field_info.default
    if argument.required:
        return "must be given"
    if argument.parameter.show_default is False:
        owner = "network" if argument.field_info.name in NetworkSettings.model_fields else "model"
        return f"the {owner}'s"
    if value is None:
        return ""
    return ("on" if value else "off") if isinstance(value, bool) else f"`{value}`"


def bounds(argument: Any) -> str:
    """Choices, or the smallest and largest value, as the record of settings declares them."""
    if choices := argument.get_choices():
        return "(" + ", ".join(f"`{choice}`" for choice in choices) + ")"
    limits = [
        f"{sign} {getattr(rule, name):,}"
        for rule in get_args(argument.field_info.annotation)[1:]
        for sign, name in (("≥", "ge"), (">", "gt"), ("≤", "le"))
        if hasattr(rule, name)
    ]
    return f"({', '.join(limits)})" if limits else ""


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
