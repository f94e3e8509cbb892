"""Memory is taken in huge pages where the system has them, and what is free is given back."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unet import memory

AVAILABLE = Path("/sys/kernel/mm/transparent_hugepage/enabled")
FILLED = """
import torch
from pathlib import Path
from napari_unet.cli import main
main(["--version"])
filled = torch.zeros(64 << 20)
print(Path("/proc/self/smaps_rollup").read_text().split("AnonHugePages:")[1].split()[0])
"""
FREED = """
from pathlib import Path
from napari_unet import memory
memory.set_up()
def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 // 1024
first = b"x" * (12 << 20)
del first  # by itself the C library keeps what is freed from now on, up to this size
parts = [b"x" * (11 << 20) for _ in range(20)]
last, parts = parts[-1], None
large = megabytes()
small = [b"x" * 60_000 for _ in range(4000)]
last_small, small = small[-1], None
before = megabytes()
memory.give_back()
print(large, before, megabytes())
"""
LINUX = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another")


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
        [sys.executable, "-c", FILLED], check=True, capture_output=True, text=True
    )
    kilobytes = int(done.stdout.split()[-1])
    assert (kilobytes > 100_000) == used


@LINUX
@pytest.mark.parametrize(("wish", "kept"), [(None, False), ("33554432", True)])
def test_r3_2_large_parts_go_back_when_free_unless_the_user_has_chosen(wish, kept, monkeypatch):
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    if wish is not None:
        monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", wish)
    large, _, _ = freed()
    assert (large > 150) == kept


@LINUX
def test_r3_2_small_parts_go_back_when_that_is_asked_for():
    _, before, after = freed()
    assert after < before - 150


@pytest.mark.parametrize("name", ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"])
def test_what_the_user_has_chosen_is_not_set(name, monkeypatch):
    """What the C library reads from the environment, a call would set over."""
    was_set = []
    for one in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setattr(memory, "_c_library", lambda *call: was_set.append(call))
    memory.set_up()
    assert len(was_set) == 2
    monkeypatch.setenv(name, "1000000")
    memory.set_up()
    assert len(was_set) == 3


def freed():
    done = subprocess.run([sys.executable, "-c", FREED], check=True, capture_output=True, text=True)
    return map(int, done.stdout.split())


@pytest.mark.parametrize("problem", [OSError, TypeError, AttributeError])
def test_where_there_is_no_such_c_library_nothing_is_done(problem, monkeypatch):
    def refuse(name):
        raise problem

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    memory.set_up()
    memory.give_back()
