"""Sample images: real ones that come with scikit-image, and synthetic cells with exact labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import ndimage
from skimage.measure import label

Look = Literal["fluorescence", "phase", "dic"]
LayerData = tuple[np.ndarray, dict[str, Any], str]
"""What napari makes a layer of: array, settings, kind."""


@dataclass(frozen=True)
class _Style:
    """What cells of one look have in common; lengths in pixels."""

    radius: float
    elongation: float
    roughness: float
    cluster: float
    """Share of the cells that touch another."""
    spacing: float = 3.4
    """Side of the square that a cell has for itself, in radii."""


_STYLES = {
    "fluorescence": _Style(radius=13, elongation=0.25, roughness=0.05, cluster=0.5),
    "phase": _Style(radius=22, elongation=0.45, roughness=0.08, cluster=0.6),
    "dic": _Style(radius=34, elongation=0.35, roughness=0.1, cluster=0.95, spacing=2.3),
}


def cells(
    shape: tuple[int, int] = (512, 512),
    count: int | None = None,
    look: Look = "fluorescence",
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw an image of cells of which every outline is known.

    Cells touch, differ in size and brightness, and lie under uneven light; the picture is blurred
    and noisy as from a microscope.

    Parameters
    ----------
    shape
        Height and width in pixels.
    count
        Number of cells, as far as there is room; None is what looks natural.
    look
        "fluorescence", bright nuclei on black as uint16; "phase", grey cells with bright halos as
        uint8; "dic", cells side by side that seem to be lit from the side, as uint8.
    seed
        The same seed draws the same image.

    Returns
    -------
    tuple of np.ndarray
        The image, and its labels as uint16; both (y, x).

    Raises
    ------
    ValueError
        If there is no such look.
    """
    if look not in _STYLES:
        raise ValueError(f"There is no look '{look}'; choose one of: {', '.join(_STYLES)}.")
    rng, style = np.random.default_rng(seed), _STYLES[look]
    if count is None:
        count = max(1, round(shape[0] * shape[1] / (style.radius * style.spacing) ** 2))
    centres, radii = _places(rng, shape, count, style)
    labels, height = _shapes(rng, shape, centres, radii, style)
    draw = {"fluorescence": _fluorescence, "phase": _phase, "dic": _dic}[look]
    return draw(rng, labels, height), labels


def _places(
    rng: np.random.Generator, shape: tuple[int, int], count: int, style: _Style
) -> tuple[np.ndarray, np.ndarray]:
    """Centres (cell, 2) and radii (cell,) that overlap a little at most."""
    centres, radii = np.empty((0, 2)), np.empty(0)
    for _ in range(count * 40):
        radius = style.radius * np.exp(rng.normal(0, 0.2))
        centre = rng.uniform((0, 0), shape)
        if len(radii) and rng.random() < style.cluster:
            beside = rng.integers(len(radii))
            angle = rng.uniform(0, 2 * np.pi)
            reach = (radius + radii[beside]) * rng.uniform(0.86, 0.98)
            centre = centres[beside] + reach * np.array([np.sin(angle), np.cos(angle)])
        inside = ((centre >= 0) & (centre < shape)).all()
        if inside and (np.hypot(*(centres - centre).T) > 0.85 * (radii + radius)).all():
            centres, radii = np.vstack([centres, centre]), np.append(radii, radius)
        if len(radii) == count:
            break
    return centres, radii


def _shapes(
    rng: np.random.Generator,
    shape: tuple[int, int],
    centres: np.ndarray,
    radii: np.ndarray,
    style: _Style,
) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and how thick each cell is: 1 in its middle, 0 at its outline; both (y, x)."""
    nearest = np.full(shape, 1.0)
    labels = np.zeros(shape, np.uint16)
    for number, (centre, radius) in enumerate(zip(centres, radii, strict=True), start=1):
        low = np.maximum(np.floor(centre - 2 * radius), 0).astype(int)
        high = np.minimum(np.ceil(centre + 2 * radius), shape).astype(int)
        window = np.s_[low[0] : high[0], low[1] : high[1]]
        y, x = np.mgrid[window] - centre[:, np.newaxis, np.newaxis]
        away = np.hypot(y, x) / (radius * _outline(rng, np.arctan2(y, x), style))
        closer = away < nearest[window]
        labels[window][closer] = number
        nearest[window][closer] = away[closer]
    labels = _whole(labels)
    return labels, np.sqrt(1 - nearest**2) * (labels > 0)


def _outline(rng: np.random.Generator, angle: np.ndarray, style: _Style) -> np.ndarray:
    """How far the outline is from the centre in each direction, about 1."""
    stretch = rng.uniform(0, style.elongation)
    turned = angle - rng.uniform(0, np.pi)
    outline = 1 / np.hypot(np.cos(turned) * (1 - stretch), np.sin(turned) / (1 - stretch))
    for waves in (2, 3, 4, 5):
        strength = rng.normal(0, style.roughness / (waves - 1) ** 0.5)
        outline = outline * (1 + strength * np.cos(waves * angle + rng.uniform(0, 2 * np.pi)))
    return np.asarray(np.clip(outline, 0.5, 1.9))


def _whole(labels: np.ndarray) -> np.ndarray:
    """Keep the largest piece of each cell, and number the cells that are left 1 to n."""
    pieces = label(labels, background=0, connectivity=1)
    sizes = np.bincount(pieces.ravel())
    cell_of = np.zeros(len(sizes), int)
    cell_of[pieces] = labels
    largest = {cell_of[piece]: piece for piece in np.argsort(sizes) if piece}
    number = np.zeros(len(sizes), np.uint16)
    for n, cell in enumerate(sorted(largest), start=1):
        number[largest[cell]] = n
    return np.asarray(number[pieces])


def _fluorescence(rng: np.random.Generator, labels: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Stained nuclei: chromatin, haze of what is out of focus, photons and camera noise."""
    brightness = np.append(0, np.exp(rng.normal(0, 0.35, labels.max(initial=0))))[labels]
    chromatin = 1 + 0.22 * _cloud(rng, labels.shape, 1.5) + 0.15 * _cloud(rng, labels.shape, 4)
    nuclei = brightness * height**0.6 * np.clip(chromatin, 0.2, None)
    haze = 0.22 * ndimage.gaussian_filter(nuclei, 18) + 0.02
    light = _uneven_light(rng, labels.shape, 0.35)
    photons = 900 * light * (ndimage.gaussian_filter(nuclei, 1.1) + haze)
    seen = rng.poisson(np.clip(photons, 0, None)) + rng.normal(0, 9, labels.shape)
    return np.asarray(np.clip(100 + 2.2 * seen, 0, 65_535), np.uint16)


