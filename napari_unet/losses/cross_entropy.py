"""Cross entropy, weighted pixel by pixel."""

from __future__ import annotations

from torch import Tensor

from napari_unet.losses.loss import Loss, pixel_cross_entropy, weighted_mean


class CrossEntropy(Loss):
    r"""Asks of each pixel how surprising its true class is, given what the network answers.

    With one class it is the binary cross entropy.

    Notes
    -----
    With the probability p of the true class and the weight w of each pixel x:

    .. math:: L = -\frac{\sum_x w(x) \log p_{t(x)}(x)}{\sum_x w(x)}

    Jadon (2020), "A survey of loss functions for semantic segmentation", divided by the sum
    of weights so that the learning rate does not depend on the size of the batch or on how
    much of it is known.
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The weighted mean of the pixels' cross entropy, a scalar."""
        return weighted_mean(pixel_cross_entropy(logits, target), weight_map)


class BorderWeightedCrossEntropy(CrossEntropy):
    r"""The U-Net paper's loss: gaps between touching cells count more than other pixels.

    It is the cross entropy of a weight map that is made from the objects
    (`napari_unet.images.border_weights`); ``balance`` is the paper's w_c, without it w_c is 1.

    Notes
    -----
    With the distances d1 and d2 of a background pixel to the nearest and the second nearest object:

    .. math:: w(x) = w_c(x) + w_0 \exp\left(-\frac{(d_1(x) + d_2(x))^2}{2 \sigma^2}\right)

    .. math:: L = -\frac{\sum_x w(x) \log p_{t(x)}(x)}{\sum_x w(x)}

    Ronneberger, Fischer and Brox (2015), "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", equations 1 and 2, divided by the sum of weights.
    """


class BorderWeightedCrossEntropy2019(CrossEntropy):
    r"""The loss of U-Net's Fiji plugin: gaps count most, and background less the farther it is.

    It is the cross entropy of a weight map that is made from the objects
    (`napari_unet.images.border_weights`), in which objects count 1.

    Notes
    -----
    On background, with the distances d1 and d2 to the nearest and the second nearest object:

    .. math::
        w(x) = v + w_0 \exp\left(-\frac{(d_1 + d_2)^2}{2 \sigma_2^2}\right)
        + (1 - v) \exp\left(-\frac{d_1^2}{2 \sigma_1^2}\right)

    .. math:: L = -\frac{\sum_x w(x) \log p_{t(x)}(x)}{\sum_x w(x)}

    Falk et al. (2019), "U-Net: deep learning for cell counting, detection, and morphometry", as its
    plugin computes it; there v = 0.1, w0 = 50, sigma 2 = 6 and sigma 1 = 10 pixels of 0.5 um.
    """
