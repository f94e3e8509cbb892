"""How well an image is divided by membranes."""

from __future__ import annotations

from pydantic import Field

from napari_unet.schema.settings import Record


class MembraneScores(Record):
    """How well sections are divided by membranes; each score at the threshold that is best for it.

    A threshold is the same for all sections, and a score the mean over them.
    """

    v_rand: float = Field(
        title="V_rand", description="Rand F-score of regions, membranes thinned; 1 is perfect."
    )
    v_info: float = Field(
        title="V_info", description="Information F-score, membranes thinned; 1 is perfect."
    )
    rand_error: float = Field(
        title="Rand error", description="1 - Rand F-score, membranes not thinned; 0 is perfect."
    )
    pixel_error: float = Field(
        title="Pixel error", description="Share of pixels that differ; 0 is perfect."
    )
    pixel_f_error: float = Field(
        title="Pixel F error", description="1 - F-score of the interior's pixels; 0 is perfect."
    )
    warping_error: float = Field(
        title="Warping error",
        description="Share of pixels with a mistake of topology; 0 is perfect.",
    )
    split_merge_error: float = Field(
        title="Split and merge error",
        description="Share of pixels that split a region or merge two; 0 is perfect.",
    )
    threshold: float = Field(description="The threshold at which V_rand is best.")
    sections: int = Field(1, title="Sections", description="Number of sections scored.")