def _phase(rng: np.random.Generator, labels: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Living cells in phase contrast: grey bodies with nuclei and grains, bright halos around."""
    density = np.append(0, rng.normal(1, 0.15, labels.max(initial=0)))[labels]
    grains = 0.16 * _cloud(rng, labels.shape, 1.0) + 0.1 * _cloud(rng, labels.shape, 3)
    nucleus = 1 / (1 + np.exp((0.86 - height) / 0.02))
    nucleoli = nucleus * (_cloud(rng, labels.shape, 1.8) > 1.3)
    body = density * height**0.45 * (0.75 + (1 - 0.6 * nucleus) * grains)
    body += 0.14 * nucleus + 0.35 * ndimage.gaussian_filter(nucleoli, 0.7)
    # The phase ring also lets pass a blurred image of the cell, which is what makes the halo.
    shifted = ndimage.gaussian_filter(body, 0.8) - 0.85 * ndimage.gaussian_filter(body, 8)
    medium = 0.015 * _cloud(rng, labels.shape, 5) + 0.01 * _cloud(rng, labels.shape, 1.5)
    grey = 150 * _uneven_light(rng, labels.shape, 0.25) * (1 - 0.7 * shifted + medium)
    seen = grey + rng.normal(0, 2.5, labels.shape)
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def _dic(rng: np.random.Generator, labels: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Living cells in differential interference contrast: slopes are bright or dark, by side."""
    thickness = np.append(0, rng.normal(1, 0.15, labels.max(initial=0)))[labels] * height
    nucleus = 1 / (1 + np.exp((0.8 - height) / 0.03))
    grains = 0.05 * _cloud(rng, labels.shape, 1.2) + 0.09 * _cloud(rng, labels.shape, 2.5)
    path = 3.5 * ndimage.gaussian_filter(thickness, 1.5)
    path += (labels > 0) * (1 - 0.7 * nucleus) * grains
    slope = sum(ndimage.gaussian_filter(path, 1.0, order=order) for order in ((1, 0), (0, 1)))
    grey = 128 * _uneven_light(rng, labels.shape, 0.2) * (1 + 1.5 * slope)
    seen = grey + rng.normal(0, 4, labels.shape)
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def _cloud(rng: np.random.Generator, shape: tuple[int, ...], size_px: float) -> np.ndarray:
    """Smooth random structure of one size, mean 0 and standard deviation 1."""
    cloud = ndimage.gaussian_filter(rng.standard_normal(shape), size_px, mode="wrap")
    return np.asarray(cloud * (2 * np.pi**0.5 * size_px))


def _uneven_light(rng: np.random.Generator, shape: tuple[int, ...], strength: float) -> np.ndarray:
    """A lamp that is not centred: 1 at its brightest, less towards the corners."""
    y, x = (np.linspace(-1, 1, n) - rng.uniform(-0.5, 0.5) for n in shape)
    return np.asarray(1 - strength * (y[:, np.newaxis] ** 2 + x**2) / 2)


def synthetic_fluorescence() -> list[LayerData]:
    """Offer synthetic nuclei and their true labels in napari's menu of samples."""
    return _layers("fluorescence")


def synthetic_phase() -> list[LayerData]:
    """Offer synthetic cells in phase contrast and their true labels in napari's menu of samples."""
    return _layers("phase")


def synthetic_dic() -> list[LayerData]:
    """Offer synthetic cells in DIC and their true labels in napari's menu of samples."""
    return _layers("dic")


def immunohistochemistry() -> list[LayerData]:
    """Offer a stained section of colon tissue, in colour (comes with scikit-image).

    Its nuclei are blue under a brown antibody, so it asks to be segmented by the blue stain.
    """
    from skimage import data

    about = {"name": "immunohistochemistry", "rgb": True, "metadata": {"channel": "blue stain"}}
    return [(data.immunohistochemistry(), about, "image")]


def cell() -> list[LayerData]:
    """Offer a single cell in saline, seen by phase contrast (comes with scikit-image)."""
    from skimage import data

    return [(data.cell(), {"name": "cell"}, "image")]


def _layers(look: Look) -> list[LayerData]:
    image, labels = cells(look=look)
    truth = {"name": f"true labels ({look})", "visible": False}
    return [(image, {"name": f"synthetic {look}"}, "image"), (labels, truth, "labels")]
