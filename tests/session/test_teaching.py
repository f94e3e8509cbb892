"""What corrections can be taught to, in words."""

import subprocess
import sys

from napari_unet.schema.catalog import LOSSES, NETWORKS
from napari_unet.schema.settings import FineTuneSettings, LossSettings
from napari_unet.session.teaching import losses, starts, unusual, verb

USUAL = FineTuneSettings()


def test_every_network_and_loss_of_the_catalogue_can_be_chosen_by_its_title():
    assert list(starts()) == [None, *NETWORKS]
    assert list(losses()) == list(LOSSES)
    for name, entry in NETWORKS.items():
        assert starts()[name].title == f"A new {entry.title}"
        assert starts()[name].when.startswith(entry.when)
        assert "knows nothing yet" in starts()[name].when
    for name, entry in LOSSES.items():
        assert losses()[name] == (entry.title, entry.when)


def test_the_button_says_whether_something_new_is_taught():
    assert verb(USUAL) == "Fine-tune"
    assert verb(FineTuneSettings(network="fcn-8s")) == "Teach a new FCN-8s"


def test_only_what_is_not_as_usual_is_said():
    focal = LossSettings(loss="focal")
    assert unusual(USUAL) == ""
    assert unusual(FineTuneSettings(loss=focal)) == "Loss: Focal loss"
    assert unusual(FineTuneSettings(network="unet")) == "Starts from a new U-Net"
    assert unusual(FineTuneSettings(auto_input=False)) == "Input left as it is"
    assert unusual(FineTuneSettings(network="unet", auto_input=False)) == "Starts from a new U-Net"
    both = FineTuneSettings(network="unet", loss=focal)
    assert unusual(both) == "Starts from a new U-Net; loss: Focal loss"


def test_r5_5_saying_it_loads_no_torch():
    code = "import sys; from napari_unet.session import teaching as t; t.starts(), t.losses()\n"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout.split() == ["False"], run.stderr
