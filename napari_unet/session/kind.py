"""What a mask holds: objects, or classes; the one is never taken for the other."""

from __future__ import annotations

import numpy as np

from napari_unet.schema.correction import kind_text
from napari_unet.schema.settings import MaskSettings
from napari_unet.session.specimen import Specimen

NO_OBJECTS = "This mask holds classes, which have no single objects: paint, fill and erase them."


def found_in(mask: np.ndarray, classes: int) -> int:
    """How many objects, numbered from 1 on, or how many classes there are in a new mask."""
    if classes == 1:
        return int(mask.max(initial=0))
    return int(np.count_nonzero(np.bincount(mask.ravel(), minlength=classes)))


def noun(classes: int) -> str:
    """What a person corrects, in one word."""
    return "object" if classes == 1 else "class"


def unused(classes: int, settings: MaskSettings) -> dict[str, str]:
    """Which settings change nothing, and why: the names of fields, and a sentence for each.

    Parameters
    ----------
    classes
        Those of the model.
    settings
        May ask for the objects of one of them.
    """
    if classes == 1:
        return {}
    likeliest = "Every pixel is given its likeliest class, so there is no threshold."
    whole = "A mask of classes is not divided into objects: choose the objects of one class above."
    of_objects = {"min_size_px": whole, "split_touching": whole}
    return {"threshold": likeliest} | (of_objects if settings.objects_of is None else {})


def why_not(specimen: Specimen, classes: int) -> str:
    """Why a mask can not hold something else now, in one sentence; empty if it can."""
    if specimen.classes == classes or not specimen.history.states.any():
        return ""
    return (
        f"You corrected a mask of {kind_text(specimen.classes)}, and this model gives "
        f"{kind_text(classes)}: choose another model, or duplicate the image for a new mask."
    )
