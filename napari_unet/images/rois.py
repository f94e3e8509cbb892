"""Objects as outlines, which ImageJ's ROI Manager opens."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from roifile import ImagejRoi
from scipy import ndimage

from napari_unet.disk import write_bytes
from napari_unet.images.overlaps import indices

ROIS = "_rois.zip"
"""End of the name of the outlines of an image."""


def write_rois(path: Path, labels: np.ndarray) -> None:
    """Save the outer outline of each object as a ROI of ImageJ, in one zip file.

    Parameters
    ----------
    path
        The file; its folder has to be there.
    labels
        (..., y, x) whole numbers, 0 is background. An outline is called by the id of its object. Of
        a stack it belongs to its slice, counted from 1 as in ImageJ, whose number comes first in
        its name: "0012-5". An object in several pieces has one outline more for each: "5-2".
    """
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for index, plane in enumerate(labels.reshape(-1, *labels.shape[-2:])):
            begin, position = ("", None) if labels.ndim == 2 else (f"{index + 1:04}-", index)
            for name, outline in _outlines(plane):
                roi = ImagejRoi.frompoints(outline, name=f"{begin}{name}", position=position)
                archive.writestr(f"{roi.name}.roi", roi.tobytes())
    write_bytes(path, buffer.getvalue())


def _outlines(labels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Names and corners, (n, 2) in x and y, of the pieces of each object; the longest comes first.

    A pixel reaches from its whole numbers to the next ones, as in ImageJ. An outline runs half-way
    between centres, so that those of exactly its own pixels lie within.
    """
    from skimage.measure import find_contours, regionprops  # slow to load, and only needed here

    numbers, ids = indices(labels)
    for region in regionprops(numbers.reshape(labels.shape)):
        mask = np.pad(ndimage.binary_fill_holes(region.image), 1)
        found = find_contours(mask, 0.5, fully_connected="high")
        for piece, outline in enumerate(sorted(found, key=len, reverse=True), 1):
            corners = outline[:-1] + region.bbox[:2] - 0.5  # the last is the first; 1 was padded
            id_ = ids[region.label]
            yield str(id_) if piece == 1 else f"{id_}-{piece}", corners[:, ::-1]
