"""Corrections made while a model learns are told from those that it was given."""

import numpy as np
import pytest

from napari_unet.session.edits import Edit
from napari_unet.session.history import History
from napari_unet.session.meanwhile import Meanwhile, meanwhile_text
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
