import tempfile

import numpy as np
import pytest
import tifffile

from napari_unet.jobs.messages import Cancelled
from napari_unet.schema.requests import PredictRequest
from napari_unet.schema.settings import PredictSettings
from napari_unet.session.ahead import Ahead
from napari_unet.session.series import Standing
from napari_unet.session.spare_time import SpareTime
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.series_desk import SeriesDesk
from napari_unet.widgets.series_opener import SeriesOpener
from tests.session.fakes import FakeEngine, two_cells


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three images that all show two cells, each a bit brighter than the one before."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(3):
        tifffile.imwrite(folder / f"{i}.tif", two_cells() * (i + 1), photometric="minisblack")
    return folder


@pytest.fixture
def slow(viewer):
    """An engine that waits to be told what to say."""
    return FakeEngine()


class Bench:
    """A desk with all that a series needs."""

    def __init__(self, viewer, engine):
        self.desk = desk = Desk(viewer, lambda: self.spare)
        self.spare = SpareTime(lambda: engine, desk._bridge.post)
        self.ahead = Ahead(self.spare, desk._bridge.post)
        self.opener = SeriesOpener(viewer, desk)
        self.tie = SeriesDesk(desk, self.opener, self.ahead)

    def close(self):
        self.tie.close()
        self.desk.close()


@pytest.fixture
def bench(viewer, slow):
    bench = Bench(viewer, slow)
    yield bench
    bench.close()


@pytest.fixture
def wait(bench, slow, qtbot):
    """Wait until so many jobs have been asked for and the desk is quiet."""

    def until(jobs):
        qtbot.waitUntil(lambda: len(slow.requests) == jobs)

    return until


@pytest.fixture
def quiet(bench, qtbot):
    desk = bench.desk
    return lambda: qtbot.waitUntil(lambda: desk.session.wanted is None and not desk.maker.busy)


@pytest.fixture
def segmented(bench, slow, folder, quiet, wait):
    """The first image has been segmented, and the next one is being predicted."""
    bench.opener.open_folder(folder)
    bench.desk.segment("plane")
    slow.work()
    quiet()
    wait(2)


def test_nothing_is_predicted_before_its_user_has_segmented(bench, slow, folder, qtbot):
    bench.opener.open_folder(folder)
    bench.opener.next()
    qtbot.wait(30)
    assert slow.requests == []


def test_the_next_image_has_its_mask_when_it_is_opened(bench, slow, segmented, quiet, qtbot):
    np.testing.assert_array_equal(slow.requests[1].planes[0], two_cells() * 2)
    slow.work()
    qtbot.waitUntil(lambda: bench.spare.idle)
    bench.opener.next()
    assert bench.desk.session.wanted is None, "nothing has to be waited for"
    quiet()
    work = bench.desk.stage.work
    assert work.results.image is bench.opener.image
    assert work.results.specimen.labels.max() == 2
    assert not any(work.results.specimen.history.tally)
    qtbot.waitUntil(lambda: len(slow.requests) == 3)
    np.testing.assert_array_equal(slow.requests[2].planes[0], two_cells() * 3)


def test_an_image_that_is_not_ready_is_segmented_when_it_is_opened(
    bench, slow, segmented, wait, quiet
):
    bench.opener.next()
    assert slow.cancelled == 1
    assert bench.desk.session.wanted.kind == "predict"
    slow.end(Cancelled())
    wait(3)
    np.testing.assert_array_equal(slow.requests[2].planes[0], two_cells() * 2)
    slow.work()
    quiet()
    assert bench.desk.stage.work.results.specimen.labels.max() == 2


def test_whoever_goes_on_quickly_waits_for_the_open_image_only(bench, slow, segmented, wait, quiet):
    bench.opener.next()
    slow.end(Cancelled())
    wait(3)
    bench.opener.next()
    assert slow.cancelled == 2, "nobody waits for the image in between any more"
    slow.end(Cancelled())
    wait(4)
    np.testing.assert_array_equal(slow.requests[3].planes[0], two_cells() * 3)
    slow.work()
    quiet()
    assert bench.desk.stage.work.results.specimen.labels.max() == 2


