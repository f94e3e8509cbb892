"""The three layers that show the work on one image: probability, masks, and what is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_unet.schema.correction import Known
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.repairs import Repair
from napari_unet.session.specimen import Specimen
from napari_unet.widgets.layers.etiquette import forget_history, selection_kept
from napari_unet.widgets.layers.geometry import Frame, placement
from napari_unet.widgets.layers.own import Role, claim
from napari_unet.widgets.theme import CONFIRMED, CORRECTED

STROKE = 3
"""Value in the layer of what is known, above those of `Known`: a stroke that is being drawn."""
_COLOURS = {
    None: "#00000000",
    Known.UNKNOWN: "#00000000",
    Known.CONFIRMED: f"{CONFIRMED}2c",  # faint, for it covers most of the image
    Known.CORRECTED: f"{CORRECTED}5c",
    STROKE: "#ffffffe0",
}


class Results:
    """Writes the layers that belong to one image, and reads the masks back.

    The layers are held by identity and weakly: renaming or moving one changes nothing, and one
    that the user deletes is made anew when there is something to show.

    Parameters
    ----------
    viewer
        Where the layers are.
    image
        The layer that is segmented.
    specimen
        What is known of it.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        specimen: Specimen,
    ) -> None:
        self._viewer = viewer
        self._image = ref(image)
        self._layers: dict[Role, ref[Any]] = {}
        self._placement = placement(image, specimen.axes)
        self.frame = Frame(specimen.axes, image.rgb, specimen.shape)
        self.on_masks: Callable[[Labels], None] = lambda masks: None
        """Called with each new layer of masks."""
        self._stroke: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self.specimen = specimen

    @property
    def image(self) -> Image | None:
        """The image, if it is still in the viewer."""
        image = self._image()
        return image if image is not None and image in self._viewer.layers else None

    @property
    def masks(self) -> Labels | None:
        """The layer of masks, if it is still in the viewer."""
        masks: Labels | None = self._find("masks")
        return masks

    def labels(self, plane: PlaneIndex) -> np.ndarray:
        """The mask of a plane as it is now, (y, x); a view that painting changes."""
        if self.masks is None:
            return np.zeros(self.specimen.shape[-2:], np.uint16)
        view: np.ndarray = self.masks.data[self.frame.plane(plane)]
        return view

    def all_labels(self) -> np.ndarray:
        """The masks of all planes, (..., y, x); a view where numpy can give one."""
        if self.masks is None:
            return np.zeros(self.specimen.shape, np.uint16)
        return np.asarray(self.masks.data).reshape(self.specimen.shape)

    def show_tile(self, fresh: bool) -> None:
        """Show the probabilities that have come."""
        layer = self._find("probability")
        if layer is None:
            self._add_probability()
        elif fresh:
            layer.data = self._object_probability()
        else:
            self._update_classes(layer)
            layer.refresh(extent=False, thumbnail=False)

    def show_masks(self, plane: PlaneIndex, labels: np.ndarray) -> None:
        """Replace the mask of a plane; undo can not reach back behind this."""
        masks = self.masks
        if masks is None:
            masks = self._add_masks()
        if labels.dtype.itemsize > masks.data.dtype.itemsize:
            self.make_room(int(labels.max(initial=0)))
        masks.data[self.frame.plane(plane)] = labels
        forget_history(masks)
        masks.refresh(extent=False)

    def show_known(self, plane: PlaneIndex, state: np.ndarray) -> None:
        """Show what is known of the pixels of a plane."""
        layer = self._find("known")
        if layer is None:
            if not state.any():
                return
            layer = self._add_known()
        layer.data[self.frame.plane(plane)] = state
        layer.refresh(extent=False, thumbnail=False)

    def show_stroke(self, plane: PlaneIndex, rows: np.ndarray, columns: np.ndarray) -> None:
        """Show the pixels of a stroke that is being drawn, in place of what was shown of it."""
        layer = self._find("known") or self._add_known()
        shown = layer.data[self.frame.plane(plane)]
        self._lift_stroke(shown)
        self._stroke = (rows, columns, shown[rows, columns])
        shown[rows, columns] = STROKE
        layer.refresh(extent=False, thumbnail=False)

    def hide_stroke(self, plane: PlaneIndex) -> None:
        """Show no stroke any more."""
        layer = self._find("known")
        if layer is not None:
            self._lift_stroke(layer.data[self.frame.plane(plane)])
            layer.refresh(extent=False, thumbnail=False)

    def _lift_stroke(self, shown: np.ndarray) -> None:
        if self._stroke is not None:
            rows, columns, under = self._stroke
            shown[rows, columns] = under
            self._stroke = None

    def apply(self, plane: PlaneIndex, repair: Repair) -> None:
        """Change pixels of the masks, as one step that can be undone."""
        masks = self.masks
        if masks is None:
            return
        self.make_room(int(repair.values.max(initial=0)))
        indices = self.frame.pixels(plane, repair.rows, repair.columns)
        masks.data_setitem(indices, repair.values.astype(masks.data.dtype))

    def make_room(self, id_: int) -> None:
        """Let the masks hold ids up to this one; above 65,535 they need twice the memory."""
        masks = self.masks
        if masks is not None and id_ > np.iinfo(masks.data.dtype).max:
            masks.data = masks.data.astype(np.uint32)
            forget_history(masks)

    def show_overlay(self, shown: bool) -> None:
        """Show or hide what is known."""
        layer = self._find("known")
        if layer is not None:
            layer.visible = shown

    # the layers

    def _find(self, role: Role) -> Any:
        layer = self._layers[role]() if role in self._layers else None
        return layer if layer is not None and layer in self._viewer.layers else None

    def _add_probability(self) -> None:
        layer = Image(
            self._object_probability(),
            name=f"{self._name} probability",
            colormap="magma",
            blending="additive",
            opacity=0.5,
            contrast_limits=(0, 1),
            **self._placement,
        )
        self._add("probability", layer)

    def _add_masks(self) -> Labels:
        data = np.zeros(self.frame.shape, np.uint16)
        layer = Labels(data, name=f"{self._name} masks", opacity=0.6, **self._placement)
        if probability := self._find("probability"):
            probability.visible = False
        self._add("masks", layer)
        self.on_masks(layer)
        return layer

    def _add_known(self) -> Labels:
        layer = Labels(
            np.zeros(self.frame.shape, np.uint8),
            name=f"{self._name} known",
            opacity=1.0,
            colormap=DirectLabelColormap(color_dict=dict(_COLOURS)),
            **self._placement,
        )
        self._add("known", layer)
        return layer

    def _add(self, role: Role, layer: Image | Labels) -> None:
        image = self._image()
        if image is not None:
            claim(layer, role, image)
        with selection_kept(self._viewer):
            self._viewer.add_layer(layer)
        self._layers[role] = ref(layer)

    @property
    def _name(self) -> str:
        image = self._image()
        return image.name if image is not None else "image"

    def _object_probability(self) -> np.ndarray:
        """What the layer shows: the probability of object, a view where there is one class."""
        probabilities = self.specimen.probabilities
        if probabilities is None:
            return np.zeros(self.frame.shape, np.float32)
        several = len(probabilities) > 1
        shown: np.ndarray = probabilities[1:].sum(axis=0) if several else probabilities[0]
        return shown.reshape(self.frame.shape)

    def _update_classes(self, layer: Image) -> None:
        """With several classes the layer does not share its array with the specimen."""
        if self.specimen.probabilities is not None and len(self.specimen.probabilities) > 1:
            layer.data[...] = self._object_probability()
