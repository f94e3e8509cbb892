from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.uncertainty import Doubts, Measures
from napari_unet.schema.correction import State
from napari_unet.session.edits import Region
from napari_unet.session.history import History
from napari_unet.session.queue import AUDIT_EVERY, Queue
from napari_unet.session.runs import Runs
from napari_unet.session.stops import Looked, share
from napari_unet.session.verdicts import confirmed, painted, right, unsure
from napari_unet.session.worth import likely_wrong

SIDE, PITCH = 6, 20
"""Objects are squares on a grid, far enough apart for what is said of one to reach no other."""


class Bench:
    """A mask of squares on a grid, some of them likely wrong, and the queue over it."""

    def __init__(self, unsure, planes=1, grid=8, faint=0, seed=0):
        size = grid * PITCH
        self.labels = np.zeros((planes, size, size), np.uint16)
        corners = [(y, x) for y in range(0, size, PITCH) for x in range(0, size, PITCH)]
        self.history = History(self.labels.shape)
        for plane in range(planes):
            for id_, (y, x) in enumerate(corners[: len(unsure)], start=1):
                self.labels[plane, y : y + SIDE, x : x + SIDE] = id_
        boxes = np.array([(y, x, y + SIDE, x + SIDE) for y, x in corners])[: len(unsure) + faint]
        self.unsure = np.array([*unsure, *[0.9] * faint])
        self.ids = np.array([*range(1, len(unsure) + 1), *[0] * faint])
        self.table = table(self.ids, boxes, self.unsure)
        self.tables = {(plane,): self.table for plane in range(planes)}
        self.queue = Queue(self.history, lambda plane: self.labels[plane], self.tables, seed)

    def all(self, answer=None):
        stops = []
        while (stop := self.queue.next()) is not None:
            stops.append(stop)
            if answer:
                self.queue.answer(answer(stop))
        return stops

    def say_right(self, stop):
        self.history.do(right(self.history, self.labels[stop.plane], stop))

    def paint(self, id_, new, plane=0):
        """What a repair does: the object becomes another one, or background."""
        pixels = np.flatnonzero((self.labels == id_).ravel())
        pixels = pixels[pixels // self.labels[0].size == plane]
        before = self.labels.ravel()[pixels]
        runs = Runs.of_pixels(pixels, before, np.full_like(before, new))
        self.history.do(painted(self.history, "edit", runs))
        runs.write(self.labels)


def table(ids, boxes, unsure):
    flat = np.zeros(len(ids))
    area = np.full(len(ids), float(SIDE**2))
    return Doubts(ids, boxes, Measures(area, unsure, unsure, flat, flat, flat))


def at_random(n, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, n).tolist()


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), faint=st.integers(0, 5), planes=st.integers(1, 3), seed=st.integers())
def test_each_place_is_a_stop_once_and_every_fifth_an_audit(n, faint, planes, seed):
    bench = Bench(at_random(n), planes=planes, faint=faint, seed=abs(seed))
    stops = bench.all()
    assert Counter((s.plane, s.box) for s in stops).most_common(1)[0][1] == 1
    assert len(stops) == planes * (n + faint)
    audits = [number for number, stop in enumerate(stops, start=1) if stop.audit]
    assert all(stop.id for stop in stops if stop.audit)
    last_object = max(number for number, stop in enumerate(stops, start=1) if stop.id)
    assert audits == [k for k in range(1, last_object + 1) if k % AUDIT_EVERY == 0]


def test_the_likeliest_wrong_come_first():
    bench = Bench(at_random(40))
    chosen = [stop for stop in bench.all() if not stop.audit]
    first, last = chosen[:8], chosen[-8:]
    assert min(s.worth for s in first) > max(s.worth for s in last)
    assert bench.unsure[chosen[0].id - 1] == max(bench.unsure)


def test_stops_do_not_lie_side_by_side():
    """Of two groups of equals the queue visits the other one next, not a neighbour."""
    scores = np.zeros((8, 8))
    scores[0, :2] = scores[-1, -2:] = 0.8
    queue = Bench(scores.ravel().tolist()).queue
    tops = [queue.next().box[0] < 4 * PITCH for _ in range(2)]
    assert tops == [True, False]


