"""The card that offers to go on with a training, and the line that says what it starts from."""

import json
from pathlib import Path

import pytest
from qtpy.QtCore import Qt

from napari_unet.jobs.messages import Failed
from napari_unet.jobs.safekeeping import REQUEST, STATE
from napari_unet.models.library import list_models
from napari_unet.schema.requests import FineTuneRequest
from napari_unet.session.unfinished import safe_folder
from tests.session.fakes import write_card

LEFT = Qt.MouseButton.LeftButton


def keep(folder, model, step=120):
    """What a training leaves behind when it is interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REQUEST).write_text(json.dumps({"model": str(model)}))
    (folder / f"{STATE}.json").write_text(json.dumps({"step": step, "steps": 300}))
    (folder / STATE).write_bytes(b"state")
    return folder


@pytest.fixture
def left_behind(library):
    return keep(safe_folder() / "a", library / "one.safetensors")


@pytest.fixture
def panel(panel, desk, qtbot):
    qtbot.waitUntil(lambda: desk.session.device is not None)
    return panel


def asked(engine):
    return [one for one in engine.requests if isinstance(one, FineTuneRequest)]


def test_nothing_is_offered_where_nothing_was_interrupted(panel):
    assert not panel.fine_tune.unfinished.isVisible()


def test_r13_3_it_is_offered_with_how_far_it_was(left_behind, panel, desk, engine, settled, qtbot):
    settled()
    offer = panel.fine_tune.unfinished
    assert offer.isVisible()
    assert offer.text.text().startswith(
        "A training of 'one' was interrupted at step 120 of 300 (today "
    )
    engine.quick = False
    qtbot.mouseClick(offer.go_on, LEFT)
    (request,) = asked(engine)
    assert (request.safe, request.corrections) == (str(left_behind), [])
    assert not offer.isVisible()
    assert panel.fine_tune.running.isVisible()
    engine.work()
    settled()
    assert desk.session.candidate is not None
    assert not offer.isVisible()
    desk.session.discard()
    assert not left_behind.exists()


def test_a_model_that_waited_for_its_decision_waits_for_it_again(
    panel, desk, segmented, settled, qtbot
):
    segmented.corrector.confirm_view()
    settled()
    desk.teacher.teach()
    settled()
    section, learnt = panel.fine_tune, desk.session.candidate
    assert section.card.isVisible()
    assert not section.run.isEnabled()
    assert section.reason.text() == "Keep or discard the new model first."
    desk.close()
    desk.session.safe.look()
    section.refresh()
    assert not section.card.isVisible()
    assert section.run.isEnabled()
    assert section.unfinished.text.text().startswith("A training of 'one' has ended (today ")
    qtbot.mouseClick(section.unfinished.go_on, LEFT)
    assert desk.session.candidate == learnt
    assert section.card.isVisible()
    assert not section.unfinished.isVisible()


def test_forgotten_it_is_gone(left_behind, panel, settled, qtbot):
    settled()
    qtbot.mouseClick(panel.fine_tune.unfinished.forget, LEFT)
    assert not panel.fine_tune.unfinished.isVisible()
    assert not left_behind.exists()


def test_after_a_crash_of_the_engine_it_is_offered_at_once(
    panel, desk, engine, segmented, settled, monkeypatch
):
    monkeypatch.setattr("napari_unet.widgets.desk.report_failure", lambda *_: None)
    segmented.corrector.confirm_view()
    settled()
    engine.quick = False
    desk.teacher.teach()
    assert not panel.fine_tune.unfinished.isVisible()
    keep(Path(asked(engine)[0].safe), desk.session.model.path, step=7)
    engine.end(Failed(sentence="The engine crashed.", details=""))
    settled()
    offer = panel.fine_tune.unfinished
    assert offer.isVisible()
    assert "step 7 of 300" in offer.text.text()


def test_the_model_that_it_teaches_is_chosen(library, panel, desk, engine, settled):
    write_card(library / "two.safetensors", "two")
    desk.session.refresh_models()
    other = next(one for one in list_models() if one.card.id != desk.session.model.card.id)
    keep(safe_folder() / "a", other.path)
    settled()
    desk.session.safe.look()
    desk.session.go_on(desk.session.safe.found[0])
    settled()
    assert desk.session.model.card.id == other.card.id


def test_while_another_job_runs_it_waits(left_behind, panel, desk, engine, segmented, settled):
    offer = panel.fine_tune.unfinished
    assert offer.go_on.isEnabled()
    engine.quick = False
    desk.segment("all")
    assert not offer.go_on.isEnabled()
    engine.work()
    settled()
    assert offer.go_on.isEnabled()


@pytest.fixture
def tuned(library, desk, panel):
    """A model that descends from the one of the library, and is chosen."""
    base = desk.session.model
    card = write_card(library / "tuned.safetensors", "one (tuned)", parent=base.card.id)
    desk.session.refresh_models()
    desk.session.choose(card.id)
    return base


def test_it_says_that_it_starts_from_the_base(tuned, panel, desk, engine, segmented, settled):
    section = panel.fine_tune
    assert section.start.text().startswith("Starts from its base, 'one', with all corrections")
    segmented.corrector.confirm_view()
    settled()
    desk.teacher.teach()
    settled()
    (request,) = asked(engine)
    assert request.base == str(tuned.path)
    assert request.model == str(desk.session.model.path)


def test_it_goes_on_from_the_chosen_model_if_that_is_wanted(
    tuned, panel, desk, engine, segmented, settled
):
    advanced = panel.fine_tune.advanced
    advanced.fold.setChecked(True)
    box = advanced.start.box
    assert box.currentText() == "The base of this model"
    assert box.itemText(1) == "This model"
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert advanced.start.when.text().startswith("Choose it where earlier corrections")
    advanced.fold.setChecked(False)
    assert desk.teacher.settings.go_on
    assert not panel.fine_tune.start.isVisible()
    assert advanced.unusual.text() == "Goes on from the chosen model"
    segmented.corrector.confirm_view()
    settled()
    desk.teacher.teach()
    settled()
    assert asked(engine)[0].base is None


def test_a_model_without_a_base_has_nothing_to_choose(panel):
    panel.fine_tune.advanced.fold.setChecked(True)
    box = panel.fine_tune.advanced.start.box
    assert box.currentText() == "This model"
    assert box.itemText(1).startswith("A new ")
    assert not panel.fine_tune.start.isVisible()
