"""Corrections made while a model learns are told from those that it was given."""

import numpy as np
import pytest

from napari_unet.schema.training_record import Joined
from napari_unet.session.edits import Edit, Region
from napari_unet.session.history import History
from napari_unet.session.meanwhile import Meanwhile, joined_text, meanwhile_text
from napari_unet.session.runs import Runs


def edit(kind="paint", pixel=0):
    one = np.array([pixel])
    return Edit(kind, Runs.of_pixels(one, np.array([0], "u4"), np.array([1], "u4")))


def test_only_what_was_done_by_a_person_since_the_training_began_counts():
    first, second, meanwhile = History((8, 8)), History((8, 8)), Meanwhile()
    first.do(edit())
    assert meanwhile.count([first, second]) == 0, "nothing was trained yet"
    meanwhile.begin([first, second])
    assert meanwhile.count([first, second]) == 0
    first.do(edit(pixel=3))
    second.do(edit("confirm"))
    second.do(edit("segment", 9))
    assert meanwhile.count([first, second]) == 2
    first.undo()
    assert meanwhile.count([first, second]) == 1
    first.undo()
    first.redo()
    assert meanwhile.count([first, second]) == 1, "what the training was given is no news"
    meanwhile.begin([first, second])
    assert meanwhile.count([first, second]) == 0


@pytest.mark.parametrize(
    ("count", "learning", "text"),
    [
        (0, True, ""),
        (1, True, "1 correction made meanwhile counts next time."),
        (12, True, "12 corrections made meanwhile count next time."),
        (12, False, "12 corrections made since the fine-tuning began count next time."),
    ],
)
def test_it_is_said_in_one_sentence(count, learning, text):
    assert meanwhile_text(count, learning) == text


def region(at=None):
    fields = {} if at is None else {"at": at}
    return Edit("confirm", region=Region((), (0, 0, 4, 4)), **fields)


def test_only_regions_that_were_confirmed_since_are_to_join_and_each_once():
    history, meanwhile = History((8, 8)), Meanwhile()
    history.do(region())
    assert meanwhile.regions(history) == [], "nothing is trained"
    meanwhile.begin([history])
    assert meanwhile.begun
    history.do(region(at=0.0))
    assert meanwhile.regions(history) == [], "of an earlier session"
    history.do(edit())
    new = region()
    history.do(new)
    assert meanwhile.regions(history) == [new]
    meanwhile.send([new])
    assert meanwhile.regions(history) == []
    assert meanwhile.count([history]) == 3, "it is on its way, and may come too late"
    meanwhile.begin([])
    assert meanwhile.regions(history) == [], "the next training was given it"


def test_what_joined_counts_no_more_and_what_was_done_since_does():
    history, meanwhile = History((8, 8)), Meanwhile()
    meanwhile.begin([])
    history.do(edit())
    history.do(region())
    at = history.done[-1].at
    history.do(region(at=at + 1))
    meanwhile.learn(history, at)
    assert meanwhile.count([history]) == 1
    assert meanwhile.regions(history) == history.done[-1:]


def joined(step=120, regions=1, why_not=""):
    return Joined(image_id="a", at=0, step=step, regions=regions, why_not=why_not)


@pytest.mark.parametrize(
    ("came", "text"),
    [
        ([], ""),
        ([joined()], "1 more region joined after step 120."),
        ([joined(), joined(240, 2)], "3 more regions joined, the last after step 240."),
        ([joined(why_not="Not this one.")], "Not this one."),
        ([joined(), joined(9, why_not="No.")], "1 more region joined after step 120. No."),
        ([joined(9, why_not="No."), joined()], "1 more region joined after step 120."),
    ],
)
def test_what_joined_is_said_in_one_line(came, text):
    assert joined_text(came) == text
