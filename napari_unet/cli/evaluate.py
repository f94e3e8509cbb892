"""``napari-unet evaluate``."""

from __future__ import annotations

from typing import Annotated

from napari_unet.cli.options import OF_THE_MODEL, Images, Json, Labels, ModelName, chosen
from napari_unet.cli.progress import run
from napari_unet.cli.report import print_scores, write_json
from napari_unet.models.library import DEFAULT_MODEL
from napari_unet.schema.settings import Device, MaskSettings


def evaluate(
    *,
    images: Images,
    labels: Labels = None,
    model: ModelName = DEFAULT_MODEL,
    device: Device = "auto",
    json_: Json = None,
    mask: Annotated[MaskSettings, OF_THE_MODEL] = MaskSettings(),  # noqa: B008 (frozen)
) -> None:
    """Score a model's masks against labels that are right, image by image and together.

    iou and dice compare pixels; f1_50 counts an object as found where it covers more than half of
    what it and the true one cover together; mean_ap asks for ever better outlines. 1 is perfect.

    Of a model of classes, every class gets its iou and dice, over the pixels of all images; the
    means are those of all classes that occur, background included. Labels are classes then.

    Parameters
    ----------
    device
        Where the network runs; 'auto' tries the GPU first.
    """
    from napari_unet.images.pairs import pair
    from napari_unet.models.library import load_model
    from napari_unet.training.evaluate import evaluation
    from napari_unet.training.folders import annotated_in

    pairs = pair(images, labels)
    loaded = load_model(model)
    as_wanted = loaded.card.mask.model_copy(update=chosen(mask))
    found = run(
        evaluation(loaded, annotated_in(pairs, loaded.card.classes), as_wanted, device), "evaluate"
    )
    named = [(p.stem, scores) for p, scores in zip(pairs, found.per_image, strict=True)]
    together = (f"together ({len(pairs)})", found.scores)
    print_scores("image", [*named, together], loaded.card.names_of_classes)
    content = {
        "model": loaded.card.name,
        "model_id": loaded.card.id,
        "classes": list(loaded.card.names_of_classes),
        "images": [{"image": name, **scores.model_dump()} for name, scores in named],
        "together": found.scores.model_dump(),
    }
    write_json(json_, content)
