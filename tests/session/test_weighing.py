"""What counts most in training, as the panel shows it."""

import time

import numpy as np
import pytest

from napari_unet.images.samples import cells
from napari_unet.images.targets import make_target
from napari_unet.schema.catalog import LOSSES
from napari_unet.schema.correction import State
from napari_unet.schema.events import TileDone
from napari_unet.schema.settings import LossSettings, MaskSettings
from napari_unet.session import weighing
from napari_unet.session.specimen import Specimen

LOSS = LossSettings()
WHOLE = (0, 0, 60, 80)


@pytest.fixture
def specimen():
    """Two touching objects and two that lie apart, of which nothing is confirmed."""
    made = Specimen("a", "YX", (60, 80))
    made.labels[10:30, 10:30] = 1
    made.labels[10:30, 30:50] = 2
    made.labels[40:55, 10:25] = 3
    made.labels[40:55, 55:70] = 4
    return made


def predict(specimen, found):
    tile = TileDone(plane=0, box=WHOLE, probabilities=found[None].astype("f4"))
    specimen.write((), tile)


def look(specimen, **options):
    return weighing.look(specimen, (), WHOLE, MaskSettings(split_touching=False), **options)


def test_weights_are_those_of_training(specimen):
    box = (5, 5, 45, 60)
    found = weighing.weigh(specimen, (), box, LOSS)
    assert (found.corner, found.step) == ((5, 5), 1)
    expected = make_target(specimen.labels[5:45, 5:60], None, LOSS).weight_map
    np.testing.assert_array_equal(found.values, expected)
    assert found.values[15, 24:26].max() > 9


def test_at_another_scale_the_reach_is_that_of_the_model(specimen):
    halved = LOSS.model_copy(update={"sigma_px": 2.5})
    found = weighing.weigh(specimen, (), WHOLE, LOSS, scale=2.0)
    np.testing.assert_array_equal(found.values, weighing.weigh(specimen, (), WHOLE, halved).values)


def test_large_parts_and_long_reaches_are_looked_at_coarsely_and_so_quickly():
    _, labels = cells((1024, 1024), count=400, seed=1)
    large = Specimen("a", "YX", labels.shape)
    large.labels[...] = labels
    far = LOSS.model_copy(update={"sigma_px": 30})
    start = time.process_time()
    found = weighing.weigh(large, (), (0, 0, 1024, 1024), far)
    taken = time.process_time() - start
    assert found.step > 1
    assert found.values.shape == tuple(-(-side // found.step) for side in labels.shape)
    assert found.values.max() > 8
    assert taken < 1.5, "a tenth of a second on a core of its own"


def test_only_a_large_plane_is_looked_at_in_part():
    view = (10, 10, 20, 20)
    assert weighing.part_to_look_at((3, 500, 600), lambda: view) == (0, 0, 500, 600)
    assert weighing.part_to_look_at((3, 2000, 600), lambda: view) == view
    assert weighing.part_to_look_at((2000, 600), lambda: None) == (0, 0, 2000, 600)


def test_before_anything_is_confirmed_only_touching_objects_are_counted(specimen):
    found = look(specimen)
    assert weighing.touching_text(found) == "Touching pairs: 1"
    assert found.sigma_px == 4
    assert look(specimen, scale=0.5).sigma_px == 2


def test_pairs_that_the_model_merges_are_counted_where_the_mask_is_confirmed(specimen):
    predict(specimen, specimen.labels > 0)
    assert not look(specimen).judged
    specimen.history.states[:, :30] = State.CONFIRMED
    assert weighing.touching_text(look(specimen)) == "Touching pairs: 0, merged now: 0"
    specimen.history.states[...] = State.CONFIRMED
    assert weighing.touching_text(look(specimen)) == "Touching pairs: 1, merged now: 1"
    separated = (specimen.labels > 0) & ~np.isin(np.arange(80), (29, 30))
    predict(specimen, separated)
    assert weighing.touching_text(look(specimen)) == "Touching pairs: 1, merged now: 0"


def test_no_two_close_objects_suggest_nothing(specimen):
    specimen.labels[specimen.labels == 2] = 0
    assert look(specimen).sigma_px is None
    specimen.labels[...] = 0
    assert weighing.touching_text(look(specimen)) == "Touching pairs: 0"
    assert (weighing.weigh(specimen, (), WHOLE, LOSS).values == 1).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_both_dials_or_says_why_not(name):
    loss = LossSettings(loss=name)
    assert bool(weighing.dials_of(loss)) == (LOSSES[name].border != "none")
    assert bool(weighing.why_no_dials(loss, 1)) == (LOSSES[name].border == "none")
    for dial in weighing.dials_of(loss) or ():
        assert getattr(loss, dial) > 0
    assert "Classes" in weighing.why_no_dials(loss, 3)
