"""How an image is brought to what a network knows: bright objects of a size that it has seen."""

from __future__ import annotations

from pydantic import Field

from napari_unet.schema.settings import Record


class InputSettings(Record):
    """How an image is brought to what a network knows; masks stay in the pixels of the image."""

    inverted: bool = Field(
        False,
        title="Objects are dark",
        description="Show the network the negative of the image: for a model that knows bright "
        "objects, where yours are dark.",
    )
    scale: float = Field(
        1.0,
        ge=0.1,
        le=10,
        title="Scale",
        description="Resize the image by this before the network sees it: 0.5 where your objects "
        "are twice as large as those that the model knows.",
    )

    @property
    def sentence(self) -> str:
        """What is done with images, in a few words."""
        parts = ["objects are dark: inverted"] if self.inverted else []
        if self.scale != 1:
            parts.append(f"pixel size {_times(1 / self.scale)}")
        return "; ".join(parts) or "as the model expects"


def _times(factor: float) -> str:
    return {2.0: "doubled", 0.5: "halved"}.get(factor, f"times {factor:.2g}")


class AutoInput(Record):
    """The input that was found to suit an image, and whether touching objects should be split."""

    inverted: bool
    scale: float
    split: bool
    """Whether objects are cut at their waists (watershed), or are the connected components."""
    sentence: str
    """What was found, in one line; "as the model expects" where nothing has to change."""
