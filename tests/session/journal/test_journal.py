import subprocess
import sys
from time import monotonic, sleep

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.session.edits import Edit, Move, Region
from napari_unet.session.history import History
from napari_unet.session.journal import Journal, find, read
from napari_unet.session.journal.file import generations
from napari_unet.session.runs import Runs
from tests.session.journal.painting import SHAPE, Painter, identity, same


@pytest.fixture
def journal(folder, told):
    journal = Journal(identity(), folder, told.append)
    yield journal
    journal.close()


def saved(journal, entries):
    for entry in entries:
        journal.write(entry)
    assert journal.flush(5)
    return journal


def resumed(folder, say, whose=None):
    whose = whose or identity()
    [found, *_] = find(whose, folder)
    _, entries = read(found.path)
    return Journal.resume(found, entries, whose, folder, say), entries


def test_r2_6_what_was_done_is_read_back_and_replays_to_the_same(journal, painted, told):
    painter, entries = painted(60)
    saved(journal, entries)
    whose, back = read(journal.path)
    history = History(SHAPE)
    assert whose == identity()
    assert same(back, entries)
    assert (history.replay(back) == painter.labels).all()
    assert (history.states == painter.history.states).all()
    assert history.regions == painter.history.regions
    assert history.tally == painter.history.tally
    assert told == []


def test_a_history_tells_its_journal(journal, random):
    painter = Painter()
    painter.history.entered.connect(journal.write)
    painter.stroke(random)
    painter.history.undo()
    painter.history.redo()
    assert journal.flush(5)
    _, entries = read(journal.path)
    assert [e if isinstance(e, Move) else e.kind for e in entries] == ["paint", *Move]
    assert journal.written == 3


def test_r2_1_an_entry_is_on_the_disk_well_within_two_seconds(journal, painted):
    _, entries = painted(1)
    start = monotonic()
    journal.write(entries[0])
    assert monotonic() - start < 0.5
    while journal.written < 1:
        assert monotonic() - start < 2
        sleep(0.005)


def test_nothing_is_on_the_disk_before_something_was_done(folder, told):
    Journal(identity(), folder, told.append).close()
    assert not folder.exists()


def test_every_commit_reaches_the_disk(journal, painted):
    saved(journal, painted(1)[1])
    connection = journal._home._file._connection
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_r2_2_one_stroke_on_a_huge_image_is_small(folder, told):
    whose = identity(shape=(8192, 8192))
    journal = Journal(whose, folder, told.append)
    box = (4000, 4000, 4060, 4060)
    disk_ = np.hypot(*np.mgrid[-30:30, -30:30]) < 28
    runs = Runs.of_box((8192, 8192), (), box, np.zeros_like(disk_), disk_)
    saved(journal, [Edit("paint", runs, runs)])
    journal.close()
    assert journal.path.stat().st_size < 100_000


def test_closing_saves_what_is_left_and_a_later_entry_goes_on(journal, painted):
    _, entries = painted(10)
    for entry in entries[:6]:
        journal.write(entry)
    journal.close()
    journal.close()
    assert journal.written == 6
    assert [p.suffix for p in journal.path.parent.iterdir() if p.stat().st_size] == [".journal"]
    saved(journal, entries[6:])
    assert same(read(journal.path)[1], entries)
    assert len(generations(journal.path.parent)) == 1


def test_a_program_that_ends_without_closing_loses_nothing(folder):
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.session.journal.painting import *\n"
        "from napari_unet.session.journal import Journal\n"
        "journal = Journal(identity(), Path(sys.argv[1]))\n"
        "for _ in range(50): journal.write(Edit('paint'))"
    )
    subprocess.run([sys.executable, "-c", code, folder], check=True, timeout=60)
    [found] = find(identity(), folder)
    assert found.corrections == 50


def test_r2_6_a_restored_journal_goes_on_in_the_same_file(folder, told, painted):
    _, entries = painted(30)
    saved(Journal(identity(), folder, told.append), entries[:20]).close()
    journal, back = resumed(folder, told.append)
    assert same(back, entries[:20])
    assert journal.written == 20
    saved(journal, entries[20:]).close()
    [found] = find(identity(), folder)
    assert found.path == journal.path
    assert same(read(found.path)[1], entries)
    assert told == []


def test_starting_anew_leaves_the_old_journal(folder, told, painted):
    _, entries = painted(9)
    for part in (entries[:3], entries[3:6], entries[6:]):
        saved(Journal(identity(), folder, told.append), part).close()
    assert len(find(identity(), folder)) == 3
    oldest, *_ = generations(next(folder.iterdir()))
    assert same(read(oldest)[1], entries[:3])


