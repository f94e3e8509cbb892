"""``napari-unet models``."""

from __future__ import annotations

import json

from napari_unet.cli.options import Switch
from napari_unet.cli.report import SCORES, print_table, score_row
from napari_unet.models.library import list_models, own_folder
from napari_unet.session.wording import measured_on


def models(*, json_: Switch = False) -> None:
    """List the models of the library: those that ship with the package, and your own.

    Parameters
    ----------
    json_
        Print all that their cards say, as JSON.
    """
    entries = list_models()
    if json_:
        content = [
            {
                "name": entry.name,
                "file": str(entry.path),
                "shipped": entry.shipped,
                "card": entry.card.model_dump(mode="json"),
            }
            for entry in entries
        ]
        print(json.dumps(content, indent=1))
        return
    rows = [
        [
            *score_row(one.name, one.card.scores),
            measured_on(one.card) or "-",
            one.card.network,
            one.card.name,
        ]
        for one in entries
    ]
    print_table(["model", *SCORES, "on", "network", "what it is"], rows)
    print(f"\nYour own are in {own_folder()}")
