"""OME-Zarr in and out: what the metadata says decides, and masks become labels with the same."""

import numpy as np
import pytest
import yaozarrs
import zarr

from napari_unet.images.ome_labels import begin_labels, finish_labels, masks_in
from napari_unet.images.ome_zarr import read_ome_zarr
from tests.ome_for_tests import TYPES, write_ome_zarr

VERSIONS = ["0.4", "0.5"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("shape", "names", "axes"),
    [
        ((9, 8), "yx", "YX"),
        ((2, 9, 8), "cyx", "CYX"),
        ((2, 9, 8), "zyx", "ZYX"),
        ((9, 2, 8), "zyx", "ZYX"),
        ((3, 7, 9, 8), "tcyx", "TCYX"),
        ((1, 1, 1, 9, 8), "tczyx", "TCZYX"),
    ],
)
def test_r8_1_the_metadata_decides_what_the_axes_are(tmp_path, version, shape, names, axes):
    found = read_ome_zarr(write_ome_zarr(tmp_path / "a", [np.zeros(shape, "u1")], names, version))
    assert found.axes == axes
    assert found.version == version
    assert found.levels == [tmp_path / "a" / "0"]


def test_types_count_where_names_say_nothing(tmp_path):
    types = {"w": "channel", "u": "space", "v": "space"}
    image = write_ome_zarr(tmp_path / "a", [np.zeros((2, 9, 8), "u1")], "wuv", types=types)
    assert read_ome_zarr(image).axes == "CYX"


@pytest.mark.parametrize(("names", "types"), [("ayx", {"a": "angle"}), ("xy", {})])
def test_axes_that_are_not_understood_are_asked_for(tmp_path, names, types):
    image = write_ome_zarr(
        tmp_path / "a", [np.zeros((3, 9, 8)[-len(names) :], "u1")], names, types=TYPES | types
    )
    with pytest.raises(ValueError, match=r"^The axes of '.*a' \(.*\) are not understood: name"):
        _ = read_ome_zarr(image).axes


def test_what_is_no_ome_zarr_image_is_none(tmp_path):
    zarr.create_array(tmp_path / "array", shape=(9, 8), dtype="u1")
    zarr.create_group(tmp_path / "group", attributes={"ome": {"version": "0.5", "plate": {}}})
    (tmp_path / "empty").mkdir()
    for name in ("array", "group", "empty", "missing"):
        assert read_ome_zarr(tmp_path / name) is None


@pytest.mark.parametrize("damage", ["version", "axes"])
def test_what_is_damaged_is_refused_in_one_sentence(tmp_path, damage):
    image = write_ome_zarr(tmp_path / "a", [np.zeros((9, 8), "u1")], "yx")
    said = dict(zarr.open_group(image).attrs["ome"])
    if damage == "version":
        said["version"] = "0.9"
    else:
        del said["multiscales"][0]["axes"]
    zarr.open_group(image).attrs.update({"ome": said})
    with pytest.raises(ValueError, match=r"^'.*a' is no OME-Zarr of version .*: name one") as found:
        read_ome_zarr(image)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("version", VERSIONS)
def test_masks_become_labels_with_the_levels_the_scale_and_the_units_of_the_image(
    tmp_path, version
):
    levels = [np.zeros(shape, "u1") for shape in [(2, 3, 90, 70), (2, 3, 45, 35), (2, 1, 22, 17)]]
    scales = [[1.0, 2.0, 0.5, 0.5], [1.0, 2.0, 1.0, 1.0], [1.0, 6.0, 2.0, 2.0]]
    more = {"coordinateTransformations": [{"type": "scale", "scale": [7.0, 1.0, 1.0, 1.0]}]}
    path = write_ome_zarr(tmp_path / "a.ome.zarr", levels, "czyx", version, scales, more=more)
    image = read_ome_zarr(path)
    root = tmp_path / "out" / "a_masks.ome.zarr"
    masks = np.arange(3 * 90 * 70).reshape(3, 90, 70).astype("u2")
    zarr.create_array(masks_in(root), data=masks, chunks=(1, 32, 32), zarr_format=image.zarr_format)
    labels = finish_labels(masks_in(root), image, image.axes)
    assert labels == root / "labels" / "masks"

    group = zarr.open_group(labels, mode="r")
    assert [group[str(level)].shape for level in range(3)] == [
        (3, 90, 70),
        (3, 45, 35),
        (1, 22, 17),
    ]
    np.testing.assert_array_equal(group["0"][:], masks)
    np.testing.assert_array_equal(group["1"][:], masks[:, 1::2, 1::2])
    rows, columns = ((np.arange(n) + 0.5) * m // n for n, m in [(22, 45), (17, 35)])
    at = np.ix_([1], rows.astype(int), columns.astype(int))
    np.testing.assert_array_equal(group["2"][:], masks[:, 1::2, 1::2][at])
    said = dict(group.attrs)
    said = said if version == "0.4" else said["ome"]
    (multiscale,) = said["multiscales"]
    assert [axis["name"] for axis in multiscale["axes"]] == ["z", "y", "x"]
    assert {axis["unit"] for axis in multiscale["axes"]} == {"micrometer"}
    assert [level["coordinateTransformations"] for level in multiscale["datasets"]] == [
        [
            {"type": "scale", "scale": scale[1:]},
            {"type": "translation", "translation": [1.0, 2.0, 3.0]},
        ]
        for scale in scales
    ]
    assert multiscale["coordinateTransformations"] == [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]
    source = said["image-label"]["source"]["image"]
    assert (labels / source).resolve() == path
    above = zarr.open_group(root / "labels", mode="r").attrs
    assert (above if version == "0.4" else above["ome"])["labels"] == ["masks"]
    assert zarr.open_group(root, mode="r").metadata.zarr_format == image.zarr_format
    yaozarrs.validate_zarr_store(group)
    if version == "0.5":  # the oracle knows no group of labels of 0.4
        yaozarrs.validate_zarr_store(zarr.open_group(root / "labels", mode="r"))

    begin_labels(masks_in(root))
    assert read_ome_zarr(labels) is None
    assert masks_in(root).is_dir()
