import logging

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_unet.images.files import write_masks, write_probabilities
from napari_unet.images.pairs import Pair, pair

RAMP = np.arange(12 * 10, dtype=np.uint8).reshape(12, 10)


@pytest.fixture
def folders(tmp_path):
    for name in ("images", "labels", "known"):
        (tmp_path / name).mkdir()
        for stem in ("b", "a.1"):
            Image.fromarray(RAMP).save(tmp_path / name / f"{stem}.png")
    return tmp_path


def test_images_pair_with_labels_by_name(folders):
    (folders / "images" / "notes.txt").touch()
    (folders / "images" / "._b.png").touch()
    images, labels, known = (folders / name for name in ("images", "labels", "known"))
    assert pair(str(images), labels) == [
        Pair("a.1", images / "a.1.png", labels / "a.1.png"),
        Pair("b", images / "b.png", labels / "b.png"),
    ]
    assert pair(images, labels, known)[1].known == known / "b.png"


def test_what_predict_writes_pairs_with_the_images(folders):
    for stem in ("a.1", "b"):
        (folders / "labels" / f"{stem}.png").unlink()
        write_masks(folders / "labels" / f"{stem}_masks.tif", RAMP)
        write_probabilities(folders / "labels" / f"{stem}_probabilities.tif", RAMP[np.newaxis])
    assert [p.labels.name for p in pair(folders / "images", folders / "labels")] == [
        *("a.1_masks.tif", "b_masks.tif")
    ]


def test_images_labels_and_known_pixels_may_lie_in_one_folder(tmp_path):
    for name in ("a", "a_masks", "a_known", "b", "b_masks"):
        Image.fromarray(RAMP).save(tmp_path / f"{name}.png")
    files = {name: tmp_path / f"{name}.png" for name in ("a", "a_masks", "a_known", "b", "b_masks")}
    a = Pair("a", files["a"], files["a_masks"], files["a_known"])
    b = Pair("b", files["b"], files["b_masks"])
    assert pair(tmp_path) == pair(tmp_path, tmp_path) == [a, b]
    with pytest.raises(ValueError, match=r"b.png' has no known pixels in"):
        pair(tmp_path, tmp_path, tmp_path)
    files["b_masks"].unlink()
    with pytest.raises(ValueError, match=r"b.png' has no labels in"):
        pair(tmp_path)


def test_known_pixels_beside_the_labels_are_found(folders):
    Image.fromarray(RAMP).save(folders / "labels" / "b_known.png")
    found = pair(folders / "images", folders / "labels")
    assert [one.known for one in found] == [None, folders / "labels" / "b_known.png"]


def test_the_two_spellings_of_a_letter_are_one_name(folders):
    Image.fromarray(RAMP).save(folders / "images" / "Zelle \u00e4.png")
    Image.fromarray(RAMP).save(folders / "labels" / "Zelle a\u0308.png")
    assert len(pair(folders / "images", folders / "labels")) == 3


def test_r12_2_labels_without_image_are_named(folders, caplog):
    Image.fromarray(RAMP).save(folders / "labels" / "c.png")
    with caplog.at_level(logging.WARNING):
        assert len(pair(folders / "images", folders / "labels")) == 2
    assert "Without image, left out: c of" in caplog.text


def test_folders_that_do_not_fit_are_refused(folders):
    images, labels, known = (folders / name for name in ("images", "labels", "known"))

    def refused(says):
        return pytest.raises(ValueError, match=says)

    with refused(r"There is no folder '.*nowhere'"):
        pair(images, folders / "nowhere")
    (folders / "empty").mkdir()
    with refused(r"'.*empty' holds no images; put PNG"):
        pair(folders / "empty", labels)
    (known / "a.1.png").unlink()
    with refused(r"a.1.png' has no known pixels in '.*known'; add files"):
        pair(images, labels, known)
    Image.fromarray(RAMP[:5]).save(labels / "b.png")
    with refused(r"labels.b.png' is 5 x 10 pixels, its image 'b.png' 12 x 10"):
        pair(images, labels)
    (labels / "b.png").unlink()
    with refused(r"b.png' has no labels in '.*labels'.* take the image away"):
        pair(images, labels)
    tifffile.imwrite(images / "b.tif", RAMP)
    with refused(r"'b.png' and 'b.tif' in '.*images' have the same name"):
        pair(images, labels)
