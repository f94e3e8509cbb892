import numpy as np
import pytest

from napari_unet.session.edits import Edit, Move
from napari_unet.session.history import History
from napari_unet.session.journal import Journal, compact, compaction, find, read, shortening
from napari_unet.session.journal.compaction import is_long
from napari_unet.session.journal.file import generations
from napari_unet.session.journal.lock import Lock
from napari_unet.session.journal.shortening import shortened
from tests.session.journal.painting import SHAPE, Painter, identity, same


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(compaction, "MAX_ENTRIES", 20)
    monkeypatch.setattr(shortening, "UNDOABLE", 5)


def replayed(entries):
    history = History(SHAPE)
    labels = history.replay(entries)
    return history, labels


def says_the_same(one, other):
    (a, labels), (b, others) = one, other
    assert (labels == others).all()
    assert (a.states == b.states).all()
    assert a.regions == b.regions
    assert a.tally == b.tally
    assert same(reversed(a.undone), reversed(b.undone))


def written(folder, entries):
    journal = Journal(identity(), folder)
    for entry in entries:
        journal.write(entry)
    journal.close()
    return find(identity(), folder)[0]


@pytest.mark.parametrize("seed", range(6))
def test_a_short_journal_comes_to_the_same(painted, seed):
    _, entries = painted(80, seed)
    entries += [Move.UNDO, Move.UNDO]
    short = shortened(entries, SHAPE)
    before, after = replayed(entries), replayed(short.entries)
    says_the_same(before, after)
    assert same(before[0].done[-5:], after[0].done[-5:])
    again = shortened(short.entries, SHAPE, short.base)
    says_the_same(before, replayed(again.entries))
    assert len(again.entries) <= len(short.entries)


def test_undo_ends_at_the_start(painted):
    _, entries = painted(80)
    history, labels = replayed(shortened(entries, SHAPE).entries)
    undone = 0
    while edit := history.undo():
        edit.labels.backwards().write(labels)
        undone += 1
    assert undone == 5
    assert labels.any()
    assert history.states.any()


def test_what_is_left_of_large_edits_is_few(painted, monkeypatch):
    monkeypatch.setattr(shortening, "UNDOABLE_RUNS", 0)
    _, entries = painted(80)
    history, _ = replayed(shortened(entries, SHAPE).entries)
    assert history.undo() is None


def test_nothing_at_all_can_be_made_short():
    assert shortened([], SHAPE).entries == []
    assert shortened([Edit("paint"), Move.UNDO], SHAPE).entries[-1] is Move.UNDO


def test_a_long_journal_is_made_short_in_a_new_generation(folder, painted):
    painter, entries = painted(80)
    found = written(folder, entries)
    short = compact(found)
    assert short.path != found.path
    assert same(read(found.path)[1], entries)
    assert short[1:] == found[1:]
    assert not is_long(short.path)
    assert find(identity(), folder)[0] == short
    says_the_same(replayed(entries), replayed(read(short.path)[1]))
    assert compact(short) == short
    journal = Journal.resume(short, read(short.path)[1], identity(), folder)
    painter.history.entered.connect(journal.write)
    random = np.random.default_rng(9)
    for _ in range(10):
        painter.stroke(random)
    journal.close()
    assert journal.path == short.path
    assert (replayed(read(short.path)[1])[1] == painter.labels).all()
    assert find(identity(), folder)[0].corrections == len(
        [edit for edit in painter.history.done if edit.by_hand]
    )


def test_a_journal_that_is_short_or_busy_or_damaged_stays_as_it_is(folder, painted):
    _, entries = painted(80)
    few = written(folder, entries[:20])
    assert compact(few) == few
    many = written(folder, entries)
    lock = Lock(many.path)
    assert compact(many) == many
    lock.release()
    data = many.path.read_bytes()
    many.path.write_bytes(data[: len(data) * 3 // 4])
    assert compact(many) == many
    assert len(generations(many.path.parent)) == 2


def test_a_disk_that_is_full_leaves_the_long_journal(folder, painted, monkeypatch, caplog):
    found = written(folder, painted(80)[1])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_unet.disk.give_name", full)
    assert compact(found) == found
    assert "could not be made short: [Errno 28]" in caplog.text
    assert [p.suffix for p in found.path.parent.glob("*[!k]")] == [".journal"]


def grown(folder, found, random):
    _, entries = read(found.path)
    painter = Painter(entries)
    journal = Journal.resume(found, entries, identity(), folder)
    painter.history.entered.connect(journal.write)
    for _ in range(30):
        painter.stroke(random)
    journal.close()
    return find(identity(), folder)[0]


def test_r2_3_three_older_generations_stay_and_all_that_were_not_made_short(
    folder, painted, random
):
    _, entries = painted(40)
    never_restored = written(folder, entries)
    found = written(folder, entries)
    used_again = found
    for number in range(6):
        if number == 1:  # somebody takes up the older one once more
            saved = Journal.resume(used_again, read(used_again.path)[1], identity(), folder)
            saved.write(Edit("paint", at=0.0))
            saved.close()
        found = grown(folder, compact(found), random)
    names = [path.stem.lstrip("0") for path in generations(found.path.parent)]
    assert names == ["1", "2", "5", "6", "7", "8"]
    assert never_restored.path.exists()
    assert used_again.path.exists()
