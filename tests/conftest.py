"""What all tests share: a home of their own, one thread, and no network."""

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

# Before anything reads them: napari its settings, torch its threads, Qt its platform.
_HOME = tempfile.TemporaryDirectory(prefix="napari-unet-tests-", ignore_cleanup_errors=True)
os.environ["HOME"] = os.environ["USERPROFILE"] = _HOME.name
os.environ["NAPARI_CONFIG"] = os.path.join(_HOME.name, "napari.yaml")  # noqa: PTH118
os.environ["NAPARI_UNET_HOME"] = os.path.join(_HOME.name, "napari-unet")  # noqa: PTH118
os.environ["TMPDIR"] = os.environ["TEMP"] = tempfile.tempdir = _HOME.name  # the spare folder too
os.environ["OMP_NUM_THREADS"] = "1"
HAS_DISPLAY = not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY"))
if not HAS_DISPLAY:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

_LOCAL = {getattr(socket, "AF_UNIX", None)}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """R5.4: everything works with the network off, so no test may reach for it."""
    connect = socket.socket.connect

    def refuse(self, address):
        if self.family not in _LOCAL:
            raise OSError(f"a test tried to reach the network: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def outside():
    """A folder that any user may enter, in memory where there is such a place."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def pytest_configure(config):
    config.option.loadscopereorder = False  # by their number, the longest would come last


def pytest_collection_modifyitems(items):
    # Several processes are done at the same time if what takes longest is begun first.
    items.sort(key=lambda item: not item.get_closest_marker("long"))
    for item in items:
        if item.get_closest_marker("window") and not HAS_DISPLAY:
            item.add_marker(pytest.mark.skip(reason="needs a display: run it under xvfb-run"))