def test_a_crowd_is_looked_at_when_nothing_else_is_worth_it():
    scores = np.zeros((8, 8))
    scores[:2, :2] = 0.9
    queue = Bench(scores.ravel().tolist()).queue
    assert {queue.next().id for _ in range(4)} == {1, 2, 9, 10}


def test_a_seed_gives_the_same_stops_again():
    def ids(seed):
        return [stop.id for stop in Bench(at_random(30), seed=seed).all()]

    assert ids(1) == ids(1) != ids(2)


def test_back_and_next_walk_along_the_same_stops():
    queue = Bench(at_random(20)).queue
    assert queue.current is None
    assert queue.back() is None
    stops = [queue.next() for _ in range(7)]
    assert [queue.back() for _ in range(7)] == [*stops[5::-1], stops[0]]
    assert queue.current == stops[0]
    assert [queue.next() for _ in range(6)] == stops[1:]
    assert queue.next() not in stops


def test_what_is_confirmed_or_corrected_is_no_stop():
    bench = Bench(at_random(36))
    bench.history.do(confirmed(bench.history, Region((0,), (0, 0, PITCH, 8 * PITCH))))  # 1 to 8
    bench.paint(9, 50)
    bench.paint(10, 0)
    pixels = np.flatnonzero(bench.labels.ravel() == 11)
    bench.history.do(unsure(bench.history, pixels))
    assert sorted(stop.id for stop in bench.all()) == list(range(12, 37))


def test_an_object_that_was_only_grazed_is_a_stop_still():
    bench = Bench([0.5])
    bench.history.states[0, :SIDE, :2] = State.CORRECTED
    assert bench.queue.next().id == 1


def test_a_place_that_has_been_filled_is_no_stop():
    bench = Bench([0.5], faint=1)
    bench.labels[0, :SIDE, PITCH : PITCH + SIDE] = 2
    assert [stop.id for stop in bench.all()] == [1]


def test_answers_add_up_and_can_be_taken_back():
    queue = Bench(at_random(20)).queue
    with pytest.raises(ValueError, match="press N"):
        queue.answer("right")
    for answer in ("right", "fixed", "wrong", "fixed"):
        queue.next()
        queue.answer(answer, 2.5)
    assert queue.looked == Looked(stops=4, fixed=2, seconds=10)
    queue.back()
    queue.answer("fixed", 4)
    assert queue.looked == Looked(stops=4, fixed=3, seconds=11.5)
    queue.next()
    queue.next()  # a stop that is left without an answer is not counted
    assert queue.looked.stops == 4


def test_reasons_are_named_in_a_word_or_two():
    bench = Bench([0.9, 0.0], faint=1)
    reasons = {stop.id: stop.reasons for stop in bench.all()}
    assert reasons == {0: ("may be missing",), 1: ("unclear outline",), 2: ()}
    m = bench.table.measures
    size, odd, contact = (np.array(v) for v in ([3, 0, -2.5], [0, 0.2, 0], [0, 0.1, 0.2]))
    other = bench.table._replace(
        ids=np.array([1, 2, 3]),
        measures=m._replace(
            unsure=np.zeros(3), unstable=np.zeros(3), size=size, odd=odd, contact=contact
        ),
    )
    queue = Queue(bench.history, lambda plane: bench.labels[plane] * 0 + 1, {(0,): other})
    assert queue.next().reasons  # all three have one
    assert {r for n in range(3) for r in queue._places.stop(n, audit=False).reasons} == {
        "unusually large",
        "odd shape",
        "touching",
        "unusually small",
    }


def test_audits_are_drawn_from_all_objects_alike():
    """Each of 20 objects, likely wrong or not, is the first audit about as often as any other."""
    unsure = np.linspace(0, 1, 20).tolist()
    draws = Counter()
    for seed in range(600):
        bench = Bench(unsure, seed=seed)
        looked_at = {bench.queue.next().id for _ in range(4)}
        audit = bench.queue.next()
        assert audit.audit
        assert audit.id not in looked_at
        draws[audit.id] += 1
    assert len(draws) == 16  # the four likeliest are looked at first
    assert max(draws.values()) < 2 * min(draws.values())


