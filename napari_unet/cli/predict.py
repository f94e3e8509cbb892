"""``napari-unet predict``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

from cyclopts import Parameter
from cyclopts.validators import Number

from napari_unet.cli.options import (
    FLAT,
    OF_THE_MODEL,
    ModelName,
    Switch,
    WrongCall,
    chosen,
    mask_of_call,
)
from napari_unet.cli.progress import run
from napari_unet.jobs.failure import failed
from napari_unet.models.library import DEFAULT_MODEL
from napari_unet.schema.events import Event
from napari_unet.schema.input import InputSettings
from napari_unet.schema.settings import MaskSettings, PredictSettings
from napari_unet.session.wording import many, nothing_found

if TYPE_CHECKING:
    from napari_unet.inference.files import Segmented
    from napari_unet.inference.worker import Work

    Segmenting = Callable[[Path], Generator[Event, None, Segmented]]


def predict(
    image: list[Path],
    /,
    *,
    out: Path,
    model: ModelName = DEFAULT_MODEL,
    probabilities: Switch = False,
    measurements: Switch = False,
    rois: Switch = False,
    axes: str | None = None,
    channel: int | None = None,
    workers: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    scheduler: str | None = None,
    settings: Annotated[PredictSettings, FLAT] = PredictSettings(),  # noqa: B008 (frozen)
    mask: Annotated[MaskSettings, OF_THE_MODEL] = MaskSettings(),  # noqa: B008 (frozen)
    shown: Annotated[InputSettings, OF_THE_MODEL] = InputSettings(),  # noqa: B008 (frozen)
) -> bool:
    """Segment images: find the objects of each and write them as a mask.

    Writes `<stem>_masks.tif` for each image: 0 is background, every other number one object; of a
    model of classes the class of each pixel, unless --objects-of asks for the objects of one.
    A stack is done plane by plane. An image that cannot be done is named, and the others are done.
    Zarr arrays, and TIFF files of more than 67 megapixels, are read and written tile by tile, so
    that they need not fit into memory: the results are zarr arrays, and a run that was interrupted
    goes on where it was.
    Of OME-Zarr (0.4, 0.5) and OME-TIFF the file itself says what its axes are, and the masks get
    its scale and units: those of `a.ome.zarr` are `a_masks.ome.zarr/labels/masks`, with as many
    levels as the image.

    Parameters
    ----------
    image
        Image files (png, tif, jpg, zarr), or folders of them.
    out
        Folder for the results; made if it is not there.
    probabilities
        Also write `<stem>_probabilities.tif`: float32, a channel for each class.
    measurements
        Also write `<stem>_measurements.csv`: place, area, shape and intensity of each object. Not
        of images that are read tile by tile.
    rois
        Also write `<stem>_rois.zip`: the outline of each object, for ImageJ's ROI Manager. Not of
        images that are read tile by tile.
    axes
        What the axes of the files mean, such as ZCYX; left out, OME files say it themselves, and of
        others it is read off their shape.
    channel
        The only channel to look at, counted from 1. Of colour images 1 to 3 are red, green and
        blue, and 4 is the blue stain of nuclei (haematoxylin).
    workers
        Share the images among so many processes on this computer, each with one thread: results
        are those of one thread, to the bit. Needs `pip install napari-unet-finetune[cluster]`.
    scheduler
        Share them among the workers of a scheduler, by its address: start `dask scheduler`, and
        `dask worker ADDRESS --nthreads 1` on each computer. All have to be installed alike, and see
        images, model and --out under the same names.
    """
    from napari_unet.images.classes import classes_in_mask
    from napari_unet.inference.files import Reading
    from napari_unet.inference.places import image_files
    from napari_unet.inference.worker import Work
    from napari_unet.models.archive import read_card
    from napari_unet.models.library import find

    if workers and scheduler:
        raise WrongCall("Give --workers or --scheduler: a scheduler has workers of its own.")
    files = image_files(image, out)
    path_of_model = find(model)
    card = read_card(path_of_model)
    mask = mask_of_call(card, mask)
    classes = classes_in_mask(card.classes, mask)
    _refuse_of_classes(classes, {"--measurements": measurements, "--rois": rois})
    _make_folder(out)
    work = Work(
        uuid4().hex,
        path_of_model,
        card.input.model_copy(update=chosen(shown)),
        out,
        settings,
        mask,
        Reading(axes and axes.upper(), None if channel is None else channel - 1),
        probabilities,
        measurements,
        rois,
    )
    undone = 0
    with _segmenter(work, files, workers, scheduler) as segmenting:
        for path in files:
            try:
                result = run(segmenting(path), path.name)
            except (ValueError, OSError) as error:
                print(f"napari-unet: {_why(path, error)}", file=sys.stderr)
                undone += 1
                continue
            _tell(path, result, classes, mask.threshold)
    if undone and len(files) > 1:
        print(f"napari-unet: {undone} of {len(files)} images failed.", file=sys.stderr)
    return not undone


def _refuse_of_classes(classes: int, wanted: dict[str, bool]) -> None:
    """Refuse what is made of each object where the mask holds classes."""
    for option, is_wanted in wanted.items():
        if is_wanted and classes > 1:
            raise WrongCall(
                f"{option} is for objects, and this mask holds classes: add --objects-of, or leave "
                "it out."
            )


def _make_folder(out: Path) -> None:
    """Make the folder of the results, if it is not there."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"'{out}' is a file, and results need a folder; name another --out.")
    out.mkdir(parents=True, exist_ok=True)


@contextmanager
def _segmenter(
    work: Work, files: list[Path], workers: int | None, scheduler: str | None
) -> Iterator[Segmenting]:
    """What segments an image: this process, or a cluster where one is asked for."""
    model = work.load()
    if not (workers or scheduler):
        yield lambda path: work.segmenting(model, path)
        return
    from napari_unet.inference.cluster import OnCluster, connected

    with connected(workers, scheduler) as client:
        yield OnCluster(client, work, model, files).segmenting


def _why(path: Path, error: ValueError | OSError) -> str:
    """Say why an image failed, and which."""
    from napari_unet.inference.prepare import TooManyChannels

    sentence = failed(error).sentence
    if isinstance(error, TooManyChannels):
        sentence += " Give --channel, counted from 1, or --axes ZYX if these are slices."
    return sentence if path.name in sentence else f"{path.name}: {sentence}"


def _tell(path: Path, made: Segmented, classes: int, threshold: float) -> None:
    """Say what was made of an image."""
    found = many(made.objects, "object")
    if classes > 1:
        found = f"{made.objects} of {classes} classes"
    print(f"{path.name}: {found} ({made.reading}) -> {made.masks}")
    if not made.objects:
        print(nothing_found(made.highest, threshold), file=sys.stderr)
