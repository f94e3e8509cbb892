"""What going through a folder of images needs of the desk."""

from __future__ import annotations

from typing import Protocol

from napari.layers import Image

from napari_unet.widgets.layers import Reading


class ImageStage(Protocol):
    """Where an image is put to be worked on."""

    @property
    def image(self) -> Image | None:
        """The chosen image; None if there is no image at all."""

    @property
    def reading(self) -> Reading:
        """How the chosen image is read."""

    def reading_of(self, image: Image) -> Reading:
        """How an image is read, whichever is chosen.

        Raises
        ------
        ValueError
            If it has too many axes.
        """

    def choose(self, image: Image) -> None:
        """Put an image under the microscope."""

    def read_as(self, axes: str) -> None:
        """Read the axes of the chosen image in another way."""

    def choose_channel(self, channel: int | None) -> None:
        """Segment another channel of the chosen image."""


class Workplace(Protocol):
    """What the series needs of the desk."""

    @property
    def stage(self) -> ImageStage:
        """Where an image is put to be worked on."""

    def leave(self, image: Image) -> None:
        """Bring to the disk what was corrected in an image, and let go of the work on it.

        Raises
        ------
        ValueError, OSError
            If it could not be saved; then the image stays open.
        """
