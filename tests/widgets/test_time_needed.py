"""The panel says how long a fine-tuning takes before it is started."""

from napari_unet.schema.requests import ProbeRequest
from tests.session.fakes import write_card


def probes(engine):
    return [request for request in engine.requests if isinstance(request, ProbeRequest)]


def test_r7_3_it_is_found_out_and_said_as_soon_as_there_is_something_to_learn(
    panel, desk, engine, segmented, qtbot
):
    section = panel.fine_tune
    assert not section.estimate.isVisible()
    assert not probes(engine)
    segmented.corrector.confirm_view()
    qtbot.waitUntil(section.estimate.isVisible)
    assert section.estimate.text() == "Takes about 40 s."  # 60 steps of half a second
    assert len(probes(engine)) == 1
    desk.teacher.use(desk.teacher.settings.model_copy(update={"seconds": 15}))
    section.refresh()
    assert section.estimate.text().startswith("Takes 15 s, enough for about 16 of 60 steps")
    assert len(probes(engine)) == 1


def test_it_is_that_of_the_base_from_which_training_starts(
    library, panel, desk, engine, segmented, qtbot
):
    base = desk.session.model
    card = write_card(library / "tuned.safetensors", "one (tuned)", parent=base.card.id)
    desk.session.refresh_models()
    desk.session.choose(card.id)
    segmented.corrector.confirm_view()
    qtbot.waitUntil(panel.fine_tune.estimate.isVisible)
    assert [request.model for request in probes(engine)] == [str(base.path)]


def test_it_is_not_said_while_the_network_learns(panel, desk, engine, segmented, qtbot):
    segmented.corrector.confirm_view()
    qtbot.waitUntil(panel.fine_tune.estimate.isVisible)
    engine.quick = False
    desk.teacher.teach()
    assert not panel.fine_tune.estimate.isVisible()
