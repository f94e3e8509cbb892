"""Pixels in, pixels out: numpy, scipy and scikit-image, never torch."""
