import csv

import numpy as np
import pytest

from napari_unet.images.measurements import measure, write_measurements

SIZE = (40, 50)
LABELS = np.zeros(SIZE, np.uint16)
LABELS[5:15, 10:30], LABELS[20:24, 3:7] = 7, 300
IMAGE = np.random.default_rng(0).integers(0, 60_000, SIZE, np.uint16)


def written(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_what_is_measured_of_a_rectangle():
    found = {name: column[0] for name, column in measure(LABELS, IMAGE, 0.5).items()}
    inside = IMAGE[5:15, 10:30]
    assert found["id"] == 7
    names = list(found)
    assert names[names.index("area_px") + 1] == "area_um2"
    assert (found["area_px"], found["area_um2"]) == (200, 50)
    assert (found["centroid_y_px"], found["centroid_x_px"]) == (9.5, 19.5)
    box = [found[f"{side}_px"] for side in ("top", "left", "bottom", "right")]
    assert box == [5, 10, 15, 30]
    assert found["intensity_mean"] == pytest.approx(inside.mean())
    assert (found["intensity_min"], found["intensity_max"]) == (inside.min(), inside.max())
    assert 0.8 < found["eccentricity"] < 1
    assert found["major_axis_px"] > found["minor_axis_px"] > 0


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float16, np.float64])
def test_r15_1_each_object_is_one_line_of_the_table(tmp_path, dtype):
    write_measurements(tmp_path / "m.csv", LABELS, "YX", lambda index: IMAGE.astype(dtype))
    rows = written(tmp_path / "m.csv")
    assert [(row["id"], row["area_px"]) for row in rows] == [("7", "200"), ("300", "16")]
    assert "area_um2" not in rows[0], "nobody knows how large a pixel is"
    assert not {"t", "z"} & rows[0].keys()


def test_r15_1_of_a_stack_each_line_says_in_which_plane(tmp_path):
    stack = np.zeros((2, 3, *SIZE), np.uint16)
    stack[0, 2], stack[1, 1] = LABELS, LABELS * 2
    asked = []

    def image_of(index):
        asked.append(index)
        return np.full(SIZE, index)

    write_measurements(tmp_path / "m.csv", stack, "TCZYX", image_of, 2)
    rows = written(tmp_path / "m.csv")
    places = [tuple(row[name] for name in ("t", "z", "id", "intensity_mean")) for row in rows]
    assert places == [
        ("0", "2", "7", "2"), ("0", "2", "300", "2"),
        ("1", "1", "14", "4"), ("1", "1", "600", "4"),
    ]  # fmt: skip
    assert rows[0]["area_um2"] == "800"
    assert asked == [2, 4], "planes without objects are not read"


@pytest.mark.parametrize("axis", [0, -1])
def test_each_channel_has_an_intensity_of_its_own(axis):
    channels = np.stack([IMAGE, IMAGE // 2, IMAGE // 3], axis)
    found = measure(LABELS, channels)
    for number, channel in enumerate([IMAGE, IMAGE // 2, IMAGE // 3], 1):
        assert found[f"intensity_max_{number}"].tolist() == [
            channel[id_ == LABELS].max() for id_ in (7, 300)
        ]


@pytest.mark.parametrize("shape", [SIZE, (3, *SIZE)])
def test_without_objects_there_is_a_line_of_names_alone(tmp_path, shape):
    axes = "ZYX"[-len(shape) :]
    write_measurements(tmp_path / "m.csv", np.zeros(shape, np.uint8), axes, lambda index: IMAGE)
    (line,) = (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()
    assert "id,centroid_y_px" in line


def test_r15_1_ids_above_16_bits_stay_and_cost_no_memory():
    found = measure(np.where(LABELS == 7, np.uint32(4_000_000_000), LABELS), IMAGE)
    assert found["id"].tolist() == [300, 4_000_000_000]
    assert found["area_px"].tolist() == [16, 200]
