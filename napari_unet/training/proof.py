"""Say whether a model got better, from its scores before and after."""

from __future__ import annotations

from napari_unet.schema.model_card import Scores
from napari_unet.schema.requests import Proof

WORSE_BY = 0.01
"""A new model may be worse by so much in pixels or objects and still count as not worse."""


def prove(before: Scores, after: Scores, is_held_out: bool) -> Proof:
    """Say in one sentence whether a model got better."""
    better = _is_better(before, after)
    where = "on held-out pixels" if is_held_out else "on the corrected pixels themselves"
    what = f"IoU {before.iou:.2f} -> {after.iou:.2f}"
    if before.f1_50 is not None and after.f1_50 is not None:
        what = f"object F1 {before.f1_50:.2f} -> {after.f1_50:.2f}, {what}"
    else:
        what = f"mean {what} of the classes"
    verdict = "Better" if better else "Not better"
    caveat = "" if is_held_out else " Correct a larger region to have some held out."
    return Proof(
        before=before,
        after=after,
        held_out=is_held_out,
        better=better,
        sentence=f"{verdict} {where}: {what}.{caveat}",
    )


def _is_better(before: Scores, after: Scores) -> bool:
    """Whether something got better, in pixels or objects, and nothing much worse."""
    gains = [after.iou - before.iou]
    if before.f1_50 is not None and after.f1_50 is not None:
        gains.append(after.f1_50 - before.f1_50)
    return max(gains) > 0 and min(gains) >= -WORSE_BY
