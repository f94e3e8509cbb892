"""Disks that are full, folders that are read-only, files that are damaged, and other windows."""

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from napari_unet.session.edits import Edit
from napari_unet.session.journal import Journal, find, read, saver, shelf
from napari_unet.session.journal.file import JournalFile, generations, remove
from napari_unet.session.journal.lock import Lock, is_held
from napari_unet.session.runs import Runs
from tests.session.journal.painting import identity, same

posix = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX system")


def saved(journal, entries):
    for entry in entries:
        journal.write(entry)
    assert journal.flush(5)
    return journal


def until(is_so):
    for _ in range(500):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


@pytest.fixture
def journal(folder, told, monkeypatch):
    monkeypatch.setattr(saver, "FIRST_PAUSE_S", 0.05)
    journal = Journal(identity(), folder, told.append)
    journal._saver._pause_s = 0.05
    yield journal
    journal.close()


@pytest.fixture
def whole(folder, told, painted):
    """A journal at rest, and what it holds."""
    _, entries = painted(40)
    journal = saved(Journal(identity(), folder, told.append), entries)
    journal.close()
    return journal.path, entries


# disks


FULL = """
import json, resource, sys
from pathlib import Path
import numpy as np
from napari_unet.session.edits import Edit
from napari_unet.session.journal import Journal, read, saver
from napari_unet.session.runs import Runs
from tests.session.journal.painting import identity
saver.FIRST_PAUSE_S = 0.05
told = []
journal = Journal(identity(), Path(sys.argv[1]), told.append)
journal._saver._pause_s = 0.05
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, most))
pixels, values = np.arange(0, 2000, 2), np.random.default_rng(0).integers(1, 9, 1000)
for _ in range(300):
    journal.write(Edit("paint", Runs.of_pixels(pixels, 0 * values, values)))
    if not journal.flush(0.2):
        break
full = journal.written, len(journal._entries), len(read(journal.path)[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
better = journal.flush(10)
journal.close()
print(json.dumps([told, full, better, len(read(journal.path)[1])]))
"""


@posix
def test_r2_7_a_full_disk_is_told_and_what_was_done_is_saved_when_there_is_room(folder):
    command = [sys.executable, "-c", FULL, folder]
    told, (written, entries, on_disk), better, after = _said(command)
    assert 0 < written < entries
    assert on_disk >= written
    assert better
    assert after == entries
    assert "saved" in told[0]
    assert str(folder) in told[0]
    assert told[-1] == f"Your corrections are saved in '{next(folder.iterdir())}' again."


def _said(command):
    spare = {**os.environ, "TMPDIR": tempfile.gettempdir()}
    return json.loads(
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60, env=spare
        ).stdout
    )


def fail_at_home(monkeypatch, folder, error):
    append, create = JournalFile.append, JournalFile.create

    def is_home(path):
        return folder in path.parents

    def failing(file, entries):
        if is_home(file.path):
            raise error
        append(file, entries)

    def not_created(place, *rest):
        if is_home(place):
            raise error
        return create(place, *rest)

    monkeypatch.setattr(JournalFile, "append", failing)
    monkeypatch.setattr(JournalFile, "create", not_created)


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EROFS, "Read-only file system"),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("attempt to write a readonly database"),
    ],
    ids=str,
)
def test_r2_7_what_cannot_be_saved_at_home_is_saved_elsewhere_and_comes_back(
    journal, folder, told, painted, monkeypatch, error, before
):
    _, entries = painted(before + 3)
    saved(journal, entries[:before])
    with monkeypatch.context() as broken:
        fail_at_home(broken, folder, error)
        saved(journal, entries[before:-1])
        assert shelf.spare_folder() in journal.path.parents
        assert same(read(journal.path)[1], entries[:-1])
        assert find(identity(), folder)[0].path == journal.path
        assert len(told) == 1
        assert all(word in told[0] for word in (str(folder), str(error), "free some room"))
    until(lambda: len(told) == 2)
    saved(journal, entries[-1:])
    assert "again" in told[1]
    assert folder in journal.path.parents
    assert same(read(journal.path)[1], entries)
    assert [found.path for found in find(identity(), folder)] == [journal.path]


