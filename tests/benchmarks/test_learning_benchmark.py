"""The benchmark of learning: regions, rivals, rows that are made once, and the page."""

import json
import time

import numpy as np
import pytest
import torch

from benchmarks import kinds, learning, learning_tables
from benchmarks.data import Annotated
from benchmarks.learning import Cell, cells
from benchmarks.regions import correct, regions
from benchmarks.rivals import RIVALS, MaskedLogits, everything
from napari_unet.images.samples import cells as sample
from napari_unet.schema.correction import State
from napari_unet.training.budget import Budget
from napari_unet.training.patches import PatchSampler
from napari_unet.training.train import Trained
from tests.models_for_tests import tiny_model


@pytest.fixture(scope="module")
def images():
    def one(seed):
        image, labels = sample((264, 260), seed=seed)
        return Annotated(str(seed), "synthetic", image, labels.astype(np.int32))

    return [one(seed) for seed in range(3)]


@pytest.fixture(scope="module", autouse=True)
def _warm(images):
    """What torch loads for the first training counts for none that is measured."""
    everything(tiny_model(), images, 0.1, 0)


@pytest.fixture
def world(monkeypatch, tmp_path, images):
    """A kind of image with a tiny base, in place of the data sets."""
    kind = kinds.Kind("synthetic", ("synthetic",), "starter")
    monkeypatch.setattr(kinds, "_loaded", lambda data, split: images)
    monkeypatch.setattr(learning, "KINDS", {"synthetic": kind})
    monkeypatch.setattr(learning, "base_model", lambda name: tiny_model())
    return tmp_path


def test_fewer_regions_are_the_first_of_more(images):
    one, three = regions(images, 1, seed=5), regions(images, 3, seed=5)
    assert [p.image.id for p in three[:1]] == [p.image.id for p in one]
    assert three[0].window == one[0].window
    assert len({p.image.id for p in three}) == 3
    assert {s.stop - s.start for p in three for s in p.window} == {256}


def test_no_image_is_taken_twice(images):
    with pytest.raises(ValueError, match="only 3 images"):
        regions(images, 4, seed=0)


def test_dense_corrections_are_the_truth_in_the_region_alone(images):
    place = regions(images, 1, seed=0)[0]
    done = correct(place, "dense", lambda image: np.zeros(image.shape[:2], int), seed=0)
    inside = np.zeros(place.image.labels.shape, bool)
    inside[place.window] = True
    assert np.array_equal(done.correction.known > 0, inside)
    assert np.array_equal(done.correction.labels, place.image.labels * inside)
    assert done.objects == done.strokes > 3


def test_strokes_leave_the_mask_where_nobody_painted(images):
    place = regions(images, 1, seed=0)[0]
    shifted = np.roll(place.image.labels, 9, 0)
    done = correct(place, "strokes", lambda image: shifted, seed=0)
    known, labels = (getattr(done.correction, name)[place.window] for name in ("known", "labels"))
    painted = known == State.CONFIRMED | State.CORRECTED
    truth = place.image.labels[place.window]
    assert set(np.unique(known)) == {1, 3}
    assert np.array_equal((labels > 0)[painted], (truth > 0)[painted])
    assert np.array_equal((labels > 0)[~painted], (shifted[place.window] > 0)[~painted])
    assert 1 <= done.strokes <= 20


def test_unlabelled_pixels_have_no_gradient_as_rootpainter_masks_them():
    logits = torch.randn(2, 1, 8, 8, requires_grad=True)
    known = torch.zeros(2, 8, 8)
    known[:, :4] = 1
    target = torch.ones(2, 8, 8, dtype=torch.long)
    loss = MaskedLogits()(logits, target, known)
    loss.backward()
    assert not logits.grad[:, :, 4:].any()
    assert logits.grad[:, :, :4].all()


def test_masked_logits_of_all_known_pixels_are_dice_and_cross_entropy():
    logits, known = torch.zeros(1, 1, 4, 4), torch.ones(1, 4, 4)
    loss = MaskedLogits()(logits, torch.ones(1, 4, 4, dtype=torch.long), known)
    assert float(loss) == pytest.approx(1 - 2 * 8 / 24 + 0.3 * np.log(2))


@pytest.mark.parametrize("name", RIVALS)
def test_each_rival_trains_and_leaves_the_base_alone(name, images):
    base = tiny_model()
    before = kinds.fingerprint(base)
    hand = learning.HANDS.get(name, ("dense",))[0]
    place = regions(images, 1, seed=0)[0]
    done = correct(place, hand, lambda image: np.zeros(image.shape[:2], int), seed=0)
    trained = RIVALS[name](base, [done.correction], 1.5, 0)
    assert kinds.fingerprint(base) == before != kinds.fingerprint(trained)


