"""Synthetic smears under brightfield: large flat cells, one on the other, each with a dark nucleus.

So look the brightfield images of dsb2018 (stained smears), which touching dark nuclei alone do not
resemble: a model that replayed only these forgot the smears.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.draw import ellipse, polygon

FEWEST, MOST = 3, 8
RADIUS_PX, NUCLEUS_PX = (35, 65), (5, 9)
"""Of a cell and of its nucleus, before all is drawn larger or smaller."""


def smear(side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw light that has gone through some cells, 1 where there is none, and labels of nuclei."""
    random = np.random.default_rng(seed)
    light, labels = np.ones((side, side)), np.zeros((side, side), int)
    zoom = random.uniform(0.8, 1.4)
    for n in range(int(random.integers(FEWEST, MOST + 1))):
        centre, radius = random.uniform(0, side, 2), zoom * random.uniform(*RADIUS_PX)
        light *= 1 - _cytoplasm(random, light.shape, centre, radius)
        y, x = centre + random.normal(0, 0.15 * radius, 2)
        half = zoom * random.uniform(*NUCLEUS_PX)
        turn, width = random.uniform(0, np.pi), half * random.uniform(0.65, 1)
        labels[ellipse(y, x, half, width, labels.shape, rotation=turn)] = n + 1
        nucleus = ndimage.gaussian_filter((labels == n + 1).astype(float), 0.7)
        light *= 1 - nucleus * random.uniform(0.6, 0.85)
    dust = ndimage.gaussian_filter((random.random(light.shape) < 8e-4).astype(float), (1.5, 0.7))
    return light * (1 - np.clip(dust * random.uniform(0, 1.5), 0, 0.25)), labels


def cloud(random: np.random.Generator, shape: tuple[int, ...], size_px: float) -> np.ndarray:
    """Something uneven, of mean 0 and deviation 1, whose lumps are about so large."""
    drawn = ndimage.gaussian_filter(random.standard_normal(shape), size_px, mode="wrap")
    return np.asarray(drawn / drawn.std())


def _cytoplasm(
    random: np.random.Generator, shape: tuple[int, ...], centre: np.ndarray, radius: float
) -> np.ndarray:
    """What part of the light a flat cell takes: uneven, and more at its rim."""
    inside = np.zeros(shape)
    inside[polygon(*(centre[:, None] + _outline(random, radius)), shape)] = 1
    soft = ndimage.gaussian_filter(inside, 1)
    rim = (soft - ndimage.gaussian_filter(inside, 4)).clip(0)
    uneven = random.uniform(0, 0.2) * cloud(random, shape, 1.5) + 0.25 * cloud(random, shape, 10)
    return np.asarray((soft * (random.uniform(0.06, 0.3) * (1 + uneven) + 0.25 * rim)).clip(0, 0.6))


def _outline(random: np.random.Generator, radius: float) -> np.ndarray:
    """The corners, (2, corner), of a cell around the origin: round, with bulges and dents."""
    angle, waves = np.linspace(0, 2 * np.pi, 72, endpoint=False), np.arange(2, 8)[:, None]
    depth = random.normal(0, 0.12, waves.shape) / np.sqrt(waves - 1)
    bulges = (depth * np.cos(waves * angle + random.uniform(0, 2 * np.pi, waves.shape))).sum(0)
    y, x = radius * (1 + bulges) * np.array([np.sin(angle), np.cos(angle)])
    x, turn = x * random.uniform(0.7, 1), random.uniform(0, np.pi)
    return np.array([y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)])
