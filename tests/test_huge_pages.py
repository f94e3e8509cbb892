"""Torch takes its memory in huge pages where the system has them."""

import subprocess
import sys
from pathlib import Path

import pytest

AVAILABLE = Path("/sys/kernel/mm/transparent_hugepage/enabled")
PROGRAM = """
import torch
from pathlib import Path
from napari_unet.cli import main
main(["--version"])
filled = torch.zeros(64 << 20)
print(Path("/proc/self/smaps_rollup").read_text().split("AnonHugePages:")[1].split()[0])
"""


@pytest.mark.skipif(
    not AVAILABLE.exists() or "[madvise]" not in AVAILABLE.read_text(),
    reason="the system gives huge pages to all programs, or to none",
)
@pytest.mark.parametrize(("wish", "used"), [(None, True), ("0", False)])
def test_the_commands_use_huge_pages_unless_the_user_has_chosen(wish, used, monkeypatch):
    monkeypatch.delenv("THP_MEM_ALLOC_ENABLE", raising=False)
    if wish is not None:
        monkeypatch.setenv("THP_MEM_ALLOC_ENABLE", wish)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    )
    kilobytes = int(done.stdout.split()[-1])
    assert (kilobytes > 100_000) == used
