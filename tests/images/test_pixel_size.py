import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_unet.images.pixel_size import pixel_size_um

PLANE = np.zeros((4, 5), np.uint8)


def ome(**metadata):
    return {"ome": True, "metadata": {"axes": "YX", **metadata}}


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"imagej": True, "resolution": (4, 4), "metadata": {"unit": "um"}}, 0.25),
        ({"imagej": True, "resolution": (4, 4), "metadata": {"unit": "\\u00B5m"}}, 0.25),
        ({"imagej": True, "resolution": (4, 4), "metadata": {"unit": "micron"}}, 0.25),
        ({"imagej": True, "resolution": (0.5, 0.5), "metadata": {"unit": "nm"}}, 0.002),
        ({"imagej": True, "resolution": (4, 4), "metadata": {"unit": "pixel"}}, None),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "um"}}, None),
        (ome(PhysicalSizeX=0.5, PhysicalSizeY=0.5), 0.5),
        (ome(PhysicalSizeX=65, PhysicalSizeXUnit="nm", PhysicalSizeY=65), 0.065),
        (ome(PhysicalSizeX=1, PhysicalSizeXUnit="reference frame", PhysicalSizeY=1), None),
        ({"resolution": (20_000, 20_000), "resolutionunit": "CENTIMETER"}, 0.5),
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, None),
        ({"imagej": True, "resolution": (0, 0), "metadata": {"unit": "um"}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_size_of_a_pixel_is_read_where_the_file_says_it(tmp_path, options, size):
    tifffile.imwrite(tmp_path / "a.tif", PLANE, **options)
    found = pixel_size_um(tmp_path / "a.tif")
    assert found == (None if size is None else pytest.approx(size))


def test_no_other_file_says_it(tmp_path):
    Image.fromarray(PLANE).save(tmp_path / "a.png", dpi=(72, 72))
    (tmp_path / "b.tif").write_bytes(b"II*\0 no tiff")
    assert [pixel_size_um(tmp_path / name) for name in ("a.png", "b.tif", "c.tif")] == [None] * 3
