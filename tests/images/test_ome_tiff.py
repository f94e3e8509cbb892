"""OME-TIFF in and out: axes and sizes of pixels, as tifffile and its XML say them."""

import numpy as np
import pytest
import tifffile

from napari_unet.images.files import read_image
from napari_unet.images.ome_tiff import read_ome_tiff, write_ome_masks
from napari_unet.images.pixel_size import pixel_size_um

SIZES = {
    "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25,
    "PhysicalSizeYUnit": "µm", "PhysicalSizeZ": 900.0, "PhysicalSizeZUnit": "nm",
    "TimeIncrement": 5.0, "TimeIncrementUnit": "min",
}  # fmt: skip


def written(path, shape, axes, **more):
    tifffile.imwrite(
        path, np.zeros(shape, "u1"), ome=True, metadata={"axes": axes, **SIZES}, **more
    )
    return path


@pytest.mark.parametrize(
    ("shape", "axes", "read"),
    [
        ((20, 30), "YX", "YX"),
        ((3, 20, 30), "ZYX", "ZYX"),
        ((3, 20, 30), "CYX", "CYX"),
        ((7, 20, 30), "TYX", "TYX"),
        ((2, 3, 4, 20, 30), "TCZYX", "TCZYX"),
        ((1, 2, 1, 20, 30), "TCZYX", "CYX"),
    ],
)
def test_r8_1_the_xml_decides_what_the_axes_are(tmp_path, shape, axes, read):
    path = written(tmp_path / "a.tif", shape, axes)
    assert read_ome_tiff(path, tuple(n for n in shape if n > 1)) == (read, SIZES)
    assert read_ome_tiff(path, (9, *shape)) is None


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colour_is_read_last(tmp_path, planar):
    shape, axes = ((2, 20, 30, 3), "ZYXS") if planar == "contig" else ((2, 3, 20, 30), "ZSYX")
    path = written(tmp_path / "a.tif", shape, axes, photometric="rgb", planarconfig=planar)
    assert read_image(path).shape == (2, 20, 30, 3)
    assert read_ome_tiff(path, (2, 20, 30, 3)).axes == "ZYXC"


def test_other_files_and_other_axes_say_nothing(tmp_path):
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((3, 20, 30), "u1"), photometric="minisblack")
    written(tmp_path / "lifetime.tif", (3, 20, 30), "HYX")
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    for name in ("plain.tif", "lifetime.tif", "broken.tif", "missing.tif", "a.png"):
        assert read_ome_tiff(tmp_path / name, (3, 20, 30)) is None


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
def test_masks_have_the_axes_but_the_channel_and_the_sizes(tmp_path, dtype):
    shape = (2, 3, 4, 20, 30)
    image = read_ome_tiff(written(tmp_path / "a.tif", shape, "TCZYX"), shape)
    labels = np.arange(2 * 4 * 600).reshape(2, 4, 20, 30).astype(dtype)
    write_ome_masks(tmp_path / "a_masks.tif", labels, image)
    assert read_ome_tiff(tmp_path / "a_masks.tif", labels.shape) == ("TZYX", SIZES)
    assert pixel_size_um(tmp_path / "a_masks.tif") == 0.25
    read = tifffile.imread(tmp_path / "a_masks.tif")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, labels)
