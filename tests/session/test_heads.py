"""A model is asked for the heads that it has."""

import pytest

from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import NetworkSettings, PredictSettings
from napari_unet.session.heads import heads_of, why_no_choice, with_heads_of


def card_of(network, **shape):
    return ModelCard(name="a", network=network, network_settings=NetworkSettings(**shape))


NESTED = card_of("unet++", depth=4, deep_supervision=True)
PLAIN = card_of("unet", depth=4)


def test_a_nested_network_has_a_head_for_each_depth_below_the_first():
    assert heads_of(NESTED) == ("L1", "L2", "L3")
    assert heads_of(PLAIN) == heads_of(card_of("unet++")) == ()


@pytest.mark.parametrize(
    ("card", "head", "used"),
    [
        (NESTED, "L3", "L3"),
        (NESTED, "L4", "accurate"),
        (NESTED, "accurate", "accurate"),
        (PLAIN, "L1", "accurate"),
        (None, "L1", "accurate"),
    ],
)
def test_all_heads_are_used_where_the_chosen_one_is_not_there(card, head, used):
    settings = PredictSettings(head=head, tile_px=100)
    assert with_heads_of(card, settings) == PredictSettings(head=used, tile_px=100)


def test_only_where_there_is_no_choice_is_there_a_reason():
    assert why_no_choice(NESTED) == why_no_choice(None) == {}
    assert "one head" in why_no_choice(PLAIN)["head"]