def test_r15_5_where_no_folder_can_be_made_it_is_saved_elsewhere(journal, folder, told):
    folder.parent.write_text("a file")
    saved(journal, [Edit("paint")]).close()
    assert len(told) == 1
    [found] = find(identity(), folder)
    assert shelf.spare_folder() in found.path.parents


def test_what_can_be_saved_nowhere_stays_in_memory_and_is_told_again_at_the_end(
    journal, folder, told
):
    folder.parent.write_text("a file")
    shelf.spare_folder().write_text("a file")
    journal.write(Edit("paint"))
    assert not journal.flush(0.3)
    journal.close()
    assert [("neither" in sentence, "keep this window open" in sentence) for sentence in told] == [
        (True, True)
    ] * 2
    assert journal.written == 0
    folder.parent.unlink()
    assert journal.flush(5)
    assert "again" in told[-1]
    assert len(read(journal.path)[1]) == 1


@posix
def test_a_spare_folder_of_somebody_else_is_not_used(journal, folder, told, monkeypatch):
    spare = shelf.spare_folder()
    spare.mkdir()
    owner = spare.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    monkeypatch.setattr(shelf, "spare_folder", lambda: spare)
    folder.parent.write_text("a file")
    journal.write(Edit("paint"))
    assert not journal.flush(0.3)
    assert list(spare.iterdir()) == []
    assert find(identity(), folder) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listener_that_fails_stops_nothing(folder, painted):
    _, entries = painted(5)
    folder.parent.write_text("a file")

    def fail(_):
        raise RuntimeError("the window is gone")

    journal = Journal(identity(), folder, fail)
    for entry in entries:
        journal.write(entry)
        time.sleep(0.02)
    assert journal.flush(5)
    journal.close()
    assert same(read(journal.path)[1], entries)


def test_a_journal_that_somebody_deleted_is_written_anew(journal, folder, told, painted):
    _, entries = painted(8)
    saved(journal, entries[:5])
    shutil.rmtree(folder)
    saved(journal, entries[5:])
    [found] = find(identity(), folder)
    assert same(read(found.path)[1], entries)


def test_r2_1_a_journal_is_not_mixed_with_what_a_deleted_one_had_written_ahead(
    folder, told, painted
):
    _, entries = painted(20)
    other = folder.with_name("as a killed window leaves it")
    deleted = saved(Journal(identity(), folder, told.append), entries)
    shutil.copytree(folder, other)
    deleted.close()
    (other / deleted.path.relative_to(folder)).unlink()
    assert len(list(other.glob("*/*-wal"))) == 1
    journal = saved(Journal(identity(), other, told.append), entries[:9])
    journal.close()
    [found] = find(identity(), other)
    assert same(read(found.path)[1], entries[:9])


def test_a_journal_that_is_removed_leaves_nothing_to_be_mixed_with(folder, told, painted):
    journal = saved(Journal(identity(), folder, told.append), painted(5)[1])
    remove(journal.path)
    assert [path.suffix for path in journal.path.parent.iterdir()] == [".lock"]
    journal.close()


@pytest.mark.parametrize("page", range(1, 6))
def test_r2_1_a_damaged_page_never_keeps_a_journal_from_being_found(folder, told, painted, page):
    _, entries = painted(60)
    journal = saved(Journal(identity(), folder, told.append), entries)
    journal.close()
    with journal.path.open("r+b") as file:
        file.seek(page * 4096)
        assert file.read(1)
        file.seek(page * 4096)
        file.write(b"\xff" * 4096)
    for found in find(identity(), folder):  # none if the damage is where it says whose it is
        back = read(found.path)[1]
        assert same(back, entries[: len(back)])


# read-only folders


