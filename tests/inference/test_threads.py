"""Reading ahead and writing behind: in order, bounded, and no failure is lost."""

import threading

import pytest

from napari_unet.inference.threads import Behind, ahead


def test_the_next_one_is_made_while_this_one_is_used():
    started = [threading.Event() for _ in range(4)]

    def make(i):
        started[i].set()
        return i * i

    used = []
    for item, made in ahead(make, range(4)):
        used.append((item, made))
        assert started[min(item + 1, 3)].wait(5)
        assert not any(event.is_set() for event in started[item + 2 :])
    assert used == [(0, 0), (1, 1), (2, 4), (3, 9)]


def test_what_fails_ahead_is_raised_at_its_item():
    found = ahead(lambda i: 1 // i, [2, 1, 0, 5])
    assert [next(found)[1] for _ in range(2)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_who_stops_early_leaves_no_thread_behind():
    before = threading.active_count()
    found = ahead(lambda i: i, iter(range(10**9)))
    next(found)
    found.close()
    assert threading.active_count() == before


def test_what_is_written_behind_is_done_in_order_at_the_end():
    done, gate = [], threading.Event()
    with Behind() as behind:
        behind.do(gate.wait)
        behind.do(lambda: done.append(1))
        assert done == []
        gate.set()
        behind.do(lambda: done.append(2))
        behind.do(lambda: done.append(3))
    assert done == [1, 2, 3]


def test_a_slow_disk_slows_the_network_down():
    gate, done = threading.Event(), []
    timer = threading.Timer(0.2, gate.set)
    with Behind() as behind:
        timer.start()
        for i in range(4):  # the third has to wait for the first
            behind.do(lambda i=i: (gate.wait(5), done.append(i)))
            assert gate.is_set() or i < 2
    assert done == [0, 1, 2, 3]


@pytest.mark.parametrize("later", [0, 5])
def test_what_fails_behind_is_raised(later):
    done = []
    with pytest.raises(OSError, match="full"):
        write([refuse, *[lambda: done.append(1)] * later])
    assert len(done) < 5


def write(actions):
    with Behind() as behind:
        for action in actions:
            behind.do(action)


def refuse():
    raise OSError("the disk is full")


def test_an_error_of_the_caller_is_not_hidden():
    def actions():
        yield refuse
        raise KeyError

    with pytest.raises(KeyError):
        write(actions())
