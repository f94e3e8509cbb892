import io
import math

import numpy as np
import pytest

from napari_unet.jobs.engine import wire
from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Compared, StepDone, TileDone
from napari_unet.schema.requests import (
    Checked,
    CheckRequest,
    FineTuneRequest,
    Joining,
    Looking,
    PredictRequest,
)

ARRAYS = [
    np.arange(12, dtype=np.uint16).reshape(3, 4),
    np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    np.arange(10, dtype=">i4")[::3],
    np.array([[True, False]]),
    np.zeros((0, 5)),
    np.array([np.nan, -0.0, np.inf]),
]


def test_frames_come_out_as_they_went_in_and_a_torn_one_is_the_end():
    stream = io.BytesIO()
    for frame in (b"", b"one", b"\x00" * 100_000):
        wire.send(stream, frame)
    whole = stream.getvalue()
    assert list(wire.frames(io.BytesIO(whole))) == [b"", b"one", b"\x00" * 100_000]
    assert list(wire.frames(io.BytesIO(whole[:-1]))) == [b"", b"one"]
    assert list(wire.frames(io.BytesIO(whole[:6]))) == [b""]


def test_arrays_of_a_request_cross_bit_for_bit(tmp_path):
    frame = wire.pack_request(PredictRequest(model="m", planes=ARRAYS), tmp_path)
    arrived = wire.unpack_request(frame, tmp_path)
    for sent, got in zip(ARRAYS, arrived.planes, strict=True):
        assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
        assert got.tobytes() == sent.tobytes()


def test_what_a_job_writes_into_its_arrays_stays_with_it(tmp_path):
    """Scikit-image refuses arrays that it may not write."""
    frame = wire.pack_request(PredictRequest(model="m", planes=[np.zeros(5)]), tmp_path)
    wire.unpack_request(frame, tmp_path).planes[0][:] = 7
    assert np.array_equal(wire.unpack_request(frame, tmp_path).planes[0], np.zeros(5))


def test_corrections_cross(tmp_path):
    labels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    known = (labels > 2).astype(np.uint8)
    correction = Correction(image_id="a", image=labels.astype(float), labels=labels, known=known)
    request = FineTuneRequest(model="m", corrections=[correction])
    arrived = wire.unpack_request(wire.pack_request(request, tmp_path), tmp_path).corrections[0]
    assert arrived.image_id == "a"
    for field in ("image", "labels", "known"):
        assert np.array_equal(getattr(arrived, field), getattr(correction, field))


def test_what_joins_crosses_as_it_was(tmp_path):
    labels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    known = (labels > 2).astype(np.uint8)
    correction = Correction(image_id="a", image=labels.astype(float), labels=labels, known=known)
    sent = Joining(correction=correction, regions=3, at=0.1, step=9)
    frame = wire.pack_word(sent, tmp_path)
    labels[:] = 0
    assert frame.startswith(wire.WORD)
    arrived = wire.unpack_word(frame, tmp_path)
    assert (arrived.regions, arrived.at, arrived.step) == (3, 0.1, 9)
    assert np.array_equal(arrived.correction.labels, np.arange(6).reshape(2, 3))
    assert np.array_equal(arrived.correction.known, known)


def test_where_a_person_looks_crosses_as_it_was(tmp_path):
    sent = Looking(box=(1, 2, 3, 4))
    assert wire.unpack_word(wire.pack_word(sent, tmp_path), tmp_path) == sent


def test_a_tile_is_read_whole_and_its_file_is_gone(tmp_path):
    tile = TileDone(plane=3, box=(1, 2, 3, 4), probabilities=np.ones((1, 2, 2), np.float32))
    frame = wire.pack_message(tile, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    arrived = wire.unpack_message(frame, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert type(arrived.probabilities) is np.ndarray
    assert np.array_equal(arrived.probabilities, tile.probabilities)
    assert (arrived.plane, arrived.box) == (3, (1, 2, 3, 4))


def test_masks_are_read_whole_too(tmp_path):
    masks = {name: np.full((2, 3), i, np.uint16) for i, name in enumerate(("old", "new"))}
    sent = Compared(box=(0, 0, 2, 3), **masks, difference=np.ones((2, 3), np.uint8))
    arrived = wire.unpack_message(wire.pack_message(sent, tmp_path), tmp_path)
    assert list(tmp_path.iterdir()) == []
    for name in ("old", "new", "difference"):
        assert type(getattr(arrived, name)) is np.ndarray
        assert np.array_equal(getattr(arrived, name), getattr(sent, name))


@pytest.mark.parametrize(
    "message",
    [
        Cancelled(),
        Failed(sentence="Über alles: µm", details="a\nb"),
        Done(result=Checked(device="cpu", name="CPU", why="")),
    ],
)
def test_endings_cross(message, tmp_path):
    assert wire.unpack_message(wire.pack_message(message, tmp_path), tmp_path) == message


def test_r1_2_a_loss_that_is_no_number_crosses(tmp_path):
    step = StepDone(step=1, loss=math.nan, learning_rate=math.inf)
    arrived = wire.unpack_message(wire.pack_message(step, tmp_path), tmp_path)
    assert math.isnan(arrived.loss)
    assert arrived.learning_rate == math.inf


def test_objects_are_never_pickled(tmp_path):
    request = PredictRequest(model="m", planes=[np.array([{}], dtype=object)])
    with pytest.raises(ValueError, match="allow_pickle"):
        wire.pack_request(request, tmp_path)


def test_no_request_can_be_taken_for_an_order(tmp_path):
    frame = wire.pack_request(CheckRequest(), tmp_path)
    assert frame.startswith(b"{")
    orders = (wire.CANCEL, wire.WARM_UP, wire.WORD, wire.HEARD)
    assert not any(order.startswith(b"{") for order in orders)
    assert not any(order.startswith(wire.WORD) for order in (wire.CANCEL, wire.WARM_UP))
