"""The verdict on a new model: what is accepted, what is refused, and how it is said."""

import numpy as np
import pytest
from scipy import ndimage

from napari_unet.images.samples import cells
from napari_unet.training.judging import MANY_REGIONS, judge_masks
from napari_unet.training.proof import prove

TRUTH = cells((192, 192), seed=3)[1]
OBJECTS = int(TRUTH.max())


def judged(mask, truth=TRUTH, regions=1):
    return judge_masks([(mask, truth, np.ones(truth.shape, bool))] * regions)


def only(share):
    """A mask that has found a share of the objects."""
    return np.where(share * OBJECTS >= TRUTH, TRUTH, 0)


def test_r13_1_better_is_said_in_one_sentence_with_the_objects_and_the_interval():
    proof = prove(judged(only(0.4)), judged(only(0.9)), True, replay=(0.87, 0.87))
    assert proof.accepted
    assert proof.reason == ""
    assert proof.held_out_objects == OBJECTS
    low, high = proof.interval
    f1 = f"{proof.before.f1_50:.2f} -> {proof.after.f1_50:.2f}"
    assert proof.sentence == (
        f"Better on {OBJECTS} held-out objects: F1 {f1} ({low:+.2f} to {high:+.2f}). "
        "Old images: unchanged."
    )
    assert (proof.replay_before, proof.replay_after) == (0.87, 0.87)
    assert proof.after.ap50 > proof.before.ap50
    assert proof.after.boundary_f1 > proof.before.boundary_f1
    assert proof.after.touching_pairs == proof.before.touching_pairs > 0


def test_r1_1_worse_objects_are_refused():
    proof = prove(judged(only(0.9)), judged(only(0.7)), True)
    assert not proof.accepted
    assert "finds objects worse" in proof.reason
    assert proof.sentence.startswith(f"Not better on {OBJECTS} held-out objects: kept the old")
    assert proof.sentence.endswith("Correct one more region.")


def test_the_same_again_is_refused():
    proof = prove(judged(only(0.5)), judged(only(0.5)), True)
    assert not proof.accepted
    assert "too little tells the two apart" in proof.reason


@pytest.mark.parametrize(("value", "lost"), [(1, "background"), (0, "objects")])
def test_r1_1_a_collapsed_model_is_refused_even_where_its_iou_is_higher(value, lost):
    truth = np.where(TRUTH > 0, TRUTH, 0)
    truth[:, :150] = np.where(truth[:, :150] == 0, 99, truth[:, :150])
    old, new = judged(truth * 0, truth), judged(np.full(truth.shape, value), truth)
    proof = prove(old, new, True)
    assert proof.collapsed
    assert not proof.accepted
    assert f"less than half of the {lost}" in proof.reason


def test_a_model_that_finds_more_than_before_has_not_collapsed():
    """Half of the objects at last, and small, where the old one found nearly nothing."""
    numbers = np.unique(TRUTH[TRUTH > 0])
    inside = [ndimage.binary_erosion(n == TRUTH) for n in numbers[::2]]
    some = np.where(np.any(inside, axis=0), TRUTH, 0)
    few = np.where(numbers[0] == TRUTH, TRUTH, 0)
    proof = prove(judged(few), judged(some), True)
    assert 2 * (some > 0).sum() < (TRUTH > 0).sum()
    assert not proof.collapsed
    assert proof.accepted
    assert prove(judged(some), judged(few), True).collapsed


def test_worse_outlines_are_refused_where_objects_are_the_same():
    large = cells((320, 320), look="phase", seed=1)[1]
    large = np.where(np.bincount(large.ravel())[large] > 600, large, 0)
    inside = [ndimage.binary_erosion(large == n, iterations=3) for n in np.unique(large[large > 0])]
    shrunk = np.where(np.any(inside, axis=0), large, 0)
    proof = prove(judged(large, large), judged(shrunk, large), True)
    assert proof.after.f1_50 > proof.before.f1_50 - 0.01
    assert not proof.accepted
    assert "draws outlines worse" in proof.reason


