"""A model file is read whole or refused in one sentence."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save

from napari_unet.models.archive import read_card, read_model, write_model
from napari_unet.models.model import Model
from napari_unet.schema.model_card import ModelCard
from tests.models_for_tests import tiny_model


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "tiny.safetensors"
    write_model(tiny_model(), path)
    return path


def test_a_model_comes_back_as_it_was(path):
    before, after = tiny_model(), read_model(path)
    assert after.card == before.card.model_copy(
        update={"id": after.card.id, "created": after.card.created}
    )
    assert before.parameters.keys() == after.parameters.keys()
    for name, value in before.parameters.items():
        assert torch.equal(value, after.parameters[name])


def test_r13_2_a_model_is_never_overwritten(path):
    before = path.read_bytes()
    with pytest.raises(ValueError, match="never overwritten"):
        write_model(tiny_model(seed=1), path)
    assert path.read_bytes() == before


def test_r9_4_a_file_that_was_cut_is_refused(path):
    data = path.read_bytes()
    for part in range(64):
        path.write_bytes(data[: len(data) * part // 64])
        with pytest.raises(ValueError, match=r"damaged|no card|no model"):
            read_model(path)


def test_r9_4_a_flipped_bit_is_found(path):
    data = path.read_bytes()
    refused = 0
    for place in range(0, len(data), len(data) // 256):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        try:
            same = read_model(path)
        except ValueError:
            refused += 1
        else:
            # Only a change that means nothing (JSON white space) may pass.
            assert all(
                torch.equal(v, same.parameters[k]) for k, v in tiny_model().parameters.items()
            )
    assert refused > 250


@pytest.mark.parametrize(
    "content", [b"", b"<html>not found</html>", b"PK\x03\x04" * 50, b"\0" * 900]
)
def test_r9_4_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged or no model file|no model of napari_unet"):
        read_card(path)


def test_r9_4_a_newer_format_asks_for_an_update(path, tmp_path):
    model = read_model(path)
    newer = Model(model.card.model_copy(update={"format_version": 2}), model.parameters)
    other = tmp_path / "newer.safetensors"
    write_model(newer, other)
    with pytest.raises(ValueError, match="newer version"):
        read_model(other)


def test_parameters_of_another_network_are_refused(path, tmp_path):
    model = tiny_model()
    wrong = Model(tiny_model("unet++").card, model.parameters)
    other = tmp_path / "wrong.safetensors"
    write_model(wrong, other)
    with pytest.raises(ValueError, match="do not fit its network"):
        read_model(other)


def test_parameters_that_are_no_numbers_are_refused(tmp_path):
    model = tiny_model()
    parameters = {k: v * float("nan") for k, v in model.parameters.items()}
    path = tmp_path / "nan.safetensors"
    write_model(Model(model.card, parameters), path)
    with pytest.raises(ValueError, match="no numbers"):
        read_model(path)


@pytest.mark.parametrize("card", ["[" * 100_000, "[]", '{"format_version": {}}'])
def test_r9_4_a_card_that_is_none_is_refused(tmp_path, card):
    path = tmp_path / "forged.safetensors"
    path.write_bytes(save({"a": torch.zeros(1)}, metadata={"card": card}))
    with pytest.raises(ValueError, match="is damaged; get the file"):
        read_card(path)


def test_r9_4_parameters_of_a_kind_that_is_never_written_are_refused(tmp_path):
    path = tmp_path / "short.safetensors"
    card = tiny_model().card.model_dump_json()
    path.write_bytes(save({"a": torch.zeros(1, dtype=torch.bfloat16)}, metadata={"card": card}))
    with pytest.raises(ValueError, match="damaged"):
        read_model(path)


@pytest.mark.parametrize("percentiles", [(150, -3), (5, 5), (-1, 99), (1, 100.5)])
def test_percentiles_are_two_from_0_to_100(percentiles):
    card = tiny_model().card.model_dump() | {"percentiles": percentiles}
    with pytest.raises(ValueError, match="smaller first"):
        ModelCard(**card)


def test_r5_5_a_card_is_read_without_torch(path):
    code = (
        "import sys; from pathlib import Path; from napari_unet.models.archive import read_card;"
        f"assert read_card(Path({str(path)!r})).name == 'Tiny'; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
