"""Which numbers tell wrong objects from right ones, and what disagreement adds to them.

``python -m benchmarks.ranking --out benchmarks/ranking.json`` measures every object that the
starter models find on every fifth training image of dsb2018, fits logistic regressions of "no true
object has an IoU above 0.5 with it" to them, and scores these on the val images. The fits to both
models together are the weights of `napari_unet.session.worth`: of objects, and of the places where
one may be missing ("more than half of a true object that was not found lies in its box").
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from scipy.optimize import minimize
from scipy.stats import rankdata

from benchmarks.data import Annotated, load
from napari_unet.images.instances import instances
from napari_unet.images.overlaps import overlaps
from napari_unet.images.uncertainty import doubts
from napari_unet.inference.predict import predict
from napari_unet.models.library import load_model
from napari_unet.models.model import Model
from napari_unet.schema.settings import PredictSettings

SIDE_PX = 384
Table = dict[str, np.ndarray]
"""A column for each measure of objects; "place ...": of places where one may be missing."""
PLACE_MEASURES = ("place unsure", "place size")
MEASURES = ("unsure", "unstable", "large", "small", "odd", "contact")
RANKINGS: Mapping[str, tuple[str, ...]] = {
    "border": ("border",),
    "whole object": ("unsure",),
    "low against high threshold": ("unstable",),
    "all measures": MEASURES,
    "flips alone": ("flips",),
    "all measures + flips": (*MEASURES, "flips"),
    "heads alone": ("heads",),
    "all measures + heads": (*MEASURES, "heads"),
}


def probabilities(model: Model, image: np.ndarray, head: Any = "accurate") -> np.ndarray:
    """float32 (y, x)."""
    settings = PredictSettings(device="cpu", head=head)
    return np.asarray(predict(image, model, settings).probabilities[0])


def disagreements(model: Model, image: np.ndarray, found: np.ndarray) -> Iterator[tuple[str, Any]]:
    """Maps of what another look at the same image says: (y, x) each."""
    across = probabilities(model, image[:, ::-1])[:, ::-1]
    down = probabilities(model, image[::-1])[::-1]
    yield "flips", (abs(found - across) + abs(found - down)) / 2
    if model.card.network == "unet++":
        yield "heads", abs(probabilities(model, image, "L3") - probabilities(model, image, "L4"))


def table(model: Model, image: Annotated) -> Table:
    """What is measured of each object, and whether it is wrong."""
    found = probabilities(model, image.image)
    labels = instances(found, model.card.mask)
    rows = doubts(labels, found, model.card.mask.threshold)
    objects = rows.ids > 0
    ids = rows.ids[objects]
    columns = {name: column[objects] for name, column in rows.measures._asdict().items()}
    columns["large"] = np.maximum(columns["size"], 0)
    columns["small"] = np.maximum(-columns["size"], 0)
    unsure = np.maximum(0, 1 - abs(found - 0.5) / 0.4)
    columns["border"] = np.asarray(ndimage.mean(unsure, _band(labels), ids))
    for name, disagreement in disagreements(model, image.image, found):
        columns[name] = np.asarray(ndimage.mean(disagreement, labels, ids))
    pairs = overlaps(labels, image.labels)
    columns["wrong"] = ~np.isin(ids, pairs.first[pairs.iou > 0.5])
    columns["place unsure"] = rows.measures.unsure[~objects]
    columns["place size"] = rows.measures.size[~objects]
    missed = np.where(np.isin(image.labels, pairs.second[pairs.iou > 0.5]), 0, image.labels)
    columns["place wrong"] = np.array([_misses(missed, b) for b in rows.boxes[~objects]], bool)
    return columns


def _misses(missed: np.ndarray, box: np.ndarray) -> bool:
    """Whether more than half of an object lies in the box."""
    y0, x0, y1, x1 = box
    inside = np.bincount(missed[y0:y1, x0:x1].ravel(), minlength=int(missed.max()) + 1)
    return bool((inside[1:] > np.bincount(missed.ravel())[1:] / 2).any())


def _band(labels: np.ndarray) -> np.ndarray:
    """Two pixels of each object and two around it, with its id."""
    grown = np.where(labels > 0, labels, ndimage.maximum_filter(labels, 5))
    inner = ndimage.minimum_filter(labels, 5) == ndimage.maximum_filter(labels, 5)
    return np.where(inner, 0, grown)


def tables(model: Model, split: str, every: int) -> Table:
    """The objects of many images."""
    part = (slice(SIDE_PX), slice(SIDE_PX))
    images = [
        a._replace(image=a.image[part], labels=a.labels[part]) for a in load("dsb2018", split)
    ]
    found = [table(model, image) for image in images[::every]]
    return {name: np.concatenate([t[name] for t in found]) for name in found[0]}


def fit(columns: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Logistic regression with a slight ridge: the constant, then a weight for each column."""
    middle, spread = columns.mean(axis=0), columns.std(axis=0)
    rows = np.column_stack([np.ones(len(columns)), (columns - middle) / spread])

    def loss(weights: np.ndarray) -> float:
        logits = rows @ weights
        likelihood = np.logaddexp(0, logits) - wrong * logits
        return float(np.mean(likelihood) + 1e-3 * np.sum(weights[1:] ** 2))

    weights = minimize(loss, np.zeros(rows.shape[1])).x
    slopes = weights[1:] / spread
    return np.array([weights[0] - slopes @ middle, *slopes])


def auroc(score: np.ndarray, wrong: np.ndarray) -> float:
    """How often a wrong object has a higher score than a right one."""
    ranks, n = rankdata(score)[wrong], int(wrong.sum())
    return float((ranks.sum() - n * (n + 1) / 2) / (n * (len(wrong) - n)))


def judged(train: Table, val: Table) -> dict[str, Any]:
    """The row of each ranking: AUROC, and how many of the first tenth are wrong."""
    rows = {}
    for name, columns in RANKINGS.items():
        if any(column not in train for column in columns):
            continue
        weights = fit(np.column_stack([train[c] for c in columns]), train["wrong"])
        score = np.column_stack([val[c] for c in columns]) @ weights[1:]
        first = np.argsort(-score)[: len(score) // 10]
        rows[name] = {
            "auroc": auroc(score, val["wrong"]),
            "first_tenth": float(val["wrong"][first].mean()),
            "weights": weights.tolist(),
        }
    return rows


def fitted(found: Sequence[Table], names: Sequence[str]) -> list[float]:
    """The weights of several tables together; the last name is what is to be told."""
    columns = [np.concatenate([t[name] for t in found]) for name in names]
    weights: list[float] = fit(np.column_stack(columns[:-1]), columns[-1]).round(2).tolist()
    return weights


def main() -> None:
    """Measure both models, then fit both together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    results: dict[str, Any] = {}
    trained: list[Table] = []
    for name in ("nuclei-unet", "nuclei-unetplusplus"):
        model = load_model(name)
        train, val = tables(model, "train", 5), tables(model, "val", 1)
        trained.append(train)
        results[name] = {
            "objects": len(val["wrong"]),
            "wrong": float(val["wrong"].mean()),
            "rankings": judged(train, val),
        }
        print(json.dumps(results[name], indent=1), flush=True)
    results["object weights"] = fitted(trained, (*MEASURES, "wrong"))
    results["place weights"] = fitted(trained, (*PLACE_MEASURES, "place wrong"))
    out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
