"""The keys that answer while a person is led from object to object."""

from __future__ import annotations

from collections.abc import Callable, Collection

from napari_unet.widgets.layers import Labels
from napari_unet.widgets.toolbox import Toolbox
from napari_unet.widgets.tools import REVIEW_KEYS


class ReviewKeys:
    """Takes keys on a layer of masks, and gives them back.

    Parameters
    ----------
    toolbox
        Has the space key otherwise, while a tool of ours is in use.
    press
        Called with what a key does, a name in `REVIEW_KEYS`.
    """

    def __init__(self, toolbox: Toolbox, press: Callable[[str], None]) -> None:
        self._toolbox, self._press = toolbox, press
        self.masks: Labels | None = None
        """The layer whose keys are taken."""

    def take(self, masks: Labels, names: Collection[str]) -> None:
        """Take the keys of these names; the others are napari's and the tools' again."""
        self.give_back()
        self.masks = masks
        for name in names:
            masks.bind_key(REVIEW_KEYS[name], self._action(name), overwrite=True)

    def give_back(self) -> None:
        """Let all of them be napari's and the tools' again."""
        if self.masks is not None:
            for key in REVIEW_KEYS.values():
                self.masks.bind_key(key, None)
            self._toolbox.take_space()
        self.masks = None

    def _action(self, name: str) -> Callable[[Labels], Callable[[], None]]:
        def act(masks: Labels) -> Callable[[], None]:
            self._press(name)
            return _nothing

        return act


def _nothing() -> None:
    """What happens when a key is let go of.

    Without it napari would do what it remembers from its own last use of that key, and put the
    brush down that has just been taken up.
    """