@pytest.fixture
def stranger():
    """Runs a function in a process that may not write, and gives what it says."""

    def run(body, folder):
        for part in (folder, *folder.rglob("*")):
            part.chmod(0o555 if part.is_dir() else 0o444)
        ears, mouth = os.pipe()
        if not (pid := os.fork()):
            code = 1
            try:
                if os.getuid() == 0:
                    os.setuid(65534)
                os.write(mouth, json.dumps(body()).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(mouth)
        with os.fdopen(ears, "rb") as heard:
            said = heard.read()
        assert os.waitpid(pid, 0)[1] == 0
        for part in (folder, *folder.rglob("*")):
            part.chmod(0o755 if part.is_dir() else 0o644)
        return json.loads(said)

    return run


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_r15_5_a_journal_in_a_read_only_folder_is_read_and_gone_on_with_elsewhere(
    folder, outside, painted, stranger, told, monkeypatch
):
    _, entries = painted(30)
    writer = saved(Journal(identity(), folder, told.append), entries[:28])
    copied = outside / "copied"
    shutil.copytree(folder, copied)  # with what is written ahead: as a killed window leaves it
    writer.close()
    (outside / "spare").mkdir()
    (outside / "spare").chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(outside / "spare"))

    def body():
        [found] = find(identity(), copied)
        _, back = read(found.path)
        told = []
        journal = Journal.resume(found, back, identity(), copied, told.append)
        saved(journal, entries[28:]).close()
        again = find(identity(), copied)
        return [
            same(back, entries[:28]),
            [same(read(found.path)[1], entries) for found in again],
            told,
            str(journal.path),
        ]

    was_read, now, told, path = stranger(body, copied)
    assert was_read
    assert sorted(now) == [False, True]
    assert len(told) == 1
    assert str(copied) in told[0]
    assert not path.startswith(str(copied))


# other windows


def test_r14_5_a_second_window_on_one_image_is_told_and_loses_nothing(folder, told, painted):
    _, entries = painted(20)
    first = saved(Journal(identity(), folder, told.append), entries[:10])
    [found] = find(identity(), folder)
    assert found.busy
    assert not first.shared
    assert told == []
    second = Journal.resume(found, read(found.path)[1], identity(), folder, told.append)
    saved(second, entries[10:15])
    saved(first, entries[15:])
    assert second.shared
    assert [sentence.split("'")[2] for sentence in told] == [
        " is open in another window too: what you do here is saved apart from it, so close one "
        "of them."
    ]
    assert same(read(first.path)[1], entries[:10] + entries[15:])
    assert same(read(second.path)[1], entries[:15])
    first.close()
    second.close()
    assert not any(found.busy for found in find(identity(), folder))


OTHER = """
import sys, time
from pathlib import Path
from napari_unet.session.edits import Edit
from napari_unet.session.journal import Journal
from tests.session.journal.painting import identity
journal = Journal(identity(), Path(sys.argv[1]))
journal.write(Edit("paint"))
print(journal.flush(10), flush=True)
time.sleep(60)
"""


