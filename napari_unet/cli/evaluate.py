"""``napari-unet evaluate``."""

from __future__ import annotations

from typing import Annotated, Any

from napari_unet.cli.options import (
    OF_THE_MODEL,
    Images,
    Json,
    Labels,
    ModelName,
    Switch,
    mask_of_call,
)
from napari_unet.cli.progress import run
from napari_unet.cli.report import ALL_SCORES, print_membrane_scores, print_scores, write_json
from napari_unet.models.library import DEFAULT_MODEL
from napari_unet.schema.settings import Device, MaskSettings


def evaluate(
    *,
    images: Images,
    labels: Labels = None,
    model: ModelName = DEFAULT_MODEL,
    device: Device = "auto",
    membranes: Switch = False,
    json_: Json = None,
    mask: Annotated[MaskSettings, OF_THE_MODEL] = MaskSettings(),  # noqa: B008 (frozen)
) -> None:
    """Score a model's masks against labels that are right, image by image and together.

    iou and dice compare pixels; f1_50 counts an object as found where it covers more than half of
    what it and the true one cover together; mean_ap asks for ever better outlines; aji adds up what
    is right of all objects. 1 is perfect. pixel_error is the share of wrong pixels, and
    hausdorff_95_px how far the outlines of found objects lie apart, in pixels. 0 is perfect.
    docs/scores.md explains each.

    Of a model of classes, every class gets its iou and dice, over the pixels of all images; the
    means are those of all classes that occur, background included. Labels are classes then.

    Parameters
    ----------
    device
        Where the network runs; 'auto' tries the GPU first.
    membranes
        For images that are wholly divided by membranes, as tissue in an electron microscope, with
        labels that are 0 on membranes alone: also give the scores of the ISBI 2012 challenge
        (V_rand, V_info, Rand, pixel and warping error), each at its best threshold. For other
        images they say nothing.
    """
    from napari_unet.images.pairs import pair
    from napari_unet.models.library import load_model
    from napari_unet.training.evaluate import evaluation
    from napari_unet.training.folders import annotated_in

    pairs = pair(images, labels)
    loaded = load_model(model)
    as_wanted = mask_of_call(loaded.card, mask)
    found = run(
        evaluation(loaded, annotated_in(pairs, loaded.card.classes), as_wanted, device, membranes),
        "evaluate",
    )
    named = [(p.stem, scores) for p, scores in zip(pairs, found.per_image, strict=True)]
    together = (f"together ({len(pairs)})", found.scores)
    print_scores("image", [*named, together], loaded.card.names_of_classes, ALL_SCORES)
    content: dict[str, Any] = {
        "model": loaded.card.name,
        "model_id": loaded.card.id,
        "classes": list(loaded.card.names_of_classes),
        "images": [{"image": name, **scores.model_dump()} for name, scores in named],
        "together": found.scores.model_dump(),
    }
    if found.membranes is not None:
        stems = [p.stem for p in pairs]
        of_each = list(zip(stems, found.membranes_per_image, strict=True))
        print_membrane_scores("membranes", [*of_each, (together[0], found.membranes)])
        content["membranes"] = {
            "images": [{"image": name, **scores.model_dump()} for name, scores in of_each],
            "together": found.membranes.model_dump(),
        }
    write_json(json_, content)
