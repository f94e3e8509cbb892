"""Where the mask of a specimen may be wrong, plane by plane."""

from __future__ import annotations

import numpy as np

from napari_unet.images.uncertainty import Doubts, doubts
from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.specimen import Specimen

Tables = dict[PlaneIndex, Doubts]


def tables_of(specimen: Specimen) -> Tables:
    """Every object and every place where one may be missing, of each plane that was predicted."""
    return {plane: _table(specimen, plane, box) for plane, box in specimen.seen.items()}


def _table(specimen: Specimen, plane: PlaneIndex, box: Box) -> Doubts:
    y0, x0, y1, x1 = box
    labels = np.array(specimen.labels[plane][y0:y1, x0:x1])
    probabilities, index = specimen.crop(plane), specimen.mask.objects_of
    if index is not None and index < len(probabilities) > 1:
        probabilities = probabilities[index]
    found = doubts(labels, probabilities, specimen.mask.threshold)
    return found._replace(boxes=found.boxes + np.array([y0, x0, y0, x0]))
