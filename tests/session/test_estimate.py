"""How long a fine-tuning takes is said before it starts, by what a step takes on this computer."""

import pytest

from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.requests import CheckRequest, Probed, ProbeRequest
from napari_unet.schema.settings import FineTuneSettings, LossSettings
from napari_unet.session.estimate import Prober, estimate, estimate_text
from napari_unet.session.spare_time import SpareTime
from tests.session.fakes import CHECKED

REGION_PX = 256 * 256
SETTINGS = FineTuneSettings(seconds=120)
PROBED = Probed(step_s=0.5)


@pytest.fixture
def spare(engine):
    return SpareTime(lambda: engine)


@pytest.fixture
def prober(spare):
    return Prober(spare)


@pytest.mark.parametrize(
    ("regions", "step_s", "sentence"),
    [
        (1, 0.5, "Takes about 40 s."),
        (2, 0.5, "Takes about 1 min 20 s."),
        (
            4,
            0.5,
            "Takes 2 min, enough for about 191 of 240 steps; all of them would take 2 min 30 s.",
        ),
        (0.1, 0.01, "Takes about 5 s."),
    ],
)
def test_r7_3_how_long_it_takes_is_said_before_the_start(regions, step_s, sentence):
    known_px = int(regions * REGION_PX)
    assert estimate_text(SETTINGS, known_px, Probed(step_s=step_s)) == sentence


def test_r7_3_what_does_not_fit_into_the_time_takes_longer_than_it():
    settings = FineTuneSettings(seconds=20, steps=60)
    said = estimate_text(settings, REGION_PX, Probed(step_s=0.212))
    assert said == "Takes 20 s, enough for about 58 of 60 steps; all of them would take 25 s."


def test_steps_that_are_given_count_and_no_others():
    assert estimate(SETTINGS.model_copy(update={"steps": 7}), REGION_PX, PROBED).steps == 7


@pytest.mark.parametrize(
    ("settings", "known_px"), [(SETTINGS, 0), (FineTuneSettings(network="unet"), REGION_PX)]
)
def test_a_new_network_and_uncounted_pixels_take_all_of_the_time_at_most(settings, known_px):
    assert estimate_text(settings, known_px, PROBED) == "Takes 2 min at most."


def test_r3_5_the_memory_of_the_gpu_that_it_needs_is_said_too():
    probed = Probed(step_s=0.05, gpu_bytes=1_300_000_000, free_bytes=7_900_000_000)
    text = estimate_text(SETTINGS, REGION_PX, probed)
    assert text.endswith(" Needs about 1.3 GB of the GPU's memory, 7.9 GB are free.")


def test_nothing_is_said_before_it_has_been_tried():
    assert estimate_text(SETTINGS, REGION_PX, None) == ""


def test_a_step_is_tried_once_for_what_makes_a_difference(prober, engine):
    assert prober.want("one", SETTINGS) is None
    engine.end(Done(result=PROBED))
    assert prober.want("one", SETTINGS.model_copy(update={"seconds": 5, "seed": 3})) == PROBED
    assert len(engine.requests) == 1
    prober.want("one", SETTINGS.model_copy(update={"loss": LossSettings(loss="focal")}))
    prober.want("other", SETTINGS)
    assert [request.model for request in engine.requests] == ["one", "one"]
    engine.end(Done(result=PROBED))
    assert engine.requests[-1].model == "other", "the last wish counts, as soon as there is time"


def test_it_gives_way_to_a_job_of_the_users_and_comes_back(prober, spare, engine):
    prober.want("one", SETTINGS)
    spare.submit(CheckRequest(), lambda message: None)
    assert engine.cancelled == 1
    engine.end(Cancelled())
    assert isinstance(engine.requests[-1], CheckRequest)
    engine.end(Done(result=CHECKED))
    assert isinstance(engine.requests[-1], ProbeRequest)


def test_a_model_that_can_not_be_tried_is_not_tried_again(prober, engine):
    prober.want("one", SETTINGS)
    engine.end(Failed(sentence="It is damaged.", details=""))
    assert prober.want("one", SETTINGS) is None
    assert len(engine.requests) == 1
