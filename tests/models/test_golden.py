"""Files of every format that was ever released are read for ever, and answer what they answered.

Never change a file in `golden`: a new format is a new file beside them.
"""

from pathlib import Path

import numpy as np
import pytest

from napari_unet.images.classes import mask_of
from napari_unet.inference.predict import predict
from napari_unet.models.archive import read_model
from napari_unet.schema.model_card import FORMAT_VERSION
from napari_unet.schema.settings import MaskSettings, PredictSettings

GOLDEN = Path(__file__).parent / "golden"
FORMATS = range(1, FORMAT_VERSION + 1)


def test_r9_3_there_is_a_file_of_every_format():
    assert {path.stem for path in GOLDEN.glob("*.safetensors")} == {f"format-{n}" for n in FORMATS}


@pytest.mark.parametrize("number", FORMATS)
def test_r9_3_an_old_file_answers_what_it_answered_when_it_was_written(number):
    model = read_model(GOLDEN / f"format-{number}.safetensors")
    known = np.load(GOLDEN / f"format-{number}.npz")
    found = predict(known["image"], model, PredictSettings(device="cpu")).probabilities
    assert known["probabilities"].std() > 0.2
    np.testing.assert_allclose(found, known["probabilities"], atol=2e-3)
    assert mask_of(found, model.card.mask).max() == 2


def test_r9_3_a_file_carries_all_that_its_use_and_its_story_need():
    model = read_model(GOLDEN / "format-1.safetensors")
    card = model.card
    shape = card.network_settings
    assert (card.format_version, card.network) == (1, "unet")
    assert (shape.in_channels, shape.classes, shape.features, shape.depth) == (1, 1, 3, 3)
    assert (card.percentiles, card.rgb) == ((2.0, 99.5), "luminance")
    assert (card.input.scale, card.input.inverted, card.pixel_size_um) == (0.8, False, 0.65)
    assert card.mask == MaskSettings(threshold=0.4, min_size_px=7, split_touching=False)
    assert (model.network().halo_px, model.network().multiple) == (23, 4)
    assert (card.training.steps, card.training.loss[-1][0]) == (120, 120)
    assert card.recipe["learning_rate"] == 0.01
    assert {"python", "napari-unet-finetune", "torch", "numpy"} <= card.versions.keys()
