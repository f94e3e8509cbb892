"""The only place that reads or writes napari's layers, always in the thread of the window."""

from napari_unet.widgets.layers.classes import colour_of_class
from napari_unet.widgets.layers.flight import Flight
from napari_unet.widgets.layers.gestures import Gestures, Stroke
from napari_unet.widgets.layers.images import (
    Reading,
    box_in_view,
    channel_count,
    channels,
    choices,
    current_plane,
    describe,
    fits,
    origin_of,
    pixels_of,
    planes_of,
    propose,
    read_as,
    shows_plane,
    snapshot,
    user_images,
    why_not_fit,
)
from napari_unet.widgets.layers.masks import Labels, runs_of
from napari_unet.widgets.layers.overlay import FRAME
from napari_unet.widgets.layers.own import Role, role_of
from napari_unet.widgets.layers.passing import CLEAR, Passing
from napari_unet.widgets.layers.results import Results
from napari_unet.widgets.layers.unsure import UnsureLayer
from napari_unet.widgets.layers.weights import WeightLayer

__all__ = [
    "CLEAR",
    "FRAME",
    "Flight",
    "Gestures",
    "Labels",
    "Passing",
    "Reading",
    "Results",
    "Role",
    "Stroke",
    "UnsureLayer",
    "WeightLayer",
    "box_in_view",
    "channel_count",
    "channels",
    "choices",
    "colour_of_class",
    "current_plane",
    "describe",
    "fits",
    "origin_of",
    "pixels_of",
    "planes_of",
    "propose",
    "read_as",
    "role_of",
    "runs_of",
    "shows_plane",
    "snapshot",
    "user_images",
    "why_not_fit",
]
