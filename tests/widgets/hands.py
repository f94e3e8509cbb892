"""Somebody who corrects the masks of one image through napari's own layer, without a window."""

from types import SimpleNamespace

import numpy as np
from napari.components import ViewerModel
from napari.utils.key_bindings import KeymapHandler
from qtpy.QtCore import QCoreApplication

from napari_unet.schema.correction import State
from napari_unet.session import verdicts
from napari_unet.session.runs import Runs
from napari_unet.session.specimen import Specimen
from napari_unet.session.splitting import tidy
from napari_unet.session.stops import Stop
from napari_unet.widgets.corrector import Corrector
from napari_unet.widgets.layers import Results


class Hands:
    """Two hands, with a mouse and some keys, on an image whose masks are there already.

    Parameters
    ----------
    specimen
        What is corrected; its ``labels`` may lie anywhere.
    viewer
        Where the layers are to be.
    placement
        Of the image: scale, translate, rotate.
    """

    def __init__(self, specimen, viewer=None, **placement):
        self.viewer = viewer or ViewerModel()
        image = np.zeros(specimen.shape, np.uint8)
        self.image = self.viewer.add_image(image, name="cells", **placement)
        self.specimen, self.history = specimen, specimen.history
        self.results = Results(self.viewer, self.image, specimen)
        self.corrector = Corrector(self.viewer, self.results)
        self.recorder = self.corrector.recorder
        self.results.show_masks()
        self.results.overlay.show_all()

    @classmethod
    def on(cls, shape, labels=None, **placement):
        """On an image of a shape; the masks are empty if none are given."""
        specimen = Specimen("a digest", "TZYX"[-len(shape) :], shape)
        if labels is not None:
            specimen.labels = labels
            specimen.history.highest = int(labels[...].max())
        return cls(specimen, **placement)

    @property
    def masks(self):
        return self.results.masks

    @property
    def plane(self):
        return tuple(self.viewer.dims.current_step[: len(self.specimen.shape) - 2])

    def labels(self):
        """All that the layer of masks holds, a copy."""
        return np.array(self.specimen.labels[...])

    def known(self):
        """What the overlay shows."""
        layer = self.results.slots.find("known")
        return np.zeros_like(self.history.states) if layer is None else layer.data

    # the mouse

    def press(self, *places, button=1):
        """Press the mouse and move it, as napari tells its layers; gives what lets go of it."""
        masks, front = self.masks, self.plane
        event = SimpleNamespace(type="mouse_press", button=button, modifiers=(), handled=False)
        event.view_direction, event.dims_displayed = None, list(self.viewer.dims.displayed)
        event.position = masks.data_to_world((*front, *places[0]))
        gestures = []
        for callback in list(masks.mouse_drag_callbacks):
            made = callback(masks, event)
            if hasattr(made, "__next__"):
                next(made, None)
                gestures.append(made)

        def tell(kind, place):
            event.type, event.position = kind, masks.data_to_world((*front, *place))
            for gesture in gestures:
                next(gesture, None)

        for place in places[1:]:
            tell("mouse_move", place)
        return lambda: tell("mouse_release", places[-1])

    def drag(self, *places, button=1):
        """Press, move and let go."""
        self.press(*places, button=button)()
        QCoreApplication.processEvents()

    def move(self, place):
        """Move the mouse while no button is pressed."""
        event = SimpleNamespace(type="mouse_move", button=None, modifiers=(), handled=False)
        event.view_direction, event.dims_displayed = None, list(self.viewer.dims.displayed)
        event.position = self.masks.data_to_world((*self.plane, *place))
        for callback in list(self.masks.mouse_move_callbacks):
            callback(self.masks, event)
        QCoreApplication.processEvents()

    def paint(self, *places, label=1, brush=3, mode="paint"):
        """Use one of napari's own tools."""
        self.masks.mode = mode
        self.masks.brush_size = brush
        self.masks.selected_label = label
        self.drag(*places)

    def use(self, tool, *strokes):
        """Use one of our tools, as often as there are strokes."""
        self.corrector.toolbox.use(tool)
        for stroke in strokes:
            self.drag(*stroke)

    # what needs no mouse

    def key(self, combination):
        """Press and let go of keys while the masks are selected."""
        handler = KeymapHandler()
        handler.keymap_providers = [self.masks, self.viewer]
        handler.press_key(combination)
        handler.release_key(combination)

    def polygon(self, corners, label):
        self.masks.mode = "polygon"
        self.masks.selected_label = label
        front = self.plane
        self.masks.paint_polygon([(*front, *corner) for corner in corners], label)

    def tidy(self):
        """What the button does in a thread."""
        repair = tidy(self.results.labels(self.plane), self.history.highest + 1)
        self.corrector._repair(self.plane, "tidy", repair)

    def judge(self, place, *, right, audit=False):
        """Say of the object at a place, or of the place, whether it is right."""
        labels = self.results.labels(self.plane)
        y, x = place
        id_ = int(labels[y, x])
        rows, columns = np.nonzero(labels == id_) if id_ else (np.array([y]), np.array([x]))
        box = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        stop = Stop(self.plane, tuple(map(int, box)), id_, 0.0, audit, ())
        answer = verdicts.right if right else verdicts.wrong
        self.recorder.do(answer(self.history, labels, stop))

    def accept(self, labels):
        """Take over a new mask of the plane in view."""
        before, whole = self.results.labels(self.plane), (0, 0, *labels.shape)
        runs = Runs.of_box(self.specimen.shape, self.plane, whole, before, labels)
        self.recorder.accept(self.plane, labels, runs, "segment")


def objects(shape=(20, 30)):
    """Two squares, and a third one with a hole."""
    labels = np.zeros(shape, np.uint16)
    labels[..., 3:9, 3:9] = 1
    labels[..., 3:9, 12:18] = 2
    labels[..., 12:18, 3:9] = 3
    labels[..., 14:16, 5:7] = 0
    return labels


def check(hands, kind, do):
    """Do something: it is one edit, of a kind, and undo and redo take it back and forth."""
    before, states = hands.labels(), hands.history.states.copy()
    entries = []
    hands.history.entered.connect(entries.append)
    do(hands)
    after = hands.labels()
    assert [edit.kind for edit in entries] == [kind]
    assert (before != after).any()
    corrected = hands.history.states & State.CORRECTED != 0
    assert corrected[before != after].all()
    if not states.any():
        np.testing.assert_array_equal(corrected, before != after)
    np.testing.assert_array_equal(hands.known(), hands.history.states)
    hands.masks.undo()
    np.testing.assert_array_equal(hands.labels(), before)
    np.testing.assert_array_equal(hands.history.states, states)
    np.testing.assert_array_equal(hands.known(), states)
    hands.masks.redo()
    np.testing.assert_array_equal(hands.labels(), after)
    np.testing.assert_array_equal(hands.known(), hands.history.states)
