from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from napari_unet.models.library import Entry, list_models
from napari_unet.schema.events import Progress
from napari_unet.schema.input import InputSettings
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import HeldOutScores, Proof
from napari_unet.schema.settings import MaskSettings, NetworkSettings
from napari_unet.schema.training_record import TrainingRecord
from napari_unet.session import wording
from napari_unet.session.edits import Edit, Kind
from napari_unet.session.history import Tally
from napari_unet.session.journal import Found, Identity
from napari_unet.session.stops import Looked, Stop, share
from tests.session.fakes import CHECKED, write_card


@pytest.mark.parametrize(
    ("tally", "text"),
    [
        (Tally(14, 2, 3), "Fine-tune on 14 corrected objects in 3 regions"),
        (Tally(1, 0, 1), "Fine-tune on 1 corrected object in 1 region"),
        (Tally(0, 0, 2), "Fine-tune on 2 confirmed regions"),
        (Tally(3, 0, 0, 9), "Fine-tune on 9 checked objects, 3 corrected"),
        (Tally(0, 0, 1, 1), "Fine-tune on 1 confirmed region and 1 checked object"),
        (Tally(5, 0), "Fine-tune"),
    ],
)
def test_the_big_button_says_what_it_will_use(tally, text):
    assert wording.fine_tune_text(tally) == text


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (None, "Starting"),
        (Progress(phase="model", done=0, total=1), "Loading the model"),
        (Progress(phase="tile", done=2, total=12, seconds_left=8.4), "Tile 3 of 12, 8 s left"),
        (Progress(phase="step", done=60, total=60), "Step 60 of 60"),
        (Progress(phase="tile", done=1, total=9, seconds_left=125), "Tile 2 of 9, 2 min 5 s left"),
        (Progress(phase="something", done=0, total=2), "Something 1 of 2"),
    ],
)
def test_r4_6_progress_says_phase_and_time_left(progress, text):
    assert wording.progress_text(progress) == text


def test_r7_2_the_device_is_named_with_the_reason():
    assert wording.device_text(CHECKED) == "CPU: No GPU was found."
    assert "Trying" in wording.device_text(None)


def test_r12_2_what_is_left_out_of_training_is_said():
    assert "2 corrected objects lie outside" in wording.outside_text(Tally(3, 2))
    assert wording.outside_text(Tally(3, 0)) == ""


def test_r9_4_an_empty_result_says_what_to_try():
    assert "0.31" in wording.nothing_found(0.31, 0.5)
    assert "smaller" in wording.nothing_found(0.9, 0.5)


def test_r9_4_no_threshold_is_advised_that_nobody_can_choose():
    assert "try a threshold" in wording.nothing_found(0.011, 0.5)
    for highest in (0.0, 0.01):
        said = wording.nothing_found(highest, 0.5)
        assert "sees nothing here: try another channel or model" in said
        assert "threshold" not in said
    with pytest.raises(ValidationError):
        MaskSettings(threshold=0.0099)


def test_models_of_one_name_are_told_apart_by_when_they_were_made(library, tmp_path):
    folder = tmp_path / "models"
    day = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    for i in range(2):
        write_card(folder / f"tuned{i}.safetensors", "tuned", created=day + timedelta(minutes=i))
    names = wording.model_names(list_models())
    assert len(set(names)) == 4
    assert {"one", "two"} < set(names)
    assert sum(name.startswith("tuned, ") for name in names) == 2


def test_how_a_model_is_shown_images_is_said_where_it_is_not_as_usual(library, tmp_path):
    dark = InputSettings(inverted=True, scale=0.5)
    write_card(tmp_path / "models" / "dark.safetensors", "dark", description="Dark.", input=dark)
    texts = {entry.name: wording.model_text(entry) for entry in list_models()}
    assert texts["dark"] == "Dark. Input: objects are dark: inverted; pixel size doubled"
    assert "Input" not in texts["one"]


def test_r13_2_scores_say_what_they_were_measured_on():
    scores = HeldOutScores(iou=0.8, dice=0.9, f1_50=0.93, images=133)
    shape = NetworkSettings()
    card = ModelCard(name="x", network="unet", network_settings=shape, scores=scores.plain)
    entry = Entry(card, Path("x"), shipped=False)
    assert wording.model_text(entry) == "Object F1\u00a00.93 on 133 images".replace(" F", "\u00a0F")
    for held_out, text in [(True, "14 held-out objects"), (False, "14 objects it learnt from")]:
        proof = Proof(before=scores, after=scores, held_out=held_out, held_out_objects=14)
        tuned = card.model_copy(update={"training": TrainingRecord(proof=proof)})
        assert wording.measured_on(tuned) == text
    assert wording.measured_on(card.model_copy(update={"scores": None})) == ""


def test_every_edit_has_words():
    for kind in get_args(Kind):
        assert wording.edit_text(Edit(kind))


def journal(corrections, confirmations, last, path="a.tif"):
    identity = Identity("c", path, "YX", (8, 8))
    return Found(Path("000001.journal"), identity, corrections, confirmations, last, False)


def test_r2_1_the_offer_says_how_much_and_from_when():
    today = datetime.now().replace(hour=14, minute=2)
    assert wording.restore_text([journal(37, 0, today.timestamp())]) == (
        "Restore 37 corrections from today 14:02?"
    )
    old = journal(1, 3, datetime(2020, 3, 9, 8, 5).timestamp())
    assert wording.restore_text([old, old]) == "Restore one of 2 earlier sessions?"
    assert (
        wording.restore_text([old])
        == "Restore 1 correction and 3 confirmations from 9 March 2020, 08:05?"
    )


def test_the_offer_says_it_if_the_file_was_another_one():
    assert wording.moved_text(journal(1, 0, 0), "a.tif") == ""
    assert "at a.tif" in wording.moved_text(journal(1, 0, 0), "b.tif")


def test_a_share_is_told_when_enough_objects_were_drawn():
    assert wording.share_text(None) == wording.share_text(share(2, 2)) == ""
    assert wording.share_text(share(13, 15)) == (
        "About 87 % of the objects were right (62 to 96 %, from 15 at random)."
    )


def test_the_review_says_where_one_is_and_how_far():
    stop = Stop((), (0, 0, 4, 4), 1, 1.0, False, ("touching", "unclear outline"))
    assert wording.stop_text(None, fixing=False).startswith("Looking")
    assert wording.stop_text(stop, fixing=False) == "Touching, unclear outline"
    assert "Space" in wording.stop_text(stop, fixing=True)
    assert "random" in wording.stop_text(replace(stop, audit=True), fixing=False)
    assert wording.looked_text(Looked(23, 9, 245)) == "23 looked at, 9 fixed, 4 min"
    assert wording.looked_text(Looked()) == ""


def test_the_end_of_the_review_says_what_was_found():
    assert wording.all_looked_at_text(Looked(), None) == "All objects have been looked at."
    assert wording.all_looked_at_text(Looked(15, 2, 60), share(13, 15)) == (
        "All objects have been looked at. 15 looked at, 2 fixed, 60 s. "
        "About 87 % of the objects were right (62 to 96 %, from 15 at random)."
    )
