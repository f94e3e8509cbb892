"""Which axis of an image is what, and its planes one by one.

Axes are letters in the order of the array: T time, Z depth, C channel, Y and X the plane. What
`read_axes` says is a proposal: show `describe` of it to the user, with `choices` beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np

from napari_unet.images.colour import COLOURS, one_colour

FEW = 5
"""An axis of 2 to so many before the plane is taken for channels, a longer one for slices."""
MOST = 64
"""Channels that a network can take at most."""

_NAMES = {"T": "time point", "Z": "slice", "C": "channel"}
_LETTERS = {
    word: letter
    for letter, words in {
        "T": "t time frame frames timepoint",
        "Z": "z slice slices depth plane planes",
        "C": "c ch channel channels",
        "Y": "y row rows height",
        "X": "x column columns width",
    }.items()
    for word in words.split()
}


def read_axes(
    shape: Sequence[int], rgb: bool = False, axis_labels: Sequence[str] | None = None
) -> str:
    """Propose what the axes of an image mean, such as "YX", "ZCYX" or "YXC" for colour.

    Parameters
    ----------
    shape
        Of the whole array, colour included.
    rgb
        The last axis is colour.
    axis_labels
        What the image itself says, one for each axis but colour: "z", "time", "channel" ... They
        count if they are understood and the planes lie as usual, y before x and both last.

    Raises
    ------
    ValueError
        If it has fewer than 2 or more than 5 axes.
    """
    proposal = choices(shape, rgb)[0]
    labelled = _from_labels(axis_labels or ()) + ("C" if rgb else "")
    understood = len(labelled) == len(set(labelled)) == len(shape) and "?" not in labelled
    return labelled if understood and labelled.replace("C", "").endswith("YX") else proposal


def choices(shape: Sequence[int], rgb: bool = False) -> list[str]:
    """List what the axes of an image can mean, the likeliest first.

    Parameters and errors are those of `read_axes`.
    """
    stacked = len(shape) - (3 if rgb else 2)
    if not 0 <= stacked <= (2 if rgb else 3):
        raise ValueError(
            f"An image of shape {tuple(shape)} is no plane or stack: choose one with 2 to 5 axes "
            "(time, depth, channel, y, x)."
        )
    likeliest = _likeliest(tuple(shape), rgb)
    readings = [] if rgb else ["".join(front) + "YX" for front in permutations("ZTC", stacked)]
    if rgb or stacked:
        fronts = permutations("ZT", stacked if rgb else stacked - 1)
        readings += ["".join(front) + "YXC" for front in fronts]
    others = [axes for axes in readings if axes != likeliest and _plausible(shape, axes)]
    return [likeliest, *others]


def describe(shape: Sequence[int], axes: str, channel: int | None = None) -> str:
    """Say in one plain line how an image is read, and what of it is segmented.

    Parameters
    ----------
    shape, axes
        The array's shape and what its axes mean.
    channel
        Index of the channel that is segmented, counted from 0 (the line counts from 1); of colour
        its place in `napari_unet.images.colour.COLOURS`; None is all of them together.

    Examples
    --------
    >>> describe((20, 2, 512, 512), "ZCYX", channel=0)
    '20 slices x 2 channels x 512 x 512; channel 1 of each slice'
    """
    sizes = _sizes(shape, axes)
    colour = _is_colour(shape, axes)
    listed = [letter for letter in axes if not (colour and letter == "C")]
    line = " x ".join(_many(sizes[letter], letter) for letter in listed)
    together = "all channels together" if "C" in listed else ""
    what = together if channel is None else _name(channel, colour)
    each = " and ".join(f"each {_NAMES[letter]}" for letter in axes if letter in "TZ")
    segmented = f"{what} of {each}" if what and each else what or (each and f"{each} by itself")
    return line + (", colour" if colour else "") + (f"; {segmented}" if segmented else "")


def channel_names(shape: Sequence[int], axes: str) -> tuple[str, ...]:
    """Name what can be segmented alone: channels by number, of colour `COLOURS`; none if grey."""
    if _is_colour(shape, axes):
        return COLOURS
    return tuple(_name(i, False) for i in range(_sizes(shape, axes).get("C", 0)))


def spatial_shape(shape: Sequence[int], axes: str) -> tuple[int, ...]:
    """Shape of the mask of an image: that of the image without its channels."""
    return tuple(n for letter, n in _sizes(shape, axes).items() if letter != "C")


def plane_count(shape: Sequence[int], axes: str) -> int:
    """Count the planes of an image: time points times slices, whatever the channels."""
    return math.prod(n for letter, n in _sizes(shape, axes).items() if letter in "TZ")


def plane(array: Any, axes: str, index: int, channel: int | None = None) -> np.ndarray:
    """Read one plane of an image, and nothing else of it.

    Parameters
    ----------
    array
        Anything with a shape that can be sliced: numpy, dask, zarr, a memory-mapped file.
    axes
        What its axes mean.
    index
        Which plane, counted from 0 over time and depth in the order of the axes.
    channel
        The only channel to read, counted from 0; of colour its place in
        `napari_unet.images.colour.COLOURS`; None is all.

    Returns
    -------
    np.ndarray
        (y, x); with all channels (channel, y, x), or (y, x, 3 or 4) where they are colour.

    Raises
    ------
    ValueError
        If the axes do not fit, or there is no such plane or channel.
    """
    sizes = _sizes(array.shape, axes)
    _check_index("plane", index, plane_count(array.shape, axes), 0)
    stacked = {letter: n for letter, n in sizes.items() if letter in "TZ"}
    at = np.unravel_index(index, tuple(stacked.values())) if stacked else ()
    picked = {letter: int(i) for letter, i in zip(stacked, at, strict=True)}
    colour = _is_colour(array.shape, axes)
    if channel is not None:
        _check_index("channel", channel, max(1, len(channel_names(array.shape, axes))), 1)
        if not colour:
            picked["C"] = channel
    part = np.asarray(array[tuple(picked.get(letter, slice(None)) for letter in axes)])
    left = [letter for letter in axes if letter not in picked]
    order = "YX" if "C" not in left else "YXC" if colour else "CYX"
    ordered = part.transpose([left.index(letter) for letter in order])
    return one_colour(ordered, channel) if colour and channel is not None else ordered


def _sizes(shape: Sequence[int], axes: str) -> dict[str, int]:
    """The size of each axis, by its letter."""
    if (
        len(set(axes)) != len(shape)
        or len(axes) != len(shape)
        or not {*"YX"} <= {*axes} <= {*"TCZYX"}
    ):
        raise ValueError(
            f"The axes '{axes}' do not fit an image of shape {tuple(shape)}: choose one letter of "
            "T, C, Z, Y, X for each, Y and X among them."
        )
    return dict(zip(axes, shape, strict=True))


def _check_index(what: str, index: int, n: int, first: int) -> None:
    """Complain in the numbers that people see, which begin with the first."""
    if not 0 <= index < n:
        raise ValueError(
            f"There is no {what} {index + first}: the image has {n}, counted from {first}."
        )


def _name(channel: int, colour: bool) -> str:
    return COLOURS[channel] if colour else f"channel {channel + 1}"


def _is_colour(shape: Sequence[int], axes: str) -> bool:
    return axes.endswith("YXC") and shape[-1] in (3, 4)


def _plausible(shape: Sequence[int], axes: str) -> bool:
    sizes = _sizes(shape, axes)
    last_and_large = axes.endswith("C") and sizes["C"] >= min(sizes["Y"], sizes["X"])
    return sizes.get("C", 1) <= MOST and not last_and_large


def _likeliest(shape: tuple[int, ...], rgb: bool) -> str:
    if rgb or (len(shape) > 2 and shape[-1] in (3, 4) and min(shape[-3:-1]) > FEW):
        return "TZ"[5 - len(shape) :] + "YXC"
    front, smallest_side = shape[:-2], min(shape[-2:])
    few = [i for i, n in enumerate(front) if 2 <= n <= FEW and n < smallest_side]
    if len(front) == 3 and not few:
        few = [front.index(min(front))]
    letters = list("TZ"[2 - len(front) + bool(few) :])
    if few:
        letters.insert(few[-1], "C")
    return "".join(letters) + "YX"


def _from_labels(labels: Sequence[str]) -> str:
    """The letters that labels stand for; ? where one is not understood."""
    letters = [_LETTERS.get(label.strip().lower(), "?") for label in labels]
    if letters[-2:] == ["?", "?"]:  # napari's own labels: "-2", "-1"
        letters[-2:] = ["Y", "X"]
    return "".join(letters)


def _many(n: int, letter: str) -> str:
    return str(n) if letter in "YX" else f"{n} {_NAMES[letter]}{'s' * (n != 1)}"