def test_the_journal_of_a_window_that_died_is_free_at_once(folder, told):
    command = [sys.executable, "-c", OTHER, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "True\n"
            [found] = find(identity(), folder)
            assert found.busy
            mine = saved(Journal(identity(), folder, told.append), [Edit("paint")])
            assert mine.shared
            assert mine.path != found.path
            mine.close()
        finally:
            other.send_signal(signal.SIGKILL) if os.name != "nt" else other.kill()
    assert not is_held(found.path)
    journal = Journal.resume(found, read(found.path)[1], identity(), folder, told.append)
    saved(journal, [Edit("erase")]).close()
    assert journal.path == found.path
    assert not journal.shared


def test_two_windows_that_start_at_once_take_two_files(folder, told):
    journals = [Journal(identity(), folder, told.append) for _ in range(8)]
    for journal in journals:
        journal.write(Edit("paint"))
    assert all(journal.flush(10) for journal in journals)
    assert len({journal.path for journal in journals}) == 8
    for journal in journals:
        journal.close()


def test_a_journal_that_was_gone_on_with_elsewhere_meanwhile_is_left_alone(whole, folder, told):
    path, entries = whole
    [found] = find(identity(), folder)
    late = Journal.resume(found, read(path)[1], identity(), folder, told.append)
    saved(Journal.resume(found, entries, identity(), folder), [Edit("erase")]).close()
    saved(late, [Edit("merge")]).close()
    assert [e.kind for e in (read(p)[1][-1] for p in generations(path.parent))] == [
        "erase",
        "merge",
    ]


# files


def test_a_newer_version_is_refused_in_one_sentence(whole, folder):
    path, _ = whole
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = '2' WHERE name = 'version'")
    connection.close()
    with pytest.raises(ValueError, match=r"^'.*' was written by a newer .*update the plugin .*\.$"):
        read(path)
    assert find(identity(), folder) == []


@pytest.mark.parametrize("content", [b"", b"<html>", b"SQLite format 3\0" + bytes(200)])
def test_what_is_no_journal_is_refused_in_one_sentence(whole, folder, content):
    path, _ = whole
    other = path.with_name("000009.journal")
    other.write_bytes(content)
    for wrong in (other, path.with_name("000010.journal")):
        with pytest.raises(ValueError, match=r"^'.*' (is no journal|cannot be read).*one\.$"):
            read(wrong)
    assert [found.path for found in find(identity(), folder)] == [path]
    assert not path.with_name("000010.journal").exists()


def is_beginning(path, entries):
    try:
        _, back = read(path)
    except ValueError as error:
        return -1 if str(error).startswith(f"'{path}' ") else -2
    assert same(back, entries[: len(back)])
    return len(back)


def test_a_journal_that_was_cut_is_read_as_far_as_it_goes(folder, painted, tmp_path):
    _, entries = painted(600)
    journal = saved(Journal(identity(), folder), entries)
    journal.close()
    data = journal.path.read_bytes()
    kept = []
    for cut in range(0, len(data), len(data) // 60):
        (tmp_path / "cut.journal").write_bytes(data[:cut])
        kept.append(is_beginning(tmp_path / "cut.journal", entries))
    assert kept[0] == -1
    assert kept[-1] > 500
    assert len(set(kept)) > 15


def test_what_was_written_ahead_may_be_cut_anywhere(folder, told, painted, tmp_path):
    _, entries = painted(30)
    journal = saved(Journal(identity(), folder, told.append), entries[:10])
    for entry in entries[10:]:
        saved(journal, [entry])
    ahead = Path(f"{journal.path}-wal")
    journal_now, ahead_now = journal.path.read_bytes(), ahead.read_bytes()
    journal.close()
    kept = []
    for cut in range(0, len(ahead_now), len(ahead_now) // 80):
        there = tmp_path / f"{cut}.journal"
        there.write_bytes(journal_now)
        Path(f"{there}-wal").write_bytes(ahead_now[:cut])
        kept.append(is_beginning(there, entries))
    assert kept == sorted(kept)
    assert kept[0] >= 0
    assert len(set(kept)) > 15


def test_a_flipped_bit_never_gives_a_wrong_entry(whole, tmp_path):
    path, entries = whole
    data = path.read_bytes()
    kept = []
    for place in range(7, len(data), len(data) // 150):
        flipped = bytearray(data)
        flipped[place] ^= 0x10
        (tmp_path / "flipped.journal").write_bytes(flipped)
        kept.append(is_beginning(tmp_path / "flipped.journal", entries))
    assert len(set(kept)) > 10


def test_what_is_whole_of_a_damaged_journal_goes_on_in_a_new_one(whole, folder, told, caplog):
    path, entries = whole
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entries SET labels = x'00' WHERE number = 31")
    connection.close()
    [found] = find(identity(), folder)
    _, back = read(path)
    assert same(back, entries[:30])
    assert "is read up to entry 30 only" in caplog.text
    journal = Journal.resume(found, back, identity(), folder, told.append)
    saved(journal, entries[30:]).close()
    assert same(read(journal.path)[1], entries)
    assert journal.path != path


def test_an_entry_outside_of_the_mask_is_damage(folder, told):
    whose = identity(shape=(4, 4))
    nothing = np.zeros((1, 8), int)
    runs = Runs.of_box((8, 8), (), (7, 0, 8, 8), nothing, nothing + 1)
    journal = saved(Journal(whose, folder, told.append), [Edit("paint"), Edit("paint", runs)])
    journal.close()
    assert len(read(journal.path)[1]) == 1


def test_a_lock_that_nobody_holds_is_free(tmp_path):
    path = tmp_path / "000001.journal"
    assert not is_held(path)
    lock = Lock(path)
    assert is_held(path)
    lock.release()
    assert not is_held(path)
