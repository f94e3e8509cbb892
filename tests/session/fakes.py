"""Stand-ins for the engine and the models, without torch."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from napari_unet.images.difference import difference
from napari_unet.images.lazy import whole
from napari_unet.jobs.messages import Cancelled, Done
from napari_unet.jobs.safekeeping import REQUEST
from napari_unet.schema.events import Compared, Progress, StepDone, TileDone, Validated
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import HeldOutScores, Proof
from napari_unet.schema.requests import (
    Blended,
    BlendRequest,
    Checked,
    CheckRequest,
    CompareRequest,
    FineTuned,
    FineTuneRequest,
    Predicted,
    PredictRequest,
    Probed,
    ProbeRequest,
)
from napari_unet.schema.settings import NetworkSettings

CHECKED = Checked(device="cpu", name="CPU", why="No GPU was found.")
WORSE = HeldOutScores(iou=0.5, dice=0.6, f1_50=0.4, mean_ap=0.3)
BETTER = HeldOutScores(iou=0.7, dice=0.8, f1_50=0.6, mean_ap=0.5)


def two_cells():
    """A bright square, and a bright rectangle that is twice as wide."""
    image = np.zeros((40, 60), np.float32)
    image[5:15, 5:15] = 1
    image[20:30, 20:40] = 1
    return image


def write_card(path, name, **fields):
    """A model file that has a card and no parameters: enough for all that needs no torch."""
    settings = NetworkSettings(in_channels=fields.pop("in_channels", 1))
    fields = {"network": "unet", "network_settings": settings, **fields}
    card = ModelCard(name=name, **fields)
    head = {"card": card.model_dump_json()}
    save_file({"nothing": np.zeros(1, np.float32)}, path, metadata=head)
    return card


class FakeEngine:
    """Does what it is told by `say`, or answers at once by brightness if it is `quick`."""

    def __init__(self, quick=False, folder=None):
        self.quick = quick
        self.folder = folder
        self.requests = []
        self.words = []
        self.cancelled = 0
        self.closed = False
        self._listener = None

    def submit(self, request, on_message):
        assert self._listener is None, "one job at a time"
        self.requests.append(request)
        self._listener = on_message
        if self.quick:
            self.work()

    def tell(self, word):
        self.words.append(word)

    def cancel(self):
        self.cancelled += 1
        if self.quick and self._listener is not None:  # its last message may still be on its way
            self.end(Cancelled())

    def close(self):
        self.closed = True

    def say(self, message):
        self._listener(message)

    def end(self, message):
        listener, self._listener = self._listener, None
        listener(message)

    def work(self):
        """Do the last job as an engine would."""
        match self.requests[-1]:
            case CheckRequest():
                self.end(Done(result=CHECKED))
            case PredictRequest() as request:
                self.predict(request)
            case FineTuneRequest() as request:
                self.fine_tune(request)
            case BlendRequest() as request:
                self.blend(request)
            case CompareRequest() as request:
                self.compare(request)
            case ProbeRequest():
                self.end(Done(result=Probed(step_s=0.5)))

    def predict(self, request):
        for index, plane in enumerate(map(whole, request.planes)):
            colour = plane.ndim == 3 and plane.shape[-1] in (3, 4)
            grey = plane if plane.ndim == 2 else plane.mean(axis=-1 if colour else 0)
            box = request.region or (0, 0, *grey.shape)
            bright = (grey > 0.5 * grey.max())[box[0] : box[2], box[1] : box[3]]
            self.say(TileDone(plane=index, box=box, probabilities=bright[None].astype("f4")))
            self.say(Progress(phase="tile", done=index + 1, total=len(request.planes)))
        self.end(Done(result=Predicted(model_id="x", settings=request.settings)))

    def compare(self, request):
        """The old mask is all that is bright; the new one lacks ten columns of it."""
        y0, x0, y1, x1 = box = request.region or (0, 0, *request.plane.shape)
        old = (request.plane[y0:y1, x0:x1] > 0.5).astype("u2")
        new = old.copy()
        new[:, :10] = 0
        self.say(Compared(box=box, old=old, new=new, difference=difference(old, new)))
        self.end(Done(result=Predicted(model_id="x", settings=request.settings)))

    def blend(self, request):
        stops, shares = [], [0.25, 0.5, 0.75]
        for share in shares:
            path = Path(self.folder) / f"{share}.safetensors"
            card = write_card(path, f"tuned {share:.0%}", parent="one")
            after = WORSE.model_copy(update={"f1_50": 0.4 + 0.2 * share})
            proof = Proof(before=WORSE, after=after, sentence="Somewhat better.")
            stops.append(FineTuned(path=str(path), card=card, proof=proof, steps=0, seconds=0))
        self.end(Done(result=Blended(shares=shares, stops=stops)))

    def fine_tune(self, request):
        if request.safe:  # as `taken_up` would
            (Path(request.safe) / REQUEST).write_text(json.dumps({"model": request.model}))
        self.say(StepDone(step=1, loss=0.5, learning_rate=0.1))
        self.say(Validated(step=1, scores=BETTER))
        path = Path(request.safe or self.folder) / "tuned.safetensors"
        card = write_card(path, "tuned", parent="one")
        proof = Proof(before=WORSE, after=BETTER, sentence="Better.")
        tuned = FineTuned(path=str(path), card=card, proof=proof, steps=1, seconds=1.0)
        self.end(Done(result=tuned))