def test_a_better_mask_is_accepted_before_it_finds_whole_objects():
    """Of large cells that are all touching, the first tuning often gives one piece."""
    proof = prove(judged(TRUTH * 0), judged((TRUTH > 0).astype(int)), True)
    assert proof.interval[0] <= 0.1
    assert proof.accepted
    assert "F1" in proof.sentence


def test_a_mask_that_is_a_hair_better_is_refused():
    """The best of several looks always is."""
    nearly = [np.where(ndimage.binary_erosion(TRUTH > 0), TRUTH, 0) for _ in "ab"]
    missing = np.argwhere((TRUTH > 0) & (nearly[1] == 0))[:40]
    nearly[1][tuple(missing.T)] = TRUTH[tuple(missing.T)]
    proof = prove(*map(judged, nearly), True)
    assert proof.after.iou > proof.before.iou
    assert not proof.accepted


def test_a_mask_that_has_nothing_to_do_with_the_truth_is_refused():
    """Its IoU is well above that of an empty one."""
    elsewhere = np.roll(np.flip(TRUTH), 60, 0)
    proof = prove(judged(TRUTH * 0), judged(elsewhere), True)
    assert proof.after.iou > 0.1
    assert not proof.accepted


@pytest.mark.parametrize("marked", ["objects", "background"])
def test_r12_1_one_sided_strokes_cannot_be_judged(marked):
    counted = (TRUTH > 0) == (marked == "objects")
    both = [judge_masks([(mask, TRUTH, counted)]) for mask in (only(0.3), TRUTH)]
    proof = prove(*both, True)
    assert not proof.accepted
    assert f"nothing but {marked} was marked" in proof.reason


def test_two_objects_are_too_few():
    truth = np.where(TRUTH <= 2, TRUTH, 0)
    proof = prove(judged(truth * 0, truth), judged(truth, truth), True)
    assert "2 objects are too few" in proof.reason


def test_of_few_objects_their_pixels_may_tell_models_apart():
    """One of three may be missed by chance; a mask that fits everywhere else does not."""
    truth = np.where(TRUTH <= 3, TRUTH, 0)
    proof = prove(judged(truth * 0, truth), judged(np.where(truth == 1, 0, truth), truth), True)
    assert proof.interval[0] == 0
    assert proof.accepted
    assert "on 3 held-out objects: F1 0.00 -> 0.80" in proof.sentence


def test_many_regions_are_drawn_instead_of_their_objects():
    """All regions alike tell nothing of others, so the interval is as wide as one region's."""
    few = prove(judged(only(0.4)), judged(only(0.8)), True)
    many = [judged(only(share), regions=MANY_REGIONS) for share in (0.4, 0.8)]
    assert len(many[0].places) == MANY_REGIONS
    assert many[0].objects == MANY_REGIONS * OBJECTS
    low, high = prove(*many, True).interval
    assert high - low == pytest.approx(0)
    assert few.interval[1] - few.interval[0] > 0.1


@pytest.mark.parametrize(
    ("replay", "said"),
    [
        ((0.87, 0.86), "Old images: unchanged."),
        ((0.87, 0.83), "Old images: IoU 0.87 -> 0.83."),
        ((0.87, 0.64), "Old images: IoU 0.87 -> 0.64: use the old model for them."),
    ],
)
def test_r1_4_what_became_of_old_images_is_said_and_refuses_nothing(replay, said):
    proof = prove(judged(only(0.3)), judged(only(0.9)), True, replay=replay)
    assert proof.accepted
    assert proof.sentence.endswith(said)


def test_r12_4_that_nothing_was_held_out_is_said():
    proof = prove(judged(only(0.3)), judged(only(0.9)), False)
    assert proof.accepted
    assert proof.sentence.startswith("Better on the corrected pixels themselves")
    assert "Correct a larger region" in proof.sentence
