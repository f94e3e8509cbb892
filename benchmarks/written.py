"""What a script that measures all at once and writes one file has on its command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def measure_and_write(about: str, measure: Callable[[], Any]) -> None:
    """Measure, and write the figures into the file that ``--out`` names.

    Parameters
    ----------
    about
        What the script does; its first line is the help.
    measure
        Gives what JSON takes.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.write_text(json.dumps(measure(), indent=1) + "\n")
