"""The family of a model, its base, and two models compared."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from napari_unet.models.library import Entry
from napari_unet.schema.input import InputSettings
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import HeldOutScores, Proof
from napari_unet.schema.scores import Scores
from napari_unet.schema.settings import LossSettings, NetworkSettings, TrainSettings
from napari_unet.schema.training_record import Joined, Learnt, TrainingRecord
from napari_unet.session.differences import Row, compare
from napari_unet.session.lineage import base_of, family, learnt_text, score_text

START = datetime(2026, 3, 1, tzinfo=UTC)
WORSE = HeldOutScores(iou=0.5, dice=0.6, f1_50=0.4, ap50=0.3)
BETTER = HeldOutScores(iou=0.7, dice=0.8, f1_50=0.6, ap50=0.5)
IMAGES = (Learnt(image_id="a", known_px=9, objects=4), Learnt(image_id="b", known_px=9, objects=1))


def card(name, parent=None, minute=0, **more):
    return ModelCard(
        id=name,
        name=name,
        network="unet",
        network_settings=NetworkSettings(),
        parent=parent,
        created=START + timedelta(minutes=minute),
        **more,
    )


def entries(*cards):
    return [Entry(one, Path(f"{one.id}.safetensors"), shipped=False) for one in cards]


def tuned(name="tuned", parent="base", chosen=None, **more):
    proof = Proof(before=WORSE, after=BETTER)
    return card(
        name, parent, training=TrainingRecord(images=IMAGES, chosen=chosen, proof=proof), **more
    )


LIBRARY = entries(
    card("late", "base", 9),
    card("base"),
    card("grandchild", "early", 3),
    card("early", "base", 1),
    card("stranger"),
    card("orphan", "gone"),
)


def names(models):
    return [(one.entry.card.name, one.generation) for one in models]


def test_r13_2_a_family_is_a_tree_from_its_base_by_age():
    tree = [("base", 0), ("early", 1), ("grandchild", 2), ("late", 1)]
    for member in ("base", "early", "grandchild", "late"):
        assert names(family(LIBRARY, card_of(member))) == tree
    assert names(family(LIBRARY, card_of("stranger"))) == [("stranger", 0)]


def card_of(name):
    return next(entry.card for entry in LIBRARY if entry.card.name == name)


def test_the_base_is_the_oldest_forebear_that_is_still_there():
    assert base_of(LIBRARY, card_of("grandchild")).card.name == "base"
    assert base_of(LIBRARY, card_of("base")) is None
    assert base_of(LIBRARY, card_of("orphan")) is None
    left = [entry for entry in LIBRARY if entry.card.name != "base"]
    assert base_of(left, card_of("grandchild")).card.name == "early"
    assert base_of(LIBRARY, card("from a file", "early")).card.name == "base"


def test_cards_that_name_each_other_end_nothing():
    circle = entries(card("a", "b"), card("b", "a"))
    assert base_of(circle, circle[0].card).card.name == "b"
    assert len(family(circle, circle[0].card)) == 2


def test_it_says_of_a_model_what_it_learnt_and_how_good_it_is():
    assert learnt_text(tuned()) == "2 images, 5 objects"
    assert score_text(tuned()) == "object F1 0.40 -> 0.60"
    joined = (Joined(image_id="a", at=0, step=3, regions=2), Joined(image_id="b", at=0, step=9))
    training = TrainingRecord(images=IMAGES[:1], joined=joined)
    assert learnt_text(card("x", training=training)) == "1 image, 4 objects, 3 regions joined later"
    base = card("base", scores=Scores(iou=0.5, dice=0.6, f1_50=0.55))
    assert (learnt_text(base), score_text(base)) == ("", "object F1 0.55")
    assert score_text(card("none")) == ""


def test_a_model_and_the_one_it_was_compared_with_have_scores_of_the_same_pixels():
    base = card("base", scores=Scores(iou=0.99, dice=0.99, f1_50=0.99))
    found = compare(base, tuned())
    assert found.same_pixels
    assert Row("Object F1", "0.40", "0.60") in found.scores
    assert Row("AP50", "0.30", "0.50") in found.scores
    assert Row("Object F1", "0.60", "0.40") in compare(tuned(), base).scores


def test_it_was_compared_with_the_model_that_was_chosen_not_with_its_base():
    base = card("base", scores=Scores(iou=0.9, dice=0.9, f1_50=0.9))
    second = tuned("second", chosen="first")
    assert compare(card("first"), second).same_pixels
    found = compare(base, second)
    assert not found.same_pixels
    assert Row("Object F1", "0.90", "0.60") in found.scores
    assert Row("AP50", "–", "0.50") in found.scores


def test_what_differs_in_the_making_is_named_as_in_the_forms():
    recipe = TrainSettings(seed=3, loss=LossSettings(loss="focal")).model_dump(mode="json")
    one = card("one", recipe=TrainSettings().model_dump(mode="json"), versions={"torch": "2.13"})
    other = card(
        "other", recipe=recipe, versions={"torch": "2.14"}, input=InputSettings(inverted=True)
    )
    rows = compare(one, other).settings
    assert Row("Input", "as the model expects", "objects are dark: inverted") in rows
    assert Row("Seed", "0", "3") in rows
    assert Row("torch", "2.13", "2.14") in rows
    loss = LossSettings.model_fields["loss"].title
    assert [row.second for row in rows if row.title == loss] == ["focal"]
    assert not compare(one, one).settings


def test_r13_2_what_the_older_card_does_not_say_is_no_difference():
    older = {"steps": 1_000_000, "seconds": 3600.0, "loss": {"loss": "dice", "w0": 10.0}}
    recipe = TrainSettings(steps=60, seconds=None, loss=LossSettings(loss="dice", w0=12.5))
    one = card("one", recipe=older, versions={"numpy": "2"})
    other = tuned("other", recipe=recipe.model_dump(mode="json"), versions={"torch": "2"})
    assert compare(one, other).settings == (
        Row("Learnt from", "", "2 images, 5 objects"),
        Row("Steps", "1,000,000", "60"),
        Row("Time limit", "3,600", "–"),
        Row("Border weight", "10", "12.5"),
    )