@pytest.mark.parametrize("name", ["plain", "only strokes"])
def test_only_the_time_of_the_processor_counts(name, monkeypatch, images):
    """Waiting, as for a busy core, takes nothing of the budget; working does."""
    place = regions(images, 1, seed=0)[0]
    done = correct(place, "strokes", lambda image: np.zeros(image.shape[:2], int), seed=0)
    draw, steps = PatchSampler.draw, []

    def slow(self, step):
        steps.append(step)
        time.sleep(0.1)
        return draw(self, step)

    monkeypatch.setattr(PatchSampler, "draw", slow)
    with learning.processor_time():
        start = time.process_time()
        RIVALS[name](tiny_model(), [done.correction], 1.5, 0)
        assert 0.9 <= time.process_time() - start < 5
    assert len(steps) > 1


def test_only_the_time_of_the_processor_counts_for_the_product():
    with learning.processor_time():
        budget, trained = Budget(60), Trained(parameters={})
        time.sleep(0.2)
        assert budget.elapsed < 0.1
        assert trained.elapsed() < 0.1


def test_the_ceiling_learns_from_whole_images(images):
    assert kinds.fingerprint(everything(tiny_model(), images, 1.0, 0)) != kinds.fingerprint(
        tiny_model()
    )


def test_every_cell_has_a_file_of_its_own():
    wanted = list(cells())
    assert len({cell.name for cell in wanted}) == len(wanted)
    product = [cell for cell in wanted if cell.who == "product" and cell.kind == "tissue"]
    assert len(product) == 4 * 3 * 5 * 2
    assert {cell.hand for cell in wanted if cell.who == "only strokes"} == {"strokes"}


def test_a_row_says_what_the_product_did_and_is_not_made_again(world):
    cell = Cell("synthetic", "product", "strokes", 1, 1, 0)
    learning.make([Cell("synthetic", "base"), cell], world)
    path = world / f"{cell.name}.json"
    row = json.loads(path.read_text())
    assert row["proof"]["sentence"]
    assert row["hand_s"] > 0
    assert row["steps"] > 0
    path.write_text("{}")
    learning.make([cell], world)
    assert path.read_text() == "{}"


def test_a_row_of_the_input_alone_trains_nothing(world):
    cell = Cell("synthetic", "input", "dense", 1, 0, 0)
    row = learning.measure(cell)
    assert row["input"]
    assert "steps" not in row
    place = regions(kinds.Kind("synthetic", ("synthetic",), "starter").images("train"), 1, 0)[0]
    done = correct(place, "dense", lambda image: np.zeros(image.shape[:2], int), seed=0)
    base = tiny_model()
    assert kinds.fingerprint(learning.with_input(base, [done.correction])) == row["base"]


def test_the_fluorescence_base_is_trained_once(monkeypatch, tmp_path, images):
    glowing = [a._replace(kind="fluorescence") for a in images]
    monkeypatch.setattr(kinds, "_loaded", lambda data, split: glowing)
    path = kinds.train_fluorescence(tmp_path, steps=1)
    written = path.stat().st_mtime_ns
    assert kinds.train_fluorescence(tmp_path, steps=1).stat().st_mtime_ns == written
    assert kinds.base_model("fluorescence", tmp_path).card.name == "Nuclei in fluorescence"


def row(who, ap50, accepted=True, old=0.8, seed=0):
    """What the tables read of a row."""
    ap = {"chosen": ap50, "components": ap50 - 0.1, "split": ap50 - 0.2}
    where = Cell("isbi2012", who, "none" if who == "base" else "dense", 1, 20, seed)._asdict()
    scores = {"new": {"iou": 0.7, "ap50": ap}, "old": {"iou": old}}
    return {**where, **scores, "hand_s": 9.6, "proof": {"accepted": accepted}, "program": "12"}


def test_a_refused_model_counts_as_the_base():
    base = row("base", 0.3)
    assert learning_tables.outcome(row("product", 0.5, old=0.7), base).ap50 == 0.5
    refused = learning_tables.outcome(row("product", 0.1, accepted=False, old=0.1), base)
    assert (refused.ap50, refused.forgot) == (0.3, 0)


def test_rivals_get_the_better_way_to_split():
    found = learning_tables.outcome(row("plain", 0.5, old=0.7), row("base", 0.3))
    assert found.ap50 == 0.4
    assert found.forgot == pytest.approx(-0.1)


def test_the_tables_show_the_median_and_the_worst_seed():
    product = [row("product", 0.1 * n, n > 3, seed=n) for n in (5, 3, 6)]
    rows = [row("base", 0.2), *product, row("plain", 0.9)]
    lines = learning_tables.table("isbi2012", rows).splitlines()
    assert lines[-3].startswith(
        "| base | – | – | – | 0.100 (0.200 as the product divides objects) |"
    )
    assert lines[-2].startswith("| product | dense | 1 | 20 s | 0.500, 0.200 | 0.700, 0.700 |")
    assert lines[-2].endswith("| +0.000 | 10 s | 2 of 3 | 0.500, 0.300 | 3 |")
    assert lines[-1].startswith("| plain | dense | 1 | 20 s | 0.800 |")
    goals = learning_tables.goals(rows)
    assert "worst 0.38 | 0.500, 0.200 | 3 of 5 |" in goals
    assert "after the gate: AP50 | 0 below | 3 |" in goals


def test_the_page_is_what_the_rows_say():
    assert learning_tables.PAGE.read_text(encoding="utf-8") == learning_tables.page()
