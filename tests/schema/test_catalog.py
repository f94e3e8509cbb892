"""What can be chosen by name says when to choose it, without loading torch."""

import subprocess
import sys

import pytest

from napari_unet.schema.catalog import LOSSES, NETWORKS, resolve
from napari_unet.schema.settings import LossSettings

ENTRIES = {**NETWORKS, **LOSSES}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_says_in_one_sentence_when_to_choose_it(name):
    entry = ENTRIES[name]
    assert entry.when.startswith("Choose it ")
    assert entry.when.endswith(".")
    assert ". " not in entry.when
    assert len(entry.when) <= 140
    assert entry.title


def test_titles_and_sentences_are_those_of_one_entry_only():
    assert len(NETWORKS.keys() & LOSSES.keys()) == 0
    for part in ("title", "when", "path"):
        assert len({getattr(entry, part) for entry in ENTRIES.values()}) == len(ENTRIES)


@pytest.mark.parametrize("catalog", [NETWORKS, LOSSES], ids=["networks", "losses"])
def test_names_lead_to_classes_that_tell_what_they_are(catalog):
    for name, entry in catalog.items():
        found = resolve(catalog, name)
        assert f"{found.__module__}:{found.__name__}" == entry.path
        assert found.__doc__


def test_the_default_loss_can_be_chosen():
    assert LossSettings().loss in LOSSES


def test_r5_5_reading_the_catalogue_loads_no_torch():
    code = (
        "from napari_unet.schema.catalog import LOSSES, NETWORKS; import sys\n"
        "print(*(e.when for e in [*LOSSES.values(), *NETWORKS.values()]), 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout.split()[-1] == "False", run.stderr
