"""The panel opens fast: what only a job or a click needs is not loaded with it."""

import os
import subprocess
import sys

SLOW = "torch", "scipy.spatial", "scipy.linalg", "scipy.sparse.csgraph", "skimage.morphology"
"""Takes a tenth of a second or more to load, and is needed by none of what is shown."""


def test_opening_the_panel_loads_nothing_slow():
    code = f"import napari_unet.widgets.panel, sys; print(*({{*{SLOW}}} & {{*sys.modules}}))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert run.stdout.split() == []