def test_a_button_ends_what_runs_ahead_and_it_starts_again(bench, slow, segmented, wait, quiet):
    bench.desk.segment("plane")
    assert slow.cancelled == 1
    slow.end(Cancelled())
    wait(3)
    np.testing.assert_array_equal(slow.requests[2].planes[0], two_cells())
    slow.work()
    quiet()
    wait(4)
    np.testing.assert_array_equal(slow.requests[3].planes[0], two_cells() * 2)


def test_other_settings_are_another_prediction(bench, slow, segmented, wait, qtbot):
    slow.work()
    qtbot.waitUntil(lambda: bench.spare.idle)
    bench.desk.use_predict_settings(PredictSettings(rotations=True))
    bench.desk.changed.emit()
    wait(3)
    assert slow.requests[2].settings.rotations
    assert isinstance(slow.requests[2], PredictRequest)


def test_a_file_that_changes_meanwhile_is_predicted_anew(bench, slow, segmented, folder, qtbot):
    slow.work()
    qtbot.waitUntil(lambda: bench.spare.idle)
    changed = two_cells()[::-1].copy()
    tifffile.imwrite(folder / "1.tif", changed, photometric="minisblack")
    bench.opener.next()
    assert bench.desk.session.wanted.kind == "predict"
    np.testing.assert_array_equal(slow.requests[-1].planes[0], changed)


def test_images_that_are_started_are_not_predicted(bench, slow, folder, quiet, wait, qtbot):
    bench.opener.open_folder(folder)
    bench.opener.series.mark(folder / "1.tif", Standing.STARTED)
    bench.desk.segment("plane")
    slow.work()
    quiet()
    qtbot.wait(30)
    assert len(slow.requests) == 1


def test_r15_3_what_was_corrected_is_there_again_after_next_and_previous(
    bench, slow, segmented, quiet, qtbot
):
    opener, series = bench.opener, bench.opener.series
    bench.desk.stage.work.results.masks.paint((30, 50), 7)
    qtbot.waitUntil(lambda: series.standing(series.current) is Standing.STARTED)
    painted = bench.desk.stage.work.results.specimen.labels.copy()
    assert painted[30, 50] == 7
    opener.next()
    slow.end(Cancelled())
    qtbot.waitUntil(lambda: len(slow.requests) == 3)
    slow.work()
    quiet()
    assert bench.desk.stage.work.results.specimen.labels[30, 50] != 7
    assert series.standing(series.current) is Standing.UNTOUCHED
    opener.previous()
    stage = bench.desk.stage
    qtbot.waitUntil(lambda: stage.work is not None and stage.work.results.masks is not None)
    np.testing.assert_array_equal(stage.work.results.specimen.labels, painted)
    assert stage.work.results.image is opener.image


def test_closing_the_series_ends_what_runs_ahead(bench, slow, segmented):
    bench.opener.close()
    assert slow.cancelled == 1


def test_a_closed_panel_starts_no_engine_until_its_user_does(
    bench, slow, segmented, wait, qtbot, quiet
):
    bench.close()
    assert slow.closed
    slow.end(Cancelled())
    bench.desk.changed.emit()
    qtbot.wait(30)
    assert len(slow.requests) == 2
    bench.desk.segment("plane")
    slow.work()
    quiet()
    wait(4)


def test_a_wish_for_the_last_image_is_none(bench, slow, folder, quiet, qtbot):
    bench.opener.open_folder(folder)
    for path in bench.opener.series.images[1:]:
        bench.opener.series.mark(path, Standing.DONE)
    bench.desk.segment("plane")
    slow.work()
    quiet()
    qtbot.wait(30)
    assert len(slow.requests) == 1
