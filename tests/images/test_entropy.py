"""The entropy of a pixel is 0 where a model is sure and 1 where it guesses."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.images.entropy import entropy
from napari_unet.images.uncertainty import doubts


def of(*values):
    return entropy(np.array(values, np.float32)[:, None, None])[0, 0]


def test_sure_is_0_and_a_guess_is_1():
    assert of(0.0) == of(1.0) == 0
    assert of(0.5) == 1
    assert of(0.25) == of(0.75) == np.float32(-(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75)))
    assert of(1.0, 0.0, 0.0) == 0
    assert np.isclose(of(1 / 3, 1 / 3, 1 / 3), 1)
    assert of(0.0, 0.0, 0.0) == 0, "nothing was predicted there"


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_the_nearer_to_a_half_the_more_unsure(values):
    found = entropy(np.array(values, np.float32)[None, None])[0]
    order = np.argsort(np.abs(np.array(values, np.float32) - np.float32(0.5)), kind="stable")
    assert (np.diff(found[order]) <= 1e-6).all()
    assert found.dtype == np.float32


def test_what_is_seen_is_what_the_queue_goes_by():
    """The object of which the model is less sure comes first in both."""
    labels = np.zeros((20, 40), np.uint16)
    labels[5:15, 5:15], labels[5:15, 25:35] = 1, 2
    probabilities = np.where(labels == 1, 0.9, np.where(labels == 2, 0.6, 0)).astype(np.float32)
    seen = entropy(probabilities[None])
    queued = doubts(labels, probabilities).measures.unsure
    assert seen[labels == 2].mean() > seen[labels == 1].mean()
    assert queued[1] > queued[0]
