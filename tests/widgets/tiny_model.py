"""Write a small seeded model; run as a script, so that torch stays out of napari's process."""

import sys
from pathlib import Path

from napari_unet.models.archive import write_model
from tests.models_for_tests import tiny_model

if __name__ == "__main__":
    write_model(tiny_model(features=8, depth=4), Path(sys.argv[1]))
