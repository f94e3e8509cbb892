"""Recipes are files; those that come with the package say what their papers say."""

import pytest

from napari_unet.schema.catalog import LOSSES, NETWORKS
from napari_unet.training.recipes import read_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_names_what_there_is(name):
    recipe = read_recipe(name)
    assert recipe.network in NETWORKS
    assert recipe.train.loss.loss in LOSSES
    assert recipe.title
    assert recipe.description.endswith(".")
    assert recipe.source


def test_the_default_recipe_is_what_the_settings_say():
    recipe = read_recipe("default")
    assert not recipe.train.model_fields_set
    assert not recipe.network_settings.model_fields_set


def test_the_recipe_of_u_net_is_the_paper_s():
    train = read_recipe("unet-2015").train
    assert (train.optimizer, train.momentum, train.batch) == ("sgd", 0.99, 1)
    assert (train.patch_px, train.augment.elastic_px) == (388, 10)
    assert train.loss.loss == "border-weighted-ce"


def test_the_recipe_of_the_re_implementation_varies_nothing():
    train = read_recipe("nested-unet").train
    assert (train.optimizer, train.learning_rate, train.batch) == ("adam", 3e-4, 16)
    assert (train.patch_px, train.patience) == (96, 20)
    assert train.loss.loss == "bce+dice"
    augment = train.augment.model_dump()
    assert augment == {
        "flips": False,
        "rotation_deg": 0,
        "scale": 1,
        "elastic_px": 0,
        "intensity": 0,
    }


def test_an_own_file_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\n[train]\nsteps = 7\n')
    assert read_recipe(str(path)).train.steps == 7


@pytest.mark.parametrize("name", ["nobody", "nobody.toml"])
def test_an_unknown_recipe_is_answered_with_those_that_there_are(name):
    with pytest.raises(ValueError, match="nested-unet"):
        read_recipe(name)


@pytest.mark.parametrize(
    ("text", "told"),
    [("title = ", "Invalid value"), ('title = "a"\n[train]\nsteps = 0', "train.steps")],
)
def test_a_recipe_that_cannot_be_is_answered_with_what_is_wrong(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"Correct the recipe 'mine.toml': .*{told}"):
        read_recipe(str(path))
