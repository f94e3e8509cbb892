"""Decide whether a fine-tuned model is better than the one before, and say so in one sentence."""

from __future__ import annotations

import numpy as np

from napari_unet.images.metrics.paired import correlation_of, interval_of_difference
from napari_unet.schema.proof import ADVICE, Proof
from napari_unet.training.judging import Judgement

WORSE_BY = 0.01
"""A new model may find objects worse by so much and still count as not worse."""
WORSE_OUTLINES_BY = 0.02
RELATED = 0.3
"""A mask whose pixels go together with the truth less than this says nothing."""
FITS_BETTER_BY = 0.03
"""And a mask has to fit by so much better, where no object more is found: the best of several looks
at the same pixels is always a little better by chance."""
FEWEST_PLACES = 3
"""Fewer objects say nothing about others."""
UNCHANGED = 0.02
FORGOTTEN = 0.05


def prove(
    before: Judgement,
    after: Judgement,
    is_held_out: bool,
    replay: tuple[float, float] | None = None,
) -> Proof:
    """Compare a new model with the old one, and decide whether it takes its place.

    It does if it finds objects better, beyond the chance of which objects happened to be held out;
    or finds them no worse and its mask fits the truth better, beyond the chance of which squares of
    32 pixels were. It does not if objects or outlines got worse, if its mask has collapsed, or if
    nothing tells the two apart.

    Parameters
    ----------
    before, after
        Both models on the same exams.
    is_held_out
        Whether the new model has never seen these pixels.
    replay
        IoU of both on images of the kinds that the model knew before, if there are any. That some
        were forgotten is said, but is no reason to refuse a model for new ones.
    """
    interval = None
    if before.places is not None and after.places is not None:
        interval = interval_of_difference(before.places, after.places)
    reason = _why_not(before, after, interval)
    return Proof(
        before=before.scores,
        after=after.scores,
        held_out=is_held_out,
        held_out_objects=before.objects,
        interval=interval,
        collapsed=_collapsed(before, after),
        replay_before=replay[0] if replay else None,
        replay_after=replay[1] if replay else None,
        accepted=not reason,
        reason=reason,
        sentence=_sentence(before, after, interval, reason, is_held_out) + _of_old(replay),
    )


def _why_not(before: Judgement, after: Judgement, interval: tuple[float, float] | None) -> str:
    """Why the new model is refused, as half a sentence; empty if it is not."""
    true = after.confusion.sum(axis=1)
    if np.count_nonzero(true) < 2:
        return f"nothing but {_named(after, int(true.argmax()))} was marked where it is judged"
    if _collapsed(before, after):
        share = after.confusion.sum(axis=0)[true > 0] / true[true > 0]
        lost = np.flatnonzero(true)[share.argmin()]
        return f"the new one finds less than half of the {_named(after, int(lost))}"
    if interval is None or before.places is None or after.places is None:
        worse = after.scores.iou <= before.scores.iou
        return f"the new one is no better: {_what(before, after, None)}" if worse else ""
    if len(before.places) < FEWEST_PLACES:
        return f"{_many(before.objects)} are too few to judge it by"
    gain = (after.scores.f1_50 or 0) - (before.scores.f1_50 or 0)
    if gain < -WORSE_BY:
        return f"the new one finds objects worse: {_what(before, after, interval)}"
    surely_better = interval[0] > 0
    blurred = (before.scores.boundary_f1 or 0) - (after.scores.boundary_f1 or 0)
    if blurred > WORSE_OUTLINES_BY and not surely_better:
        outlines = f"{before.scores.boundary_f1:.2f} -> {after.scores.boundary_f1:.2f}"
        return f"the new one draws outlines worse: F1 of their pixels {outlines}"
    if surely_better or _fits_better(before, after):
        return ""
    return f"too little tells the two apart: {_what(before, after, interval)}"


def _collapsed(before: Judgement, after: Judgement) -> bool:
    """Whether much less of object or of background is found than there is, and than before.

    Of classes all but one have to be lost: new ones are learnt one after the other.
    """
    true, found = after.confusion.sum(axis=1), after.confusion.sum(axis=0)
    lost = (true > 0) & (2 * found < true) & (found <= before.confusion.sum(axis=0))
    return bool(lost.sum() >= np.count_nonzero(true) - 1)


def _fits_better(before: Judgement, after: Judgement) -> bool:
    """Whether the pixels of the new mask fit the truth, and surely better than before."""
    if before.blocks is None or after.blocks is None:
        return False
    both = before.blocks, after.blocks
    old, new = (float(correlation_of(blocks.sum(axis=0))) for blocks in both)
    if new < RELATED or new - old < FITS_BETTER_BY:
        return False
    return interval_of_difference(*both, correlation_of)[0] > 0


def _named(judgement: Judgement, number: int) -> str:
    if len(judgement.confusion) > 2:
        return f"class {number}"
    return ("background", "objects")[number]


def _many(objects: int, kind: str = "object") -> str:
    return f"{objects} {kind}{'s' * (objects != 1)}"


def _what(before: Judgement, after: Judgement, interval: tuple[float, float] | None) -> str:
    """What the numbers are."""
    if interval is None or before.scores.f1_50 is None or after.scores.f1_50 is None:
        return f"mean IoU {before.scores.iou:.2f} -> {after.scores.iou:.2f} of the classes"
    low, high = interval
    change = f"F1 {before.scores.f1_50:.2f} -> {after.scores.f1_50:.2f}"
    return f"{change} ({low:+.2f} to {high:+.2f})"


def _sentence(
    before: Judgement,
    after: Judgement,
    interval: tuple[float, float] | None,
    reason: str,
    is_held_out: bool,
) -> str:
    objects = _many(before.objects, "held-out object") if interval else "held-out pixels"
    where = f"on {objects}" if is_held_out else "on the corrected pixels themselves"
    more = "" if is_held_out else " Correct a larger region to have some held out."
    if reason:
        return f"Not better {where}: kept the old model, as {reason}. {ADVICE}"
    what = _what(before, after, interval)
    if interval and interval[0] <= 0:
        what += f", IoU {before.scores.iou:.2f} -> {after.scores.iou:.2f}"
    return f"Better {where}: {what}.{more}"


def _of_old(replay: tuple[float, float] | None) -> str:
    """What became of the images that the model knew before."""
    if replay is None:
        return ""
    before, after = replay
    if abs(after - before) <= UNCHANGED:
        return " Old images: unchanged."
    advice = ": use the old model for them" if before - after > FORGOTTEN else ""
    return f" Old images: IoU {before:.2f} -> {after:.2f}{advice}."