def test_what_is_found_counts_what_is_still_done(folder, told):
    region = Region((0,), (0, 0, 2, 2))
    moves = [Move.UNDO, Move.UNDO, Move.REDO]
    edits = [Edit("paint", at=1.0), Edit("right", at=2.0), Edit("erase", at=3.0), Edit("segment")]
    entries = [*edits[:3], *moves, Edit("confirm", region=region, at=4.0)]
    saved(Journal(identity(), folder, told.append), entries).close()
    [found] = find(identity(), folder)
    assert (found.corrections, found.confirmations) == (1, 2)
    assert not found.busy


def test_the_newest_is_first(folder, told):
    for at in (5.0, 9.0, 7.0):
        saved(Journal(identity(), folder, told.append), [Edit("paint", at=at)]).close()
    assert [found.last for found in find(identity(), folder)] == [9.0, 7.0, 5.0]


def test_r14_5_a_journal_belongs_to_content_wherever_it_is(folder, told):
    saved(Journal(identity(), folder, told.append), [Edit("paint")]).close()
    [found] = find(identity(path="/elsewhere/ä.tif"), folder)
    assert found.identity == identity()
    assert find(identity(content="another digest"), folder) == []
    assert find(identity(shape=(24, 32)), folder) == []


def test_what_is_restored_for_a_moved_image_is_a_journal_of_its_own(folder, told, painted):
    _, entries = painted(6)
    saved(Journal(identity(), folder, told.append), entries[:5]).close()
    moved = identity(path="/elsewhere/a copy.tif")
    journal, _ = resumed(folder, told.append, moved)
    saved(journal, entries[5:]).close()
    whose, back = read(journal.path)
    assert whose == moved
    assert same(back, entries)
    assert {len(read(found.path)[1]) for found in find(moved, folder)} == {5, 6}


@pytest.mark.parametrize(
    "path", ["", "a#b?c%20.tif", "日本語 \u202e.tif", "bad \udc80.tif", "a\nb"]
)
def test_r15_5_any_path_comes_back(folder, told, path):
    saved(Journal(identity(path=path), folder, told.append), [Edit("paint")]).close()
    [found] = find(identity(), folder)
    assert found.identity.path == path


def test_journals_are_in_the_users_data_folder(tmp_path, monkeypatch, told):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path / "home"))
    journal = saved(Journal(identity(), on_problem=told.append), [Edit("paint")])
    journal.close()
    assert journal.path.parent.parent == tmp_path / "home" / "journals"
    assert [found.path for found in find(identity())] == [journal.path]


def test_numbers_of_any_kind_are_taken(journal):
    one = np.int64(1)
    region = Region((one,), (one, one, np.int32(3), one))
    audit, seconds = np.bool_(True), np.float32(0.5)
    edit = Edit("right", at=np.float64(5.5), seconds=seconds, region=region, audit=audit)
    saved(journal, [edit])
    [back] = read(journal.path)[1]
    assert (back.region, back.seconds, back.audit, back.at) == (region, 0.5, True, 5.5)


SIZE = 24
runs = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    max_size=SIZE,
    unique_by=lambda pixel: pixel[0],
).map(lambda pixels: Runs.of_pixels(*np.array(sorted(pixels), np.int64).reshape(-1, 3).T))
coordinates = st.integers(0, 2**31)
edits = st.builds(
    Edit,
    st.sampled_from(["paint", "erase", "merge", "confirm", "segment", "unsure", "replace"]),
    runs,
    runs.map(lambda r: Runs(r.start, r.length, r.before % 16, r.after % 16)),
    at=st.floats(0, 1e11),
    seconds=st.floats(0, 1e6),
    region=st.none() | st.builds(Region, st.tuples(coordinates), st.tuples(*[coordinates] * 4)),
    audit=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(edits | st.sampled_from(Move), min_size=1, max_size=30), st.integers(0, 30))
def test_any_entries_come_back_in_one_or_two_sessions(tmp_path_factory, entries, cut):
    folder = tmp_path_factory.mktemp("journals")
    whose = identity(shape=(4, 6))
    saved(Journal(whose, folder), entries[: cut + 1]).close()
    [found] = find(whose, folder)
    journal = saved(Journal.resume(found, read(found.path)[1], whose, folder), entries[cut + 1 :])
    journal.close()
    _, back = read(found.path)
    assert same(back, entries)
    first, second = History(whose.shape), History(whose.shape)
    assert (first.replay(entries) == second.replay(back)).all()
    assert (first.states == second.states).all()
