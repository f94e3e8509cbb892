"""Read recipes: files that say how a network is trained."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

from napari_unet.schema.recipe import Recipe


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    folder = Path(str(files("napari_unet"))) / "recipes"
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_recipe(name: str) -> Recipe:
    """Read a recipe of the package by its name, or one of your own from its file.

    Parameters
    ----------
    name
        One of `recipe_names`, or the path of a ``.toml`` file of the same form.

    Raises
    ------
    ValueError
        If there is no such recipe, or it says something that cannot be.
    """
    if name in recipe_names():
        path = Path(str(files("napari_unet"))) / "recipes" / f"{name}.toml"
    elif (path := Path(name)).suffix != ".toml" or not path.is_file():
        raise ValueError(
            f"There is no recipe '{name}'. Choose one of: {', '.join(recipe_names())}, or give a "
            "file that ends in .toml."
        )
    try:
        return Recipe.of(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"Correct the recipe '{path.name}': {str(error).rstrip('.')}.") from error
