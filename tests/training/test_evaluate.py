import pytest

from napari_unet.training.evaluate import evaluate
from tests.three_classes import brightness_model, three_classes


def test_membranes_are_not_scored_where_a_model_finds_classes():
    with pytest.raises(ValueError, match="choose a model that finds objects"):
        evaluate(brightness_model(steps=1), [three_classes()], device="cpu", membranes=True)
