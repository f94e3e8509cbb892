import random

import numpy as np
import pytest

from napari_unet.jobs.messages import Cancelled
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel
from napari_unet.widgets.tools import TOOLS
from tests.session.fakes import FakeEngine, two_cells

ACTIONS = 120


class Hand:
    """Does at random whatever a user can do, in any order."""

    def __init__(self, viewer, panel, engine, seed):
        self.viewer, self.panel, self.desk, self.engine = viewer, panel, panel.desk, engine
        self.random = random.Random(seed)

    def act(self):
        names = [name for name in dir(self) if name.startswith("do_")]
        return getattr(self, self.random.choice(names))()

    @property
    def corrector(self):
        return self.desk.stage.begin().corrector if self.desk.stage.image else None

    def place(self):
        return self.random.uniform(-5, 45), self.random.uniform(-5, 65)

    def do_open(self):
        shape = self.random.choice(
            [(40, 60), (7, 40, 60), (2, 40, 60), (40, 60, 3), (3, 2, 40, 60)]
        )
        image = np.zeros(shape, np.float32)
        image[..., :] = two_cells()[..., None] if shape[-1] == 3 else two_cells()
        if len(self.viewer.layers) < 12:
            self.viewer.add_image(image, rgb=shape[-1] == 3)

    def do_remove(self):
        if len(self.viewer.layers) and self.random.random() < 0.4:
            self.viewer.layers.remove(self.random.choice(list(self.viewer.layers)))

    def do_rename_and_move(self):
        if len(self.viewer.layers):
            self.random.choice(list(self.viewer.layers)).name = self.random.choice("abc")
            self.viewer.layers.move(0, len(self.viewer.layers))

    def do_segment(self):
        self.panel.segment.scope.setCurrentIndex(self.random.randrange(3))
        self.panel.segment.run.click()

    do_segment_more = do_segment_again = do_segment

    def do_engine(self):
        if self.desk.session.running is not None and self.engine._listener is not None:
            self.engine.work()

    do_engine_more = do_engine_again = do_engine

    def do_cancel(self):
        if self.desk.session.running is not None and self.engine._listener is not None:
            self.panel.segment.running.stop.click()
            self.engine.end(Cancelled())

    def do_choose(self):
        if self.desk.stage.images:
            self.desk.stage.choose(self.random.choice(self.desk.stage.images))

    def do_read(self):
        count = self.panel.segment.axes.count()
        if count and self.panel.segment.axes.isVisible():
            self.panel.segment.axes.activated.emit(self.random.randrange(count))

    def do_channel(self):
        count = self.panel.segment.channel.count()
        if count and self.panel.segment.channel.isVisible():
            self.panel.segment.channel.activated.emit(self.random.randrange(count))

    def do_tool(self):
        self.panel.correct.tools[self.random.choice(TOOLS).name].click()

    def do_stroke(self):
        if self.corrector:
            stroke = [self.place() for _ in range(self.random.randint(1, 4))]
            self.corrector._on_stroke_moved(stroke)
            self.corrector._on_stroke_ended(stroke)

    do_stroke_more = do_stroke

    def do_paint(self):
        masks = self.desk.stage.work and self.desk.stage.work.results.masks
        if masks and self.viewer.dims.ndisplay == 2:
            inside = [self.random.randrange(length) for length in masks.data.shape]
            masks.paint(inside, self.random.randrange(6))

    def do_undo(self):
        masks = self.desk.stage.work and self.desk.stage.work.results.masks
        if masks:
            self.random.choice([masks.undo, masks.redo])()

    def do_confirm(self):
        self.panel.correct.confirm.click()

    def do_back_or_forth(self):
        self.random.choice([self.panel.correct.undo, self.panel.correct.redo]).click()

    def do_settings(self):
        self.panel.segment.masks.editor("min_size_px").setValue(self.random.choice([0, 150]))

    def do_plane(self):
        for axis in range(self.viewer.dims.ndim):
            self.viewer.dims.set_current_step(axis, self.random.randrange(8))

    def do_turn(self):
        self.viewer.dims.ndisplay = self.random.choice([2, 2, 2, 3])

    def do_roll(self):
        if self.random.random() < 0.2:
            self.viewer.dims.roll()

    def do_camera(self):
        self.viewer.scene.camera.center = self.place()
        self.viewer.scene.camera.zoom = self.random.choice([1, 10, 60])

    def do_look(self):
        self.viewer.reset_view()

    def do_fine_tune(self):
        self.panel.fine_tune.run.click()

    def do_decide(self):
        card = self.panel.fine_tune.card
        self.random.choice([card.keep, card.discard]).click()

    def do_overlay(self):
        self.panel.correct.overlay.toggle()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_in_whatever_order_nothing_goes_wrong(
    viewer, library, tmp_path, qtbot, said, seed
):
    engine = FakeEngine(folder=tmp_path)
    desk = Desk(viewer, lambda: engine)
    panel = Panel(viewer, desk)
    qtbot.addWidget(panel)
    panel.show()
    hand = Hand(viewer, panel, engine, seed)
    hand.do_open()
    for _ in range(ACTIONS):
        hand.act()
        qtbot.wait(3)
    if engine._listener is not None:
        engine.work()
    qtbot.waitUntil(lambda: not desk.maker.busy)
    wrong = [text for text in said() if "went wrong" in text]
    assert wrong == []
    desk.close()
