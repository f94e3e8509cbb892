import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unet.models.library import DEFAULT_MODEL

HERE = Path(__file__).parent


def run(script, *arguments, home):
    surroundings = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "NAPARI_UNET_HOME": str(home),
    }
    subprocess.run(
        [sys.executable, HERE / script, *arguments], env=surroundings, check=True, timeout=220
    )


@pytest.mark.long
@pytest.mark.window
def test_the_whole_loop_in_the_window_makes_the_model_better(tmp_path, library):
    """Must show: the loop with a real mouse; torch never comes into napari's process."""
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    shipped = HERE.parents[1] / "napari_unet" / "starters" / f"{DEFAULT_MODEL}.safetensors"
    if not shipped.exists():
        run("tiny_model.py", home / "models" / "tiny.safetensors", home=home)
    run("loop_in_window.py", tmp_path / "answer.json", home=home)
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["problem"] == ""
    assert answer["painted"] >= 3
    assert answer["painted_on_cells"] > 0.4
    assert "corrected objects in 1 region" in answer["button"]
    assert answer["kept"] != answer["chosen"]
    assert answer["after"] > answer["before"]
    assert answer["known_unchanged"]
    assert not answer["torch"]
