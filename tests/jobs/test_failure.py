import errno
import signal
import sys

import pytest
from pydantic import ValidationError

from napari_unet import disk
from napari_unet.jobs.failure import died, failed
from napari_unet.schema.settings import MaskSettings


class OutOfMemoryError(RuntimeError):
    """Named as torch's own."""


def raised(error):
    try:
        raise error
    except (ValueError, ZeroDivisionError) as caught:
        return caught


def test_a_value_error_speaks_for_itself():
    failure = failed(raised(ValueError("The image is empty: choose another.")))
    assert failure.sentence == "The image is empty: choose another."
    assert "Traceback" in failure.details
    assert "test_failure.py" in failure.details


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("MPS backend out of memory"),
    ],
)
def test_r3_1_every_out_of_memory_names_what_helps(error):
    assert "smaller tile" in failed(error).sentence


def test_r4_4_an_unforeseen_error_asks_for_a_report():
    failure = failed(raised(ZeroDivisionError("division by zero")))
    assert "copy the details" in failure.sentence
    assert "ZeroDivisionError" in failure.sentence
    assert "division by zero" in failure.details


def test_a_full_disk_and_a_missing_file_are_told_apart():
    full = failed(OSError(errno.ENOSPC, "No space left on device")).sentence
    missing = failed(FileNotFoundError(errno.ENOENT, "No such file", "cells.tif")).sentence
    assert "disk is full" in full
    assert "cells.tif" in missing
    assert "disk is full" not in missing


@pytest.mark.parametrize(
    ("code", "remedy"), [(errno.EROFS, "choose another folder"), (errno.ENOSPC, "save elsewhere")]
)
def test_r2_7_what_could_not_be_saved_is_told_once_with_its_remedy(
    tmp_path, monkeypatch, code, remedy
):
    def refuse(operation):
        raise OSError(code, "No room or no right")

    monkeypatch.setattr(disk, "watch", refuse)
    with pytest.raises(disk.NotSaved) as caught:
        disk.write_bytes(tmp_path / "m.safetensors", b"model")
    sentence = failed(caught.value).sentence
    assert sentence == f"{caught.value}."
    assert sentence.endswith(f"{remedy}.")
    assert "m.safetensors" in sentence
    assert "Errno" not in sentence


def test_the_table_of_a_validation_error_is_no_sentence_for_people():
    with pytest.raises(ValidationError) as caught:
        MaskSettings(threshold=7)
    assert "\n" not in failed(caught.value).sentence


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_death_is_told_with_its_cause_and_what_happens_next():
    killed, crashed, ended = died(-signal.SIGKILL, ""), died(-signal.SIGSEGV, "words"), died(1, "")
    assert "memory: close other programs, or where it segmented choose a smaller" in killed.sentence
    assert "Segmentation fault" in crashed.sentence
    assert "exit status 1" in ended.sentence
    assert all("next click starts it anew" in f.sentence for f in (killed, crashed, ended))
    assert crashed.details.endswith("words")
