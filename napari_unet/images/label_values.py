"""Whatever a mask was saved as, the labels that it means."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_unet.images.overlaps import indices
from napari_unet.schema.correction import State


def to_labels(
    values: np.ndarray, name: str = "The mask", shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Turn the pixels of a mask of any kind into labels.

    - Whole numbers are the ids of objects, 0 is background.
    - Where there is only 0 and one other value (0/1, 0/255, bool), every connected piece of a plane
      is an object of its own; pieces that meet only at a corner are two.
    - Colours stand for one object each, black is background; one colour alone counts as above.

    Parameters
    ----------
    values
        (y, x), or colour (y, x, 3 or 4); axes of length 1 are dropped.
    name
        What the mask is called where it has to be refused.
    shape
        That of the labels that are wanted, (..., y, x); None is one plane of any size.

    Returns
    -------
    np.ndarray
        uint16 (uint32 where an id is above 65,535), (y, x) or of the shape that was wanted; 0 is
        background.

    Raises
    ------
    ValueError
        If it cannot be labels, or those of an image of this shape; the sentence says what to save
        instead.
    """
    values = _plane(values, name) if shape is None else _shaped(values, shape, name)
    whole = _whole_numbers(values, name)
    first = whole.max(initial=0)
    if first and not ((whole != 0) & (whole != first)).any():
        beside = np.zeros((3,) * whole.ndim, bool)
        beside[(1,) * (whole.ndim - 2)] = ndimage.generate_binary_structure(2, 1)
        whole, _ = ndimage.label(whole, beside)
    if whole.max(initial=0) > np.iinfo(np.uint32).max:
        whole = indices(whole)[0].reshape(whole.shape)
    fits = whole.max(initial=0) <= np.iinfo(np.uint16).max
    return np.asarray(whole, np.uint16 if fits else np.uint32)


def to_classes(
    values: np.ndarray,
    classes: int,
    name: str = "The mask",
    shape: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Take the pixels of a mask as classes: every value is one, from 0 on.

    Nothing is taken apart and nothing is renumbered, unlike in `to_labels`.

    Parameters
    ----------
    values
        (y, x); axes of length 1 are dropped, and grey that was saved as colour counts as grey.
    classes
        How many classes there are, the first included.
    name
        What the mask is called where it has to be refused.
    shape
        That of the mask that is wanted, (..., y, x); None is one plane of any size.

    Returns
    -------
    np.ndarray
        uint8, (y, x) or of the shape that was wanted: 0 to ``classes - 1``.

    Raises
    ------
    ValueError
        If it is no plane of whole numbers, or holds a value that is no class.
    """
    if values.shape != shape and values.ndim > 2 and values.shape[-1] in (3, 4):
        if not (values[..., :3] == values[..., :1]).all():
            raise ValueError(
                f"{name} is in colour, and classes are numbers; save class 0 as 0, class 1 as 1."
            )
        values = values[..., 0]
    values = _plane(values, name) if shape is None else _shaped(values, shape, name)
    whole = _whole_numbers(values, name)
    highest = int(whole.max(initial=0))
    if highest >= classes:
        raise ValueError(
            f"{name} holds the value {highest}, but {classes} classes are 0 to {classes - 1}; "
            "give more classes, or save these pixels as one of them."
        )
    return np.asarray(whole, np.uint8)


def to_states(values: np.ndarray) -> np.ndarray:
    """Turn the pixels of a file of known pixels into what is known of each.

    Parameters
    ----------
    values
        Values of `State`; or, where there are others (0/255, say), 0 for what nobody vouches for,
        and anything else for what is known. Axes of length 1 are dropped, colours put together.

    Returns
    -------
    np.ndarray
        uint8, values of `State`.
    """
    if values.ndim > 2 and values.shape[-1] in (3, 4):
        values = np.asarray(values[..., :3].any(axis=-1))
    values = values.squeeze()
    highest = int(~State.MODEL)  # all that can be said at once
    if values.dtype.kind == "f" or values.max(initial=0) > highest or values.min(initial=0) < 0:
        values = values != 0
    return values.astype(np.uint8)


def _plane(values: np.ndarray, name: str) -> np.ndarray:
    """One plane, (y, x), of whatever size."""
    if values.ndim > 2:
        is_colour = values.shape[-1] in (3, 4) and values.ndim == 3 and values.shape[0] > 1
        values = _from_colours(values, name) if is_colour else values.squeeze()
    if values.ndim != 2:
        raise ValueError(
            f"{name} has the shape {values.shape}, not that of one plane; save each plane as a "
            "mask of its own."
        )
    return values


def _shaped(values: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The same pixels in the shape of an image, axes of length 1 put where it has them."""
    wanted = _without_ones(shape)
    if _without_ones(values.shape) == wanted:
        return values.reshape(shape)
    is_colour = values.shape[-1] in (3, 4)
    if is_colour and _without_ones(values.shape[:-1]) == wanted:
        return _from_colours(values, name).reshape(shape)
    if is_colour and (values.shape[-1], *values.shape[:-1]) == shape:
        return np.moveaxis(values, -1, 0)  # tifffile saves stacks of 3 or 4 as if they were colours
    raise ValueError(
        f"{name} has the shape {values.shape} and the image {shape}: choose the mask that belongs "
        "to this image."
    )


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)


def _from_colours(values: np.ndarray, name: str) -> np.ndarray:
    """One number for each colour, 0 for black and for what is transparent."""
    colours = _whole_numbers(values[..., :3], name)
    if values.shape[-1] == 4:
        colours = np.where(values[..., 3:] > 0, colours, 0)
    if (colours == colours[..., :1]).all():
        return np.asarray(colours[..., 0])
    flat = np.ascontiguousarray(colours.reshape(-1, 3).astype(np.uint64))
    codes = flat @ np.array([1, 1 << 16, 1 << 32], np.uint64)
    if codes.all():
        raise ValueError(f"{name} is in colour without black; make its background black.")
    found, number = np.unique(codes, return_inverse=True)
    return np.asarray(number.reshape(colours.shape[:-1]) + (found[0] != 0))


def _whole_numbers(values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind == "f":
        if not (np.isfinite(values) & (values == np.rint(values))).all():
            raise ValueError(
                f"{name} holds fractions, not the numbers of objects; save labels as whole numbers."
            )
        values = values.astype(np.int64)
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.min(initial=0) < 0:
        raise ValueError(f"{name} holds numbers below 0; save background as 0, objects as 1, 2, 3.")
    return values
