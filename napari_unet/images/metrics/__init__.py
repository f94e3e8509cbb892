"""How well masks agree with the truth: one function a score, all of them importable from here."""

from napari_unet.images.metrics.membranes import (
    CHALLENGE_THRESHOLDS,
    membrane_scores,
    regions,
    thinned,
)
from napari_unet.images.metrics.objects import (
    THRESHOLDS,
    Agreement,
    Counts,
    combine,
    compare,
    f1,
    mean_ap,
    object_counts,
    score,
)
from napari_unet.images.metrics.partitions import rand_error, v_info, v_rand
from napari_unet.images.metrics.pixels import dice, iou, pixel_error
from napari_unet.images.metrics.warping import split_merge_error, warping_error

__all__ = [
    "CHALLENGE_THRESHOLDS",
    "THRESHOLDS",
    "Agreement",
    "Counts",
    "combine",
    "compare",
    "dice",
    "f1",
    "iou",
    "mean_ap",
    "membrane_scores",
    "object_counts",
    "pixel_error",
    "rand_error",
    "regions",
    "score",
    "split_merge_error",
    "thinned",
    "v_info",
    "v_rand",
    "warping_error",
]
