"""Starts `lives.py`, and judges what it says."""

import json
import os
import subprocess
import sys


def lives(how, folder, painter="tests.session.journal.painting:Painter"):
    """Live, paint and be killed in processes of their own: what `lives.py` says of each life."""
    command = [sys.executable, "-m", "tests.session.journal.lives", how, folder, painter]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env={**os.environ, "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def wrong(told):
    """The lives that lost something."""
    return [life for life in told if life.get("lost") or not life["right"]]
