import inspect
import re

import pytest
from pydantic import TypeAdapter, ValidationError

from napari_unet.schema import correction, events, model_card, prediction, requests
from napari_unet.schema import input as input_module
from napari_unet.schema import settings as settings_module
from napari_unet.schema.catalog import LOSSES, NETWORKS, resolve
from napari_unet.schema.events import Event, Notice, finish
from napari_unet.schema.model_card import ModelCard, Scores
from napari_unet.schema.settings import MaskSettings, NetworkSettings, Record

RECORDS = sorted(
    {
        record
        for module in (
            correction,
            events,
            model_card,
            prediction,
            requests,
            settings_module,
            input_module,
        )
        for record in vars(module).values()
        if inspect.isclass(record) and issubclass(record, Record) and record is not Record
    },
    key=lambda record: record.__name__,
)
SETTINGS = [record for record in RECORDS if record.__name__.endswith("Settings")]


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_is_frozen_and_takes_nothing_unknown(record):
    assert record.model_config["frozen"]
    assert record.model_config["extra"] == "forbid"


def test_settings_are_what_the_forms_are_made_of():
    assert len(SETTINGS) >= 6


@pytest.mark.parametrize("record", SETTINGS)
def test_each_parameter_is_declared_once_with_all_a_form_needs(record):
    for name, field in record.model_fields.items():
        if inspect.isclass(field.annotation) and issubclass(field.annotation, Record):
            continue
        assert field.title, name
        assert field.description, name
        assert field.description.endswith("."), name
        if field.annotation in (int, float):
            bounds = {type(bound).__name__ for bound in field.metadata}
            assert bounds & {"Ge", "Gt"}, name
    assert record.model_validate(record().model_dump()) == record()  # defaults are in range


def test_records_cannot_be_changed_and_are_equal_by_value():
    mask = MaskSettings(threshold=0.4)
    with pytest.raises(ValidationError, match="frozen"):
        mask.threshold = 0.5
    assert mask == MaskSettings(threshold=0.4) != MaskSettings()
    with pytest.raises(ValidationError):
        MaskSettings(treshold=0.4)
    with pytest.raises(ValidationError):
        MaskSettings(threshold=1.5)


def test_a_card_survives_json_and_names_its_parent():
    scores = Scores(iou=0.9, dice=0.95, f1_50=0.8, mean_ap=0.5, images=3)
    card = ModelCard(
        name="Nuclei ü",
        network="unet",
        network_settings=NetworkSettings(),
        parent="p",
        recipe={"seed": 1, "loss": {"w0": 10}},
        scores=scores,
        scores_by_kind={"fluorescence": scores},
    )
    assert ModelCard.model_validate_json(card.model_dump_json()) == card
    assert card.id != ModelCard(name="b", network="unet", network_settings=NetworkSettings()).id


def test_scores_of_older_files_are_read_and_lack_what_was_not_measured_then():
    older = '{"iou": 0.9, "dice": 0.95, "f1_50": 0.8, "mean_ap": 0.5, "images": 3}'
    scores = Scores.model_validate_json(older)
    assert scores.f1_50 == 0.8
    assert scores.pixel_error is scores.aji is scores.hausdorff_95_px is None


def test_what_a_catalogue_does_not_have_is_answered_with_what_it_has():
    for catalog in (NETWORKS, LOSSES):
        with pytest.raises(ValueError, match=re.escape(f"Choose one of: {next(iter(catalog))}")):
            resolve(catalog, "nothing")


def test_finish_hands_over_every_event_and_returns_the_result():
    said = [Notice(text="one"), Notice(text="two")]

    def job():
        yield from said
        return 7

    heard = []
    assert finish(job(), heard.append) == 7
    assert heard == said


@pytest.mark.parametrize("said", ['{"kind": "unheard"}', '{"kind": "notice"}', "[]", "{}"])
def test_an_event_that_is_none_is_refused(said):
    with pytest.raises(ValidationError):
        TypeAdapter(Event).validate_json(said)
