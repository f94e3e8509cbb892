import numpy as np
import pytest
import tifffile

from napari_unet.images.lazy import whole
from napari_unet.widgets import layers
from napari_unet.widgets.layers import Reading, origin_of
from napari_unet.widgets.layers.opening import open_image
from napari_unet.widgets.layers.own import claim, role_of
from tests.watched import Watched


def test_r14_1_our_own_layers_are_known_by_what_they_carry(viewer, image):
    ours = viewer.add_image(np.zeros((40, 60)), name="cells probability")
    claim(ours, "probability", image)
    ours.name = "renamed"
    assert layers.user_images(viewer) == [image]


def test_a_copy_of_our_layer_is_the_users(viewer, image):
    claim(image, "probability", image)
    data, settings, _ = image.as_layer_data_tuple()
    copy = viewer.add_image(data, **settings)
    assert copy.metadata == image.metadata
    assert role_of(image) == "probability"
    assert role_of(copy) is None
    assert layers.user_images(viewer) == [copy]


@pytest.mark.parametrize(
    ("shape", "rgb", "axes", "planes", "plane_shape"),
    [
        ((30, 40), False, "YX", 1, (30, 40)),
        ((30, 40, 3), True, "YXC", 1, (30, 40, 3)),
        ((5, 30, 40), False, "ZYX", 5, (30, 40)),
        ((2, 30, 40), False, "CYX", 1, (30, 40)),
        ((20, 2, 30, 40), False, "ZCYX", 20, (30, 40)),
        ((2, 3, 30, 40), False, "TZYX", 6, (30, 40)),
        ((1, 30, 40), False, "ZYX", 1, (30, 40)),
        ((6, 30, 40, 3), True, "ZYXC", 6, (30, 40, 3)),
    ],
)
def test_r8_2_planes_of_every_kind_of_image(viewer, shape, rgb, axes, planes, plane_shape):
    image = viewer.add_image(np.random.default_rng(0).random(shape), rgb=rgb)
    channel = 0 if layers.channel_count(image, axes) > 1 else None
    indices = layers.planes_of(image, axes)
    assert len(indices) == planes
    found = layers.snapshot(image, Reading(axes, channel), indices)
    assert {plane.shape for plane in found} == {plane_shape}
    assert not np.shares_memory(found[0], image.data)
    viewer.dims.set_current_step(0, 10**6)
    if planes > 1:
        assert layers.current_plane(viewer, image, axes)[0] == shape[0] - 1


def test_pixels_that_are_copied_elsewhere_are_not_copied_here(viewer):
    image = viewer.add_image(np.zeros((3, 40, 50), np.uint8))
    (pixels,) = layers.pixels_of(image, Reading("ZYX"), [(1,)])
    assert np.shares_memory(pixels, image.data)


def test_only_the_planes_that_are_asked_for_are_read(viewer):
    class Lazy:
        shape, dtype, ndim = (100, 30, 40), np.dtype("f4"), 3
        read = 0

        def __getitem__(self, key):
            Lazy.read += 1
            assert isinstance(key[0], int)
            return np.zeros((100, 30, 40), "f4")[key]

    image = viewer.add_image(np.zeros((100, 30, 40), "f4"))
    image = type("Stand-in", (), {"multiscale": False, "data": Lazy()})()
    planes = layers.snapshot(image, Reading("ZYX"), [(3,), (7,)])
    assert Lazy.read == 0
    assert [whole(plane).shape for plane in planes] == [(30, 40)] * 2
    assert Lazy.read == 2


def test_r6_3_of_an_image_that_is_not_in_memory_nothing_is_read_in_the_window(viewer):
    shape = (9, 4000, 5000)
    data = Watched(shape, most=1)
    image = type("Stand-in", (), {"multiscale": False, "data": data})()
    (plane,) = layers.pixels_of(image, Reading("ZYX"), [(4,)])
    assert data.read == 0
    assert plane.shape == shape[1:]
    data.most = 100
    np.testing.assert_array_equal(plane[10:20, 30:40], data[4, 10:20, 30:40])


def test_a_pyramid_is_read_at_its_finest_level(viewer):
    levels = [np.ones((64, 64)), np.zeros((32, 32)), np.zeros((16, 16))]
    image = viewer.add_image(levels, multiscale=True)
    (plane,) = layers.snapshot(image, layers.propose(image), [()])
    assert plane.shape == (64, 64)
    assert plane.all()


