"""The library finds models by any of their names and never overwrites one."""

import pytest

from napari_unet.models import library
from napari_unet.models.archive import write_model
from tests.models_for_tests import tiny_model


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path / "home"))
    return tmp_path


def kept(tmp_path, **more):
    path = tmp_path / f"{len(list(tmp_path.glob('*')))}.safetensors"
    write_model(tiny_model(**more), path)
    return library.keep(path)


def test_a_kept_model_is_found_by_short_name_shown_name_id_and_path(home):
    entry = kept(home, name="My cells")
    for name in (entry.name, "my CELLS", entry.card.id, str(entry.path)):
        assert library.load_model(name).card.id == entry.card.id
    assert entry in library.list_models()


def test_r13_2_two_models_of_one_name_are_two_files(home):
    one, two = kept(home, name="Same"), kept(home, name="Same", seed=1)
    assert one.path != two.path
    assert library.load_model(one.card.id).card.id == one.card.id


def test_keeping_twice_is_keeping_once(home):
    entry = kept(home)
    assert library.keep(entry.path) == entry
    assert len(list(library.own_folder().iterdir())) == 1


@pytest.mark.parametrize("name", ["../../etc", "NUL", "/abs", "x" * 300, "‮abc", "a\nb", "", "細胞"])
def test_r15_5_any_name_is_a_safe_file_name(home, name):
    entry = kept(home, name=name)
    assert entry.path.parent == library.own_folder()
    assert entry.card.name == name
    assert len(entry.path.name) < 80
    assert library.load_model(entry.name).card.name == name


def test_an_unknown_name_is_answered_with_those_that_there_are(home):
    entry = kept(home)
    with pytest.raises(ValueError, match=entry.name):
        library.find("no such model")


def test_a_damaged_file_does_not_hide_the_others(home):
    entry = kept(home)
    (library.own_folder() / "broken.safetensors").write_bytes(b"nothing")
    assert entry in library.list_models()
