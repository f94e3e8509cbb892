"""Which weight map belongs to which loss, and what the balance of classes is."""

import numpy as np
import pytest

from napari_unet.images.border_weights import border_weights, border_weights_2019
from napari_unet.images.targets import class_target, make_target, open_gaps
from napari_unet.images.weight_maps import MOST_BALANCE, border_of, class_balance
from napari_unet.schema.catalog import LOSSES
from napari_unet.schema.settings import LossSettings

LABELS = np.zeros((20, 30), np.uint16)
LABELS[4:12, 4:12], LABELS[4:12, 12:20] = 1, 2
SEPARATED = open_gaps(LABELS)


def weights(known=None, **settings):
    return make_target(LABELS, known, LossSettings(**settings)).weight_map


def test_r1_7_by_default_it_is_the_paper_s():
    np.testing.assert_array_equal(make_target(LABELS).weight_map, border_weights(SEPARATED))
    np.testing.assert_array_equal(weights(w0=3, sigma_px=2), border_weights(SEPARATED, 3, 2))


@pytest.mark.parametrize(
    ("loss", "border"),
    [("border-weighted-ce", "2015"), ("border-weighted-ce-2019", "2019"), ("focal", "none")],
)
def test_a_loss_gets_the_weights_that_belong_to_it(loss, border):
    assert border_of(LossSettings(loss=loss)) == border
    np.testing.assert_array_equal(weights(loss=loss), weights(loss="ce", border=border))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("border", ["none", "2015", "2019"])
def test_every_loss_gets_those_that_were_asked_for(loss, border):
    assert border_of(LossSettings(loss=loss, border=border)) == border


def test_without_border_weights_all_pixels_count_the_same():
    assert (weights(loss="ce") == 1).all()


def test_the_weights_of_2019_take_their_numbers_from_the_settings():
    numbers = {"falk_background": 0.2, "falk_w0": 7, "falk_gap_px": 3, "falk_rim_px": 4}
    np.testing.assert_array_equal(
        weights(border="2019", **numbers), border_weights_2019(SEPARATED, 0.2, 7, 3, 4)
    )


@pytest.mark.parametrize("border", ["none", "2015", "2019"])
def test_r12_1_unknown_pixels_weigh_nothing_whatever_the_weights(border):
    known = np.zeros(LABELS.shape, np.uint8)
    known[:, 8:] = 1
    map_ = weights(known, border=border, balance=True)
    assert (map_[:, :8] == 0).all()
    assert (map_[:, 8:] > 0).all()
    assert map_.dtype == np.float32


def test_balanced_classes_count_the_same():
    target = np.repeat([0, 1, 2], [50, 30, 20]).reshape(10, 10)
    known = np.ones((10, 10), bool)
    balance = class_balance(target, known)
    assert [balance[target == c].sum() for c in range(3)] == pytest.approx([100 / 3] * 3)


def test_only_known_pixels_are_counted_and_rare_classes_do_not_rule():
    target = np.zeros((10, 100), np.uint8)
    target[0, :3], target[:, 50:] = 1, 2
    known = np.ones(target.shape, bool)
    known[:, 50:] = False
    balance = class_balance(target, known)
    assert (balance[target == 1] == MOST_BALANCE).all()
    assert balance[5, 5] == pytest.approx(500 / (2 * 497))


def test_r1_7_the_paper_s_balance_adds_to_its_border_weight():
    balance = class_balance(SEPARATED > 0, np.ones(LABELS.shape, bool))
    expected = border_weights(SEPARATED) - 1 + balance
    np.testing.assert_allclose(weights(balance=True), expected, rtol=1e-6)
    target, map_ = class_target(LABELS, 3, balance=True)
    np.testing.assert_array_equal(map_, class_balance(target, np.ones(LABELS.shape, bool)))


@pytest.mark.parametrize("border", ["auto", "none", "2015", "2019"])
def test_where_nothing_is_known_nothing_counts(border):
    nothing = np.zeros(LABELS.shape, bool)
    assert (weights(nothing, border=border, balance=True) == 0).all()
