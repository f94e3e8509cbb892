"""The card of a fine-tuning shows the verdict and its numbers, and asks what to do."""

import pytest

from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import ADVICE, HeldOutScores, Proof
from napari_unet.schema.requests import FineTuned
from napari_unet.schema.settings import NetworkSettings
from napari_unet.widgets.card import ProofCard

OBJECTS = {"dice": 0.8, "mean_ap": 0.4}


@pytest.fixture
def card(qtbot):
    card = ProofCard()
    qtbot.addWidget(card)
    card.show()
    return card


def result(accepted=True, **of_all):
    before = HeldOutScores(iou=0.6, f1_50=0.71, ap50=0.55, **OBJECTS, **of_all)
    after = HeldOutScores(iou=0.7, f1_50=0.83, ap50=0.71, **OBJECTS, **of_all)
    return tuned(Proof(before=before, after=after, accepted=accepted, sentence="So it is."))


def tuned(proof):
    model = ModelCard(name="x", network="unet", network_settings=NetworkSettings())
    return FineTuned(path="x", card=model, proof=proof, steps=1, seconds=1.0)


def texts(card, name):
    return [card.cells[name, when].text() for when in (0, 1)]


def test_the_sentence_and_the_numbers_are_shown(card):
    card.show_result(result(boundary_f1=0.5, touching_pairs=23, merged_pairs=9))
    assert card.verdict.text() == "So it is."
    assert texts(card, "f1_50") == ["0.71", "0.83"]
    assert texts(card, "ap50") == ["0.55", "0.71"]
    assert texts(card, "boundary_f1") == ["0.50", "0.50"]
    assert texts(card, "merged_pairs") == ["9 of 23", "9 of 23"]
    assert card.names["merged_pairs"].isVisible()


def test_what_nobody_measured_has_no_row(card):
    card.show_result(result(touching_pairs=0, merged_pairs=0))
    for name in ("merged_pairs", "boundary_f1"):
        assert not card.names[name].isVisible()
        assert not card.cells[name, 0].isVisible()
    classes = HeldOutScores(iou=0.5, dice=0.6)
    card.show_result(tuned(Proof(before=classes, after=classes)))
    assert not card.names["f1_50"].isVisible()
    assert card.names["iou"].isVisible()


@pytest.mark.parametrize(
    ("accepted", "keep", "primary"), [(True, "Keep", "keep"), (False, "Keep anyway", "discard")]
)
def test_a_refused_model_can_be_kept_anyway_but_is_not_what_the_card_proposes(
    card, qtbot, accepted, keep, primary
):
    card.show_result(result(accepted))
    assert card.keep.text() == keep
    assert [name for name in ("keep", "discard") if getattr(card, name).objectName()] == [primary]
    with qtbot.waitSignal(card.kept, timeout=1000):
        card.keep.click()


def test_a_refusal_ends_with_the_way_on_where_somebody_knows_it(card, qtbot):
    sentence = f"Not better: as it is. {ADVICE} Old images: unchanged."
    scores = HeldOutScores(iou=0.5, **OBJECTS)
    refused = tuned(Proof(before=scores, after=scores, accepted=False, sentence=sentence))
    card.show_result(refused)
    assert card.verdict.text() == sentence
    assert not card.go.isVisible()
    card.show_result(refused, guided=True)
    assert card.verdict.text() == "Not better: as it is. Old images: unchanged."
    assert card.advice.text() == "Correct one more region, best here"
    with qtbot.waitSignal(card.went, timeout=1000):
        card.go.click()
    card.show_result(result(), guided=True)
    assert not card.go.isVisible()
    assert not card.advice.isVisible()