@pytest.mark.parametrize(("axes", "read"), [("ZYX", "ZYX"), ("CYX", "CYX"), ("YXS", "YXC")])
def test_r8_1_an_ome_tiff_is_read_by_its_own_axes(viewer, tmp_path, axes, read):
    shape = (40, 50, 3) if axes == "YXS" else (3, 40, 50)
    colour = "rgb" if axes == "YXS" else "minisblack"
    path = tmp_path / "a.ome.tif"
    pixels = np.zeros(shape, np.uint8)
    tifffile.imwrite(path, pixels, ome=True, photometric=colour, metadata={"axes": axes})
    image = open_image(viewer, path)
    assert layers.propose(image).axes == read
    assert image.rgb is (axes == "YXS")


def test_the_whole_image_in_view_is_no_box(viewer, image):
    assert layers.box_in_view(viewer, image, "YX") is None


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_r6_4_what_i_see_is_the_box_on_the_screen(viewer, scale):
    image = viewer.add_image(np.zeros((400, 600)), scale=(scale, scale), translate=(10, 20))
    camera = viewer.scene.camera
    camera.center = image.data_to_world((100, 300))
    camera.zoom = viewer.canvas.size[0] / (50 * scale)  # fifty pixels high
    y0, x0, y1, x1 = layers.box_in_view(viewer, image, "YX")
    assert abs(y1 - y0 - 50) <= 2
    assert abs((y0 + y1) / 2 - 100) <= 1
    assert abs((x0 + x1) / 2 - 300) <= 1


def test_an_image_that_is_out_of_view_is_said(viewer, image):
    viewer.scene.camera.center = (5000, 5000)
    with pytest.raises(ValueError, match="out of view"):
        layers.box_in_view(viewer, image, "YX")


def test_r14_5_corrections_are_bound_to_the_content(viewer):
    first = viewer.add_image(np.arange(200.0).reshape(2, 10, 10))
    same = viewer.add_image(first.data.copy(), name="another name")
    other = viewer.add_image(first.data + 1)
    assert origin_of(first).identity("ZYX").content == origin_of(same).identity("ZYX").content
    assert origin_of(first).identity("ZYX").content != origin_of(other).identity("ZYX").content


@pytest.mark.parametrize(
    ("shape", "rgb", "reading", "needed", "reason"),
    [
        ((9, 9), False, Reading("YX"), 1, ""),
        ((9, 9), False, Reading("YX"), 2, "this image has one"),
        ((9, 9, 3), True, Reading("YXC"), 1, ""),
        ((9, 9, 3), True, Reading("YXC"), 3, ""),
        ((2, 9, 9), False, Reading("CYX", 0), 1, ""),
        ((2, 9, 9), False, Reading("CYX"), 1, "choose a channel"),
        ((2, 9, 9), False, Reading("CYX"), 2, ""),
    ],
)
def test_r8_3_an_image_that_does_not_fit_is_said(viewer, shape, rgb, reading, needed, reason):
    image = viewer.add_image(np.zeros(shape), rgb=rgb)
    found = layers.why_not_fit(image, reading, needed)
    assert reason in found
    assert bool(reason) == bool(found)


def test_r6_4_what_i_see_of_a_transposed_view_is_the_box_on_the_screen(viewer):
    image = viewer.add_image(np.zeros((400, 600)))
    viewer.dims.transpose()
    viewer.canvas.size = (100, 200)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (300, 100), 2
    y0, x0, y1, x1 = layers.box_in_view(viewer, image, "YX")
    assert (y0 + y1) // 2 == 100
    assert (x0 + x1) // 2 == 300
    assert y1 - y0 in (100, 101)
    assert x1 - x0 in (50, 51)


@pytest.mark.parametrize(
    ("spacing", "height", "width"), [(0, 50, 25), (0.25, 45, 19), (20, 45, 18)]
)
def test_r6_4_what_i_see_in_the_grid_is_what_one_of_its_cells_shows(viewer, spacing, height, width):
    image = viewer.add_image(np.zeros((400, 600)))
    for _ in range(5):
        viewer.add_image(np.zeros((400, 600)))
    viewer.canvas.size = (200, 150)
    viewer.canvas.grid.enabled, viewer.canvas.grid.spacing = True, spacing
    assert viewer.canvas.grid.actual_shape(viewer.layers) == (2, 3)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (100, 300), 2
    y0, x0, y1, x1 = layers.box_in_view(viewer, image, "YX")
    assert abs(y1 - y0 - height) <= 2
    assert abs(x1 - x0 - width) <= 2
