"""Write ``docs/losses.md`` and ``docs/networks.md`` from the catalogue and the docstrings.

``python docs/make_catalog.py``; a test compares the files with what this makes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from napari_unet.images.targets import make_target
from napari_unet.losses.loss import Loss
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import LOSSES, NETWORKS, Entry, resolve
from napari_unet.schema.settings import LossSettings, Record
from napari_unet.schema.settings.record import option

DOCS = Path(__file__).parent
MADE = "<!-- Made by docs/make_catalog.py; do not edit. -->"
LOSSES_HEAD = f"""# The losses

{MADE}

What a network is taught to make small: `napari-unet train --loss NAME`. All of them take objects
against background as well as several classes, none learns from unknown pixels, and deep
supervision is their mean over the heads. In the formulas p is the network's probability and y the
truth, 1 or 0.

The advice of Jadon (2020): binary cross entropy where object and background are balanced, Dice
where objects cover less, the focal loss where they are a few specks in a lot of background.
"""
NETWORKS_HEAD = f"""# The networks

{MADE}

`napari-unet train --network NAME`. Each can be trained, fine-tuned and used for prediction in the
same way. Without other options a network that repeats a paper has the shape that it has there.
"""
OF_THE_IMAGES = ("in_channels", "classes")
"""Settings that nobody chooses: the images decide."""


def losses_page() -> str:
    """The page of losses, in Markdown."""
    return "\n".join([LOSSES_HEAD, overview(LOSSES), *map(loss_section, LOSSES)])


def networks_page() -> str:
    """The page of networks, in Markdown."""
    return "\n".join([NETWORKS_HEAD, overview(NETWORKS), *map(network_section, NETWORKS)])


PAGES = {DOCS / "losses.md": losses_page, DOCS / "networks.md": networks_page}


def overview(catalog: Mapping[str, Entry]) -> str:
    """A table of all: name and when to choose it."""
    rows = [
        f"| [`{name}`](#{anchor(name, entry)}) | {entry.when} |" for name, entry in items(catalog)
    ]
    return "\n".join(["| name | when |", "|---|---|", *rows, ""])


def items(catalog: Mapping[str, Entry]) -> Iterable[tuple[str, Entry]]:
    """Names and entries in the order of the catalogue."""
    return catalog.items()


def heading(name: str, entry: Entry) -> str:
    """The heading of a section."""
    return f"`{name}`: {entry.title}"


def anchor(name: str, entry: Entry) -> str:
    """What links to a heading: lower case, without punctuation, blanks as hyphens."""
    return re.sub(r"[^\w\- ]", "", heading(name, entry).lower()).replace(" ", "-")


def loss_section(name: str) -> str:
    """What a loss is, when to choose it, its formula and the settings it reads."""
    weighted, fields = what_it_reads(name)
    border = LOSSES[name].border
    weights = "Every known pixel counts the same, whatever its weight."
    if weighted:
        used = "none, unless asked for" if border == "none" else f"those of {border}"
        weights = f"Each pixel counts by its weight. Border weights: {used}."
    table = settings_table(LossSettings(), fields)
    return section(
        name, LOSSES[name], Loss, resolve(LOSSES, name), [f"*Weights*: {weights}", table]
    )


def network_section(name: str) -> str:
    """What a network is, when to choose it, how large it is and what can be chosen."""
    network = resolve(NETWORKS, name)
    with torch.device("meta"):  # its parameters are counted, not drawn
        built = network(network.defaults)
    size = sum(parameter.numel() for parameter in built.parameters())
    fixed = {*network.fixed, *OF_THE_IMAGES}
    fields = [field for field in type(network.defaults).model_fields if field not in fixed]
    table = settings_table(network.defaults, fields)
    facts = f"*Parameters*: {size:,} with the defaults below, one channel and one class."
    return section(name, NETWORKS[name], Network, network, [facts, table])


def section(name: str, entry: Entry, contract: type, kind: type, facts: list[str]) -> str:
    """Heading, sentence, docstring, facts."""
    where = f"`{kind.__module__}.{kind.__qualname__}`"
    told = [f"**{entry.when}**", *docstring(kind, contract), *facts, f"*Code*: {where}"]
    return "\n".join([f"## {heading(name, entry)}", "", *(f"{part}\n" for part in told if part)])


def docstring(kind: type, contract: type) -> Iterator[str]:
    """What a class tells of itself; one without notes is told by the class above it, too."""
    body, _, notes = inspect.cleandoc(kind.__doc__ or "").partition("\nNotes\n-----\n")
    yield typeset(body.strip())
    above = kind.__mro__[1]
    if notes:
        yield typeset(notes.strip())
    elif above is not contract:
        yield from docstring(above, contract)


def typeset(text: str) -> str:
    """Formulas as GitHub shows them, code in single backticks."""

    def block(match: re.Match[str]) -> str:
        return f"$$\n{' '.join(match[1].split())}\n$$"

    text = re.sub(r"^\.\. math::\s+(.+?)(?=\n\n|\Z)", block, text, flags=re.MULTILINE | re.DOTALL)
    return text.replace("``", "`")


class Reader:
    """A record of settings that remembers what was read of it."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self.record, name)


def what_it_reads(name: str) -> tuple[bool, list[str]]:
    """Whether a loss counts pixels by their weights, and which settings change what it is."""
    reader: Any = Reader(LossSettings(loss=name))
    labels = np.zeros((8, 8), np.uint8)
    labels[2:6, 1:4], labels[2:6, 4:7] = 1, 2
    target, weights = (torch.from_numpy(part)[None] for part in make_target(labels, None, reader))
    for_the_weights, reader.read = reader.read, set()
    loss = resolve(LOSSES, name)(reader)
    logits = torch.linspace(-3, 3, 64).reshape(1, 1, 8, 8)
    uneven = weights * torch.linspace(1, 2, 64).reshape(1, 8, 8)
    weighted = not torch.equal(loss(logits, target, weights), loss(logits, target, uneven))
    read = reader.read | (for_the_weights if weighted else set())
    return weighted, [field for field in LossSettings.model_fields if field in read - {"loss"}]


def settings_table(record: Record, fields: Iterable[str]) -> str:
    """A row for each field: its option, default and help."""
    rows = []
    for field in fields:
        value = getattr(record, field)
        default = {True: "on", False: "off"}[value] if isinstance(value, bool) else f"`{value}`"
        help_ = type(record).model_fields[field].description
        rows.append(f"| `--{option(field)}` | {default} | {help_} |")
    return "\n".join(["| option | default | help |", "|---|---|---|", *rows]) if rows else ""


if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
