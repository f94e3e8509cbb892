import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unet import disk

OLD, NEW = b"old" * 1000, b"new" * 1000


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "CHUNK", 1000)
    path = tmp_path / "model.safetensors"
    path.write_bytes(OLD)
    return path


def operations_of_a_write(folder, monkeypatch):
    seen = []
    with monkeypatch.context() as patch:
        patch.setattr(disk, "watch", seen.append)
        disk.write_bytes(folder / "trial", NEW)
    (folder / "trial").unlink()
    return seen


def alone(path):
    return [p.name for p in path.parent.iterdir()] == [path.name]


def test_what_is_written_is_read_back(tmp_path):
    disk.write_bytes(tmp_path / "a b#ü.bin", memoryview(NEW))
    assert (tmp_path / "a b#ü.bin").read_bytes() == NEW
    disk.write_text(str(tmp_path / "text"), "µm")
    assert (tmp_path / "text").read_bytes() == b"\xc2\xb5m"
    disk.write_bytes(tmp_path / ("x" * 250), b"")
    assert (tmp_path / ("x" * 250)).read_bytes() == b""


def test_the_file_and_its_folder_reach_the_disk_in_this_order(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "CHUNK", 1000)
    assert operations_of_a_write(tmp_path, monkeypatch) == [
        *("open", "write", "write", "write", "sync", "replace", "sync folder")
    ]
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.fstat(fd)), fsync(fd)))
    disk.write_bytes(tmp_path / "a", NEW)
    assert [stat.S_ISDIR(s.st_mode) for s in synced] == [False, True]
    assert synced[0].st_size == len(NEW)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_failure_at_any_operation_leaves_a_whole_file_and_nothing_else(
    target, monkeypatch, error
):
    operations = operations_of_a_write(target.parent, monkeypatch)
    for n, name in enumerate(operations):
        target.write_bytes(OLD)
        left = iter(range(n, -1, -1))

        def fail(operation, left=left):
            if next(left) == 0:
                raise error

        with monkeypatch.context() as patch:
            patch.setattr(disk, "watch", fail)
            with pytest.raises(type(error)):
                disk.write_bytes(target, NEW)
        assert target.read_bytes() == (NEW if name == "sync folder" else OLD)
        assert alone(target)


KILLED = """
import os, signal, sys
from napari_unet import disk
left = iter(range(int(sys.argv[2]), -1, -1))
def watch(operation):
    if next(left) == 0:
        os.kill(os.getpid(), signal.SIGKILL)
disk.CHUNK, disk.watch = 1000, watch
disk.write_bytes(sys.argv[1], b"new" * 1000)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_killed_at_any_operation_leaves_the_old_or_the_new_file_whole(
    target, monkeypatch
):
    operations = operations_of_a_write(target.parent, monkeypatch)
    for n, name in enumerate(operations):
        target.write_bytes(OLD)
        ended = subprocess.run([sys.executable, "-c", KILLED, target, str(n)], check=False)
        assert ended.returncode == -9
        assert target.read_bytes() == (NEW if name == "sync folder" else OLD)


FULL = """
import resource, sys
from napari_unet import disk
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
try:
    disk.write_bytes(sys.argv[1], b"new" * 1_000_000)
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file size limit")
def test_a_full_disk_keeps_the_old_file_and_says_how_much_room_is_needed(target):
    command = [sys.executable, "-c", FULL, target]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f"'{target.parent}' has no room for the 3.0 MB of 'model.safetensors'" in said
    assert target.read_bytes() == OLD
    assert alone(target)


def test_r2_7_a_missing_or_wrong_place_is_named(tmp_path):
    with pytest.raises(disk.NotSaved, match=r"There is no folder '.*nowhere'; make it"):
        disk.write_bytes(tmp_path / "nowhere" / "a", NEW)
    (tmp_path / "file").touch()
    with pytest.raises(disk.NotSaved, match=r"There is no folder '.*file'; make it"):
        disk.write_bytes(tmp_path / "file" / "a", NEW)
    (tmp_path / "file").unlink()
    (tmp_path / "folder").mkdir()
    with pytest.raises(disk.NotSaved, match="'folder' could not be saved"):
        disk.write_bytes(tmp_path / "folder", NEW)
    assert os.listdir(tmp_path) == ["folder"]  # noqa: PTH208


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_the_mode_is_the_umasks(tmp_path, umask):
    before = os.umask(umask)
    try:
        disk.write_bytes(tmp_path / "a", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(tmp_path / "a").stat().st_mode) == 0o666 & ~umask
