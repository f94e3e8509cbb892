"""Which tiles are on the disk is written down, but not after each of them."""

from napari_unet import disk
from napari_unet.inference import ledger
from napari_unet.inference.ledger import Ledger

RUN = {"model": "a"}


def noted(path, count):
    made = Ledger(path, RUN)
    for i in range(count):
        made.note(0, (i, 0, i + 1, 9), 0.1 * i, [1])
    return made


def test_r15_3_what_is_noted_is_found_again(tmp_path):
    path = tmp_path / "ledger.json"
    first = noted(path, 5)
    first.write()
    again = Ledger(path, RUN)
    assert (again.finished, again.highest, again.classes) == (first.finished, 0.4, {1})
    assert Ledger(path, {"model": "b"}).finished == set()


def test_many_tiles_are_written_down_together(tmp_path, monkeypatch):
    writes = []
    monkeypatch.setattr(ledger, "EVERY_S", 3600)
    monkeypatch.setattr(disk, "watch", writes.append)
    noted(tmp_path / "ledger.json", 50)
    assert writes.count("replace") == 1