def test_the_share_of_right_objects_is_unbiased():
    """The queue looks at wrong objects first; the mean of many shares is the truth all the same."""
    unsure = [0.9] * 12 + [0.1] * 48
    shares = []
    for seed in range(300):
        bench = Bench(unsure, seed=seed)
        for _ in range(30):
            stop = bench.queue.next()
            bench.queue.answer("fixed" if bench.unsure[stop.id - 1] > 0.5 else "right")
        shares.append(bench.queue.share)
    assert np.mean([s.right for s in shares]) / np.mean([s.drawn for s in shares]) == (
        pytest.approx(0.8, abs=0.02)
    )
    covered = np.mean([s.low <= 0.8 <= s.high for s in shares])
    assert covered > 0.9


def test_an_answer_counts_only_if_its_object_is_drawn():
    """One audit of many objects: what was said at the four stops before it is not in the share."""

    def after_five(other):
        bench = Bench([0.9] * 4 + [0.1] * 60, seed=3)
        for _ in range(5):
            stop = bench.queue.next()
            bench.queue.answer("right" if stop.audit else other)
        return bench.queue.share

    assert after_five("right") == after_five("fixed") == share(1, 1)


def test_there_is_no_share_before_the_first_audit():
    bench = Bench(at_random(10))
    bench.queue.next()
    bench.queue.answer("right")
    assert bench.queue.share is None


def test_the_interval_is_wilsons():
    """Figures of Brown, Cai and DasGupta's formula, worked out by hand for 8 of 10."""
    found = share(8, 10)
    assert found.share == 0.8
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-3)
    assert share(0, 5).low == 0
    assert share(5, 5).high == 1


def test_a_new_mask_keeps_what_was_looked_at():
    bench = Bench(at_random(30))
    stops = [bench.queue.next() for _ in range(6)]
    for _ in stops:
        bench.queue.back()
    bench.queue.answer("right", 1)
    bench.say_right(stops[0])
    bench.queue.refresh(bench.tables)
    assert bench.queue.looked.stops == 1
    assert bench.queue.current == stops[0]
    assert [bench.queue.next() for _ in range(5)] == stops[1:]
    rest = bench.all()
    assert not {stop.id for stop in rest} & {stop.id for stop in stops}
    assert len(rest) == 24


def test_a_new_object_with_an_old_id_is_a_new_stop():
    bench = Bench([0.9, 0.5, 0.1])
    assert bench.queue.next().id == 1
    moved = bench.table.boxes.copy()
    moved[0] += 60
    bench.labels[0][bench.labels[0] == 1] = 0
    bench.labels[0, 60:66, 60:66] = 1
    bench.queue.refresh({(0,): bench.table._replace(boxes=moved)})
    assert sorted(stop.id for stop in bench.all()) == [1, 2, 3]


def test_objects_known_before_a_new_mask_are_not_audited():
    bench = Bench(at_random(30))
    bench.history.do(confirmed(bench.history, Region((0,), (0, 0, PITCH, 8 * PITCH))))
    bench.queue.refresh(bench.tables)
    for stop in bench.all(lambda stop: "wrong"):
        assert stop.id > 8
    assert bench.queue.share.right == 0
    assert bench.queue.share.drawn <= 22


def test_planes_may_come_and_go():
    bench = Bench(at_random(5), planes=2)
    bench.queue.next()
    bench.queue.refresh({})
    assert bench.queue.next() is None
    bench.queue.refresh({(1,): bench.table})
    assert {stop.plane for stop in bench.all()} == {(1,)}


def test_a_queue_of_nothing_is_empty():
    queue = Queue(History((9, 9)), lambda plane: np.zeros((9, 9), np.uint16), {})
    assert queue.next() is None
    assert queue.looked == Looked()


def test_how_likely_something_is_wrong_is_a_probability():
    chances = likely_wrong(Bench(at_random(30), faint=3).table)
    assert ((chances > 0) & (chances < 1)).all()


def test_20_000_objects_are_ordered_within_a_blink():
    from time import perf_counter

    bench = Bench(at_random(100), grid=10)
    times = 200
    boxes = np.tile(bench.table.boxes, (times, 1))
    big = table(np.arange(1, 100 * times + 1), boxes, np.tile(bench.unsure, times))
    labels = np.zeros((200, 200), np.uint16)
    queue = Queue(History(labels.shape), lambda plane: labels, {(): big})
    start = perf_counter()
    assert queue.next() is None  # none of them is there any more: the worst case
    assert perf_counter() - start < 2
