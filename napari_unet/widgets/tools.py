"""The tools for correcting: napari's own, and ours."""

from __future__ import annotations

from typing import NamedTuple


class Tool(NamedTuple):
    """One way to correct a mask by hand."""

    name: str
    title: str
    key: str
    """As napari spells it."""
    hint: str
    """What to do with the mouse."""
    mode: str = ""
    """The mode of napari's layer of labels; none for a tool of ours."""

    @property
    def tooltip(self) -> str:
        """The hint and the key."""
        return f"{self.hint}\nKey: {self.key}"


TOOLS = (
    Tool("paint", "Paint", "P", "Paint the selected object; [ and ] change the brush.", "paint"),
    Tool("erase", "Erase", "E", "Paint background.", "erase"),
    Tool("fill", "Fill", "F", "Click on an object to give it the selected number.", "fill"),
    Tool("polygon", "Polygon", "3", "Click around an object; double click ends it.", "polygon"),
    Tool("pick", "Pick", "L", "Click on an object to go on painting it.", "pick"),
    Tool("new", "New", "A", "Paint an object that the model missed."),
    Tool("encircle", "Encircle", "Q", "Draw all around an object that the model missed."),
    Tool("delete", "Delete", "D", "Click on a wrong object, or draw around several."),
    Tool("merge", "Merge", "J", "Click on two objects, or drag across them: they become one."),
    Tool("split", "Split", "S", "Drag a line across an object, or click on its two halves."),
    Tool("holes", "Fill holes", "H", "Click on an object: its holes are filled."),
    Tool("tidy", "Tidy", "T", "Give each piece of an object that fell apart its own number."),
    Tool("right", "Right", "K", "Click on an object that is right as it is."),
    Tool("unsure", "Unsure", "U", "Drag over pixels that nobody can know: none of them counts."),
    Tool("box", "Drag a box", "G", "Drag a box around pixels that are all right as they are."),
)
CONFIRM_KEY = "R"
OF_OBJECTS = frozenset({"new", "encircle", "delete", "merge", "split", "holes", "tidy", "right"})
"""Tools that mean single objects, which a mask of classes does not have."""
AT_ONCE = frozenset({"new", "tidy"})
"""Tools that are not held: they do something at once."""

REVIEW_KEYS = {"say_right": "Space", "delete": "X", "fix": "F", "next": "N", "back": "B"}
"""Keys of the reviewer, by what they do; they are napari's own while nothing is reviewed."""

BY_NAME = {tool.name: tool for tool in TOOLS}
