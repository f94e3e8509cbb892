"""U-Net, as it is widespread in Keras."""

from __future__ import annotations

from napari_unet.networks.unet import UNet
from napari_unet.schema.settings import NetworkSettings


class UNetKeras(UNet):
    """The U-Net of many Keras programs: choose it to repeat work that was done with one of them.

    Padded convolutions with batch normalisation, 64 to 1024 features, dropout of half the features
    at the two deepest levels; pixels are repeated and then convolved by 2 x 2 ("same": zeros to the
    right and below) on the way up. Of the programs that go by this description it leaves out the
    last 3 x 3 convolution to two channels that some have, and it normalises before each ReLU.

    Notes
    -----
    After Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", MICCAI 2015; not by its authors.
    """

    defaults = NetworkSettings(
        features=64, depth=5, normalization="batch", upsampling="nearest", dropout=0.5
    )
    fixed = frozenset({"upsampling", "deep_supervision"})
