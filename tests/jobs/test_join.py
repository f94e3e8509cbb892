"""A correction joins the fine-tuning that runs: here, in a thread, and in the engine's process."""

from pathlib import Path

import numpy as np
import pytest

from napari_unet.images.samples import cells
from napari_unet.jobs.engine.client import Engine
from napari_unet.jobs.inline import InlineEngine
from napari_unet.jobs.messages import Done
from napari_unet.jobs.run import Order, run
from napari_unet.models.archive import read_card, write_model
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Notice, Progress, StepDone
from napari_unet.schema.requests import Checked, FineTuneRequest, Joining
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.schema.training_record import Joined
from tests.jobs.listening import Heard, ask
from tests.models_for_tests import tiny_model

IMAGE, LABELS = cells((96, 96), look="fluorescence", seed=1)
SETTINGS = FineTuneSettings(device="cpu", steps=100_000, seconds=60, auto_input=False)
JOIN_AT = 2
MOST_STEPS = 400


def correction(rows):
    known = np.zeros(LABELS.shape, np.uint8)
    known[:rows] = 1
    return Correction(image_id="a", image=IMAGE, labels=LABELS, known=known)


@pytest.fixture(params=["here", "in a thread", "in a process"])
def real(request, temporary):
    """Runs the real jobs."""
    makers = [InlineEngine, lambda: InlineEngine(threaded=True), Engine]
    names = ["here", "in a thread", "in a process"]
    engine = makers[names.index(request.param)]()
    yield engine
    engine.close()


def test_a_region_joins_the_fine_tuning_that_runs(real, tmp_path):
    write_model(tiny_model(), tmp_path / "tiny.safetensors")
    joining, heard = Joining(correction=correction(96), regions=2, at=7.0), Heard()

    def listen(message):
        heard(message)
        match message:
            case StepDone() if message.step == JOIN_AT:
                real.tell(joining)
                joining.correction.known[:] = 0  # painting goes on
            case StepDone() if message.step == MOST_STEPS:
                real.cancel()
            case Joined():
                real.cancel()

    request = FineTuneRequest(
        model=str(tmp_path / "tiny.safetensors"), corrections=[correction(40)], settings=SETTINGS
    )
    real.submit(request, listen)
    end = heard.end(120)
    assert isinstance(end, Done)
    (said,) = [message for message in heard.messages if isinstance(message, Joined)]
    assert JOIN_AT <= said.step < MOST_STEPS
    assert (said.known_px, said.regions, said.at, said.why_not) == (56 * 96, 2, 7.0, "")
    assert end.result.card.training.joined == (said,)
    assert read_card(Path(end.result.path)).training.joined == (said,)
    assert end.result.card.training.images[0].known_px == 96 * 96
    real.tell(joining)  # too late: nobody hears it
    assert not real.busy


def test_what_comes_too_late_does_not_reach_the_next_job(engine):
    engine.tell(Joining(correction=correction(9)))
    heard = Heard()
    engine.submit(ask("count"), heard)
    engine.tell(Joining(correction=correction(9)))
    assert isinstance(heard.end(), Done)
    again = Heard()
    engine.submit(ask("count"), again)
    assert isinstance(again.end(), Done)


def test_a_job_is_sent_what_joins_at_its_steps_and_nothing_is_lost():
    order, got = Order(), []

    def job():
        for event in (
            Notice(text="one"),
            StepDone(step=1, loss=0, learning_rate=0),
            Progress(phase="step", done=1, total=2),
            StepDone(step=2, loss=0, learning_rate=0),
        ):
            got.append((yield event))
        return Checked(device="cpu", name="CPU", why="")

    messages = run(job(), order)
    for name in "ab":
        order.words.put(lambda name=name: name)
    next(messages), next(messages), next(messages)
    order.words.put(lambda: "c")
    list(messages)
    assert got == [None, ["a", "b"], None, ["c"]]
