import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes
from pydantic import TypeAdapter, ValidationError

from napari_unet.schema.correction import Correction, State
from napari_unet.schema.events import Event, TileDone
from napari_unet.schema.prediction import Prediction
from napari_unet.schema.requests import FineTuneRequest, PredictRequest, Request
from napari_unet.schema.settings import PredictSettings
from tests.watched import Watched

RAMP = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
PLANE = np.arange(12, dtype=np.uint8).reshape(3, 4)
CORRECTION = Correction(image_id="a", image=PLANE, labels=PLANE // 4, known=PLANE % 3)

EVENTS, REQUESTS = TypeAdapter(Event), TypeAdapter(Request)


def cross(record, folder, kind):
    """To the other process and back: JSON for the record, a file for each array."""
    text = record.model_dump_json(context={"folder": folder})
    return kind.validate_json(text, context={"folder": folder})


real_arrays = arrays(
    scalar_dtypes().filter(lambda dtype: dtype.kind in "buif"),
    array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


@settings(max_examples=80, deadline=None)
@given(array=real_arrays)
def test_any_real_array_crosses_unchanged(tmp_path_factory, array):
    folder = tmp_path_factory.mktemp("job")
    event = TileDone(plane=0, box=(0, 0, 1, 1), probabilities=array)
    back = cross(event, folder, EVENTS).probabilities
    assert back.dtype == array.dtype
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize("view", [PLANE[::-1, ::-2], PLANE.T, np.broadcast_to(PLANE, (5, 3, 4))])
def test_views_cross_unchanged(tmp_path, view):
    event = TileDone(plane=0, box=(0, 0, 1, 1), probabilities=view)
    assert np.array_equal(cross(event, tmp_path, EVENTS).probabilities, view)


def test_requests_cross_with_all_their_arrays(tmp_path):
    request = FineTuneRequest(model="m", corrections=[CORRECTION, CORRECTION])
    back = cross(request, tmp_path, REQUESTS)
    assert isinstance(back, FineTuneRequest)
    for correction in back.corrections:
        assert correction.image_id == "a"
        for name in ("image", "labels", "known"):
            assert np.array_equal(getattr(correction, name), getattr(CORRECTION, name))
    predict = PredictRequest(model="m", planes=[PLANE, RAMP], region=(0, 0, 2, 2))
    planes = cross(predict, tmp_path, REQUESTS).planes
    assert [p.shape for p in planes] == [(3, 4), (1, 3, 4)]
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy"}


def test_a_prediction_crosses(tmp_path):
    prediction = Prediction(probabilities=RAMP, model_id="m", settings=PredictSettings(tile_px=64))
    back = cross(prediction, tmp_path, TypeAdapter(Prediction))
    assert np.array_equal(back.probabilities, RAMP)
    assert (back.model_id, back.settings) == ("m", PredictSettings(tile_px=64))


def test_an_array_can_be_changed_without_changing_the_file(tmp_path):
    event = TileDone(plane=0, box=(0, 0, 1, 1), probabilities=RAMP)
    text = event.model_dump_json(context={"folder": tmp_path})
    first = EVENTS.validate_json(text, context={"folder": tmp_path})
    first.probabilities[:] = -1
    again = EVENTS.validate_json(text, context={"folder": tmp_path})
    assert np.array_equal(again.probabilities, RAMP)


def test_nothing_is_pickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "marker"), "w"))

    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    event = TileDone(plane=0, box=(0, 0, 1, 1), probabilities=bomb)
    with pytest.raises(Exception, match="Object arrays cannot be saved"):
        event.model_dump_json(context={"folder": tmp_path})
    np.save(tmp_path / "bomb.npy", bomb, allow_pickle=True)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(Bomb()))
    for name in ("bomb.npy", "raw.npy"):
        said = {"kind": "tile", "plane": 0, "box": [0, 0, 1, 1], "probabilities": name}
        with pytest.raises(ValidationError):
            EVENTS.validate_json(json.dumps(said), context={"folder": tmp_path})
    assert not (tmp_path / "marker").exists()


def test_a_name_cannot_lead_out_of_the_folder(tmp_path):
    (tmp_path / "inside").mkdir()
    np.save(tmp_path / "secret.npy", PLANE)
    for name in ("../secret.npy", str(tmp_path / "secret.npy")):
        said = {"kind": "tile", "plane": 0, "box": [0, 0, 1, 1], "probabilities": name}
        with pytest.raises(FileNotFoundError):
            EVENTS.validate_json(json.dumps(said), context={"folder": tmp_path / "inside"})


@pytest.mark.parametrize(
    ("labels", "known"), [(PLANE, PLANE[:2]), (RAMP.astype(int), RAMP.astype(int))]
)
def test_a_correction_is_one_plane(labels, known):
    with pytest.raises(ValidationError, match="one plane of the same size"):
        Correction(image_id="a", image=PLANE, labels=labels, known=known)


def test_r12_1_unknown_is_zero():
    assert not State.MODEL
    assert State.CONFIRMED
    assert State.CORRECTED


@pytest.mark.parametrize("shape", [(3000, 4000), (3, 2500, 2000), (2500, 2000, 3)])
def test_r6_3_what_can_only_be_sliced_is_read_part_by_part_when_it_is_written(tmp_path, shape):
    image = Watched(shape, most=1 << 22)
    request = PredictRequest(model="m", planes=[image])
    assert request.planes[0] is image
    assert image.read == 0
    (back,) = cross(request, tmp_path, REQUESTS).planes
    assert image.read == np.prod(shape), "no pixel is read twice"
    assert back.shape == shape
    assert back.dtype == np.uint8
    corner = tuple(slice(side - 2, side) for side in shape)
    np.testing.assert_array_equal(back[corner], image[corner])


def test_parts_are_whole_chunks(tmp_path):
    starts = []

    class Chunked(Watched):
        chunks = (700, 3000)

        def __getitem__(self, key):
            starts.append(key[0].start)
            return super().__getitem__(key)

    planes = [Chunked((5000, 3000), most=5_000_000)]
    cross(PredictRequest(model="m", planes=planes), tmp_path, REQUESTS)
    assert len(starts) > 1
    assert all(start % 700 == 0 for start in starts)
