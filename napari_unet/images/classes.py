"""From probabilities of several classes to masks: of all classes, or of the objects of one."""

from __future__ import annotations

import numpy as np

from napari_unet.images.instances import instances
from napari_unet.schema.settings import MaskSettings


def mask_of(probabilities: np.ndarray, settings: MaskSettings) -> np.ndarray:
    """Make the mask of a plane, whatever the settings let it hold.

    Parameters
    ----------
    probabilities
        Float, (class, y, x).
    settings
        How they become objects; of several classes, whether they do.

    Returns
    -------
    np.ndarray
        Unsigned integers, (y, x): numbered objects, or the class of each pixel.
    """
    if len(probabilities) == 1:
        return instances(probabilities, settings)
    if settings.objects_of is None:
        return class_mask(probabilities)
    return instances_of_class(probabilities, settings.objects_of, settings)


def classes_in_mask(classes: int, settings: MaskSettings) -> int:
    """What `mask_of` makes of so many classes: 1 is objects, more are so many classes."""
    return classes if settings.objects_of is None else 1


def class_mask(probabilities: np.ndarray) -> np.ndarray:
    """The likeliest class of each pixel; of equal ones the first. No threshold is asked for.

    Parameters
    ----------
    probabilities
        Float, (class, y, x).

    Returns
    -------
    np.ndarray
        uint8, (y, x): 0 to ``classes - 1``.
    """
    mask: np.ndarray = probabilities.argmax(axis=0).astype(np.uint8)
    return mask


def instances_of_class(
    probabilities: np.ndarray, index: int, settings: MaskSettings | None = None
) -> np.ndarray:
    """Find the objects of one class and number them 1 to n.

    Parameters
    ----------
    probabilities
        Float, (class, y, x).
    index
        The class, counted from 0.
    settings
        Smallest object, and whether touching objects are split; the threshold is not used.

    Returns
    -------
    np.ndarray
        As from `instances`.

    Raises
    ------
    ValueError
        If there is no such class.
    """
    is_of_it = is_class(probabilities, index).astype(np.float32)
    return instances(is_of_it, (settings or MaskSettings()).model_copy(update={"threshold": 0.5}))


def is_class(probabilities: np.ndarray, index: int) -> np.ndarray:
    """Whether a class, counted from 0, is the likeliest of the pixel; bool, (y, x)."""
    if not 0 <= index < len(probabilities):
        raise ValueError(
            f"There is no class {index}: choose one from 0 to {len(probabilities) - 1}."
        )
    return np.asarray(class_mask(probabilities) == index)
