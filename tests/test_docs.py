"""What the documentation shows is what the program does."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest
import torch

from napari_unet.schema import catalog
from napari_unet.schema.settings import LossSettings, NetworkSettings, TrainSettings
from tests.losses import test_losses as loss_contract
from tests.networks import test_networks as network_contract

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def code(page, kind="python"):
    """The blocks of code of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def follow(page, monkeypatch, register):
    """Do what a page of two blocks says: a new module, and an entry of a catalogue."""
    source, lines = code(page)
    ((name, entry),) = eval(f"{{{lines}}}", {"Entry": catalog.Entry}).items()
    module = ModuleType(entry.path.partition(":")[0])
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, page, "exec"), module.__dict__)
    for place, registry in register:
        new = MappingProxyType({**getattr(place, registry), name: entry})
        monkeypatch.setattr(place, registry, new)
    return name


def script(name):
    """A program that makes a page."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_page_of_the_command_line_is_what_the_program_offers():
    made = script("make_command_line")
    assert made.TARGET.read_text(encoding="utf-8") == made.page(), "run docs/make_command_line.py"


def test_the_pages_of_the_catalogue_are_what_it_and_the_docstrings_say():
    for path, page in script("make_catalog").PAGES.items():
        assert path.read_text(encoding="utf-8") == page(), "run docs/make_catalog.py"


def sections_of(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^## `([^`]+)`[^\n]*\n(.*?)(?=^## |\Z)", text, re.M | re.S))


@pytest.mark.parametrize(
    ("page", "entries"), [("losses.md", catalog.LOSSES), ("networks.md", catalog.NETWORKS)]
)
def test_each_page_says_of_all_when_to_choose_it_and_where_it_comes_from(page, entries):
    sections = sections_of(page)
    assert set(sections) == set(entries)
    for name, section in sections.items():
        assert f"**{entries[name].when}**" in section
        assert re.search(r"\b(20[0-2]\d|199\d)\b", section), f"{name}: no year of a source"
        assert ".. " not in section
        assert section.count("$$") % 2 == 0


def test_the_formula_of_every_loss_is_typeset_and_its_settings_are_options():
    command_line = (DOCS / "command-line.md").read_text(encoding="utf-8")
    for name, section in sections_of("losses.md").items():
        assert re.search(r"^\$\$\n.+\n\$\$$", section, re.M), name
        for option in re.findall(r"^\| `(--[a-z0-9-]+)`", section, re.M):
            assert f"`{option}`" in command_line, (name, option)


def test_the_page_of_losses_names_what_each_loss_reads():
    options = {
        name: re.findall(r"^\| `--([a-z0-9-]+)`", section, re.M)
        for name, section in sections_of("losses.md").items()
    }
    weights = ["border", "balance"]
    assert options["focal"] == [*weights, "alpha", "gamma"]
    assert options["tversky"] == ["tversky-beta", "smooth"]
    assert options["border-weighted-ce"] == [*weights, "w0", "sigma"]
    assert options["weighted-bce"] == [*weights, "beta"]
    assert options["bce+dice"] == ["smooth"]


def test_the_page_names_every_option_that_was_promised():
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    promised = {
        "predict": "model out probabilities measurements rois threshold min-size device tile",
        "train": "network images labels val-images val-labels out loss steps seconds seed json",
        "fine-tune": "model images labels known out seconds steps seed json",
        "evaluate": "model images labels json",
        "corrections list": "json",
        "corrections export": "out image channel",
        "models": "json",
        "demo": "",
        "doctor": "",
    }
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(promised)
    for verb, options in promised.items():
        assert [o for o in options.split() if f"| `--{o}`" not in sections[verb]] == []


def test_the_loss_of_the_page_keeps_the_contract_and_trains(monkeypatch):
    from napari_unet.training import train

    places = [(catalog, "LOSSES"), (train, "LOSSES"), (loss_contract, "LOSSES")]
    name = follow("add-a-loss.md", monkeypatch, places)
    torch.manual_seed(0)
    logits = torch.randn(2, 1, 5, 6, dtype=torch.float64, requires_grad=True)
    weight_map = torch.rand(2, 5, 6, dtype=torch.float64) + 0.1
    weight_map[:, :2] = 0
    batch = (logits, torch.randint(0, 2, (2, 5, 6)), weight_map)
    loss_contract.test_r12_1_unknown_pixels_have_no_gradient_and_no_influence(name, batch)
    loss_contract.test_gradient_is_that_of_the_value(name, batch)
    loss_contract.test_r1_7_nothing_known_gives_no_gradient_and_no_nan(name, batch)
    loss_contract.test_right_is_better_than_wrong(name, truth=1)
    assert trained("unet", loss=name) < trained("unet", loss=name, steps=1)


def test_the_network_of_the_page_keeps_the_contract_and_trains(monkeypatch):
    from napari_unet.networks import build

    name = follow("add-a-network.md", monkeypatch, [(catalog, "NETWORKS"), (build, "NETWORKS")])
    torch.manual_seed(0)
    network_contract.test_answers_every_pixel_with_one_logit_per_class(name, 3, 4, (5, 9))
    shape = {"normalization": "batch", "upsampling": "bilinear"}
    network_contract.test_learns_a_step_and_folds_without_change(name, shape)
    # With fewer features one of its levels happens to be drawn dead, and hides how far it sees.
    monkeypatch.setitem(network_contract.TINY, "features", 4)
    for shape in network_contract.SHAPES:
        network_contract.test_r10_1_nothing_beyond_the_halo_changes_a_pixel(name, shape)
    network_contract.test_a_head_that_is_not_there_is_refused(name)
    assert trained(name) < trained(name, steps=1)


def trained(network, loss="dice", steps=50):
    """The loss after some steps of training on synthetic cells."""
    from napari_unet.images.samples import cells
    from napari_unet.schema.events import StepDone, finish
    from napari_unet.training.examples import make_example
    from napari_unet.training.new_model import new_model

    losses = []
    settings = TrainSettings(
        steps=steps, batch=2, patch_px=32, device="cpu", learning_rate=5e-3,
        loss=LossSettings(loss=loss),
    )  # fmt: skip
    example = make_example(*cells((64, 64), count=6, seed=0))
    job = new_model(network, NetworkSettings(features=4, depth=2), settings, [example], name="x")
    finish(job, lambda event: losses.append(event.loss) if isinstance(event, StepDone) else None)
    return sum(losses[-5:]) / len(losses[-5:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_pages_that_are_there(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    linked = re.findall(r"(?<!!)\[[^]]*\]\((?!https?://|#)([^)#]+)", text)
    assert [link for link in linked if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_shown_exist(page):
    """Every ``napari-unet VERB --option`` of a page is understood by the program."""
    text = page.read_text(encoding="utf-8")
    table = (DOCS / "command-line.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ([a-z -]+)$", table, flags=re.MULTILINE)[1:]
    verbs = dict(zip(sections[::2], sections[1::2], strict=True))
    for rest in re.findall(r"^napari-unet ([^\n#]*)", text, re.MULTILINE):
        verb = max(
            (verb for verb in verbs if f"{rest} ".startswith(f"{verb} ")), key=len, default=""
        )
        assert verb, rest
        for option in re.findall(r"--[a-z-]+", rest):
            assert f"`{option}`" in verbs[verb], (verb, option)


def test_the_python_of_the_readme_runs(tmp_path):
    (block,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    prelude = (
        "import numpy as np\n"
        "from napari_unet.images.samples import cells\n"
        "from napari_unet.models.archive import write_model\n"
        "from tests.models_for_tests import tiny_model\n"
        "from pathlib import Path\n"
        "image, true_labels = cells((64, 64), count=4)\n"
        f"write_model(tiny_model(), Path({str(tmp_path / 'm.safetensors')!r}))\n"
    )
    check = "\nassert labels.shape == image.shape\nprint(scores)"
    shown = block.replace('"nuclei-unet"', repr(str(tmp_path / "m.safetensors")))
    assert shown != block
    run = subprocess.run(
        [sys.executable, "-c", prelude + shown + check],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "iou=" in run.stdout
