"""Ways to see a colour image as a grey one."""

from __future__ import annotations

import numpy as np
from skimage import color

COLOURS = ("red", "green", "blue", "blue stain")
"""What can be looked at in a colour image, by index."""

_LUMINANCE = np.array([0.2125, 0.7154, 0.0721], dtype=np.float32)
"""ITU-R BT.709, as in ``skimage.color.rgb2gray``."""


def luminance(image: np.ndarray) -> np.ndarray:
    """Turn a colour image into a grey one.

    Parameters
    ----------
    image
        (y, x, 3) or (y, x, 4) of any real dtype; a fourth channel (alpha) is left out.

    Returns
    -------
    float32, (y, x), in the units of the image.
    """
    grey: np.ndarray = image[..., :3].astype(np.float32) @ _LUMINANCE
    return grey


def one_colour(image: np.ndarray, index: int) -> np.ndarray:
    """See only one colour of an image, or only the stain that makes nuclei blue.

    The blue stain (haematoxylin) is separated from brown and pink ones; nuclei become bright. It
    is what to choose where the brown of an antibody hides them.

    Parameters
    ----------
    image
        (y, x, 3) or (y, x, 4); whole numbers, or real numbers between 0 and 1.
    index
        Place in `COLOURS`.

    Returns
    -------
    (y, x): the values of that colour, or float32, how much blue stain there is.

    Notes
    -----
    Ruifrok and Johnston (2001), "Quantification of histochemical staining by color deconvolution",
    with the stain matrix of scikit-image.
    """
    if index < 3:
        return image[..., index]
    stain: np.ndarray = color.rgb2hed(image[..., :3])[..., 0].astype(np.float32)
    return stain
