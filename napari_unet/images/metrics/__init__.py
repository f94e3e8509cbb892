"""How well masks agree with the truth: one function a score, all of them importable from here."""

from napari_unet.images.metrics.boundaries import OutlinePixels, boundary_f1, outline_pixels
from napari_unet.images.metrics.contacts import Touching, touching_pairs
from napari_unet.images.metrics.membranes import (
    CHALLENGE_THRESHOLDS,
    MembraneCurve,
    best_of,
    membrane_curve,
    membrane_scores,
    regions,
    thinned,
)
from napari_unet.images.metrics.objects import (
    THRESHOLDS,
    Counts,
    aji,
    f1,
    mean_ap,
    object_counts,
)
from napari_unet.images.metrics.outlines import hausdorff_95
from napari_unet.images.metrics.partitions import rand_error, v_info, v_rand
from napari_unet.images.metrics.pixels import dice, iou, pixel_error
from napari_unet.images.metrics.table import Agreement, combine, compare, score
from napari_unet.images.metrics.warping import split_merge_error, warping_error

__all__ = [
    "CHALLENGE_THRESHOLDS",
    "THRESHOLDS",
    "Agreement",
    "Counts",
    "MembraneCurve",
    "OutlinePixels",
    "Touching",
    "aji",
    "best_of",
    "boundary_f1",
    "combine",
    "compare",
    "dice",
    "f1",
    "hausdorff_95",
    "iou",
    "mean_ap",
    "membrane_curve",
    "membrane_scores",
    "object_counts",
    "outline_pixels",
    "pixel_error",
    "rand_error",
    "regions",
    "score",
    "split_merge_error",
    "thinned",
    "touching_pairs",
    "v_info",
    "v_rand",
    "warping_error",
]
