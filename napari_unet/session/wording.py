"""What the panel says in words: plain sentences made from records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from napari_unet.models.library import Entry
from napari_unet.schema.events import Progress
from napari_unet.schema.input import InputSettings
from napari_unet.schema.model_card import ModelCard, Scores
from napari_unet.schema.requests import Checked
from napari_unet.session.edits import Edit, Kind
from napari_unet.session.history import Tally
from napari_unet.session.journal import Found
from napari_unet.session.stops import Looked, Share, Stop

NO_IMAGE = "No image is open. Drag one into the window, or try File > Open Sample > U-Net."
CONFIRM_FIRST = (
    "Confirm a region first: correct what is wrong in it, then press “This region is right”. "
    "A model that learns from single strokes alone gets worse."
)
_FEWEST_DRAWN = 3
"""Of fewer objects nobody should speak of a share."""
_SMALLEST_THRESHOLD = 0.01
"""That people can choose; see `MaskSettings`."""
_DOING = {
    "model": "Loading the model",
    "device": "Trying the device",
    "input": "Trying inputs",
    "weight map": "Preparing region",
    "tile": "Tile",
    "step": "Step",
}


def fine_tune_text(tally: Tally, others: int = 0, noun: str = "object") -> str:
    """What the big button says: what it will learn from.

    Parameters
    ----------
    tally
        Of the images that are open.
    others
        How many images of the folder it takes along that are not open.
    noun
        What their masks hold.
    """
    here = _what_is_learned(tally, noun)
    if not others:
        return here
    more = "more image" if tally.regions or tally.checked else "image"
    return f"{here} {'and' if more != 'image' else 'on'} {many(others, more)}"


def _what_is_learned(tally: Tally, noun: str) -> str:
    if not tally.regions and not tally.checked:
        return "Fine-tune"
    checked = many(tally.checked, "checked object")
    if not tally.regions:
        return f"Fine-tune on {checked}" + (f", {tally.inside} corrected" if tally.inside else "")
    region = many(tally.regions, "region" if tally.inside else "confirmed region")
    objects = f"{many(tally.inside, f'corrected {noun}')} in " if tally.inside else ""
    return f"Fine-tune on {objects}{region}" + (f" and {checked}" if tally.checked else "")


def outside_text(tally: Tally, noun: str = "object") -> str:
    """What is left out of training, and how to change that; empty if nothing is."""
    if not tally.outside:
        return ""
    lie = "lies" if tally.outside == 1 else "lie"
    return (
        f"{many(tally.outside, f'corrected {noun}')} {lie} outside of all that is confirmed and "
        "will not be learned: confirm the region around."
    )


def count_text(tally: Tally, noun: str = "object") -> str:
    """How much has been corrected and confirmed; the noun is what a mask holds."""
    counts = [f"{many(tally.inside + tally.outside, noun)} corrected"]
    if tally.checked:
        counts.append(f"{tally.checked} checked")
    if tally.regions or not tally.checked:
        counts.append(f"{many(tally.regions, 'region')} confirmed")
    return ", ".join(counts)


_DID: dict[Kind, str] = {
    "paint": "a painted stroke",
    "erase": "an erased stroke",
    "fill": "a filled object",
    "polygon": "a drawn polygon",
    "edit": "an edit",
    "encircle": "an encircled object",
    "delete": "a deleted object",
    "merge": "merged objects",
    "split": "a split object",
    "fill holes": "filled holes",
    "tidy": "tidied objects",
    "unsure": "pixels marked as unknown",
    "confirm": "a confirmed region",
    "right": "an object checked as right",
    "wrong": "an object checked as wrong",
    "segment": "a new mask by the model",
    "import": "imported masks",
    "replace": "replaced masks",
    "start": "all that came before",
}


def edit_text(edit: Edit) -> str:
    """What was done, as a noun: "a painted stroke"."""
    return _DID[edit.kind]


def when_text(then: datetime) -> str:
    """A moment for people: "today 14:02", "3 March, 14:02"."""
    now, clock = datetime.now(), f"{then:%H:%M}"
    if then.date() == now.date():
        return f"today {clock}"
    year = "" if then.year == now.year else f" {then.year}"
    return f"{then.day} {then:%B}{year}, {clock}"


def done_text(found: Found) -> str:
    """What an earlier session did: "37 corrections from today 14:02"."""
    counts = {"correction": found.corrections, "confirmation": found.confirmations}
    what = " and ".join(many(n, noun) for noun, n in counts.items() if n)
    return f"{what} from {when_text(datetime.fromtimestamp(found.last))}"


def restore_text(found: Sequence[Found]) -> str:
    """Asks whether to restore what an earlier session did, or which of several."""
    first, *others = found
    what = f"one of {len(found)} earlier sessions" if others else done_text(first)
    return f"Restore {what}?"


def moved_text(found: Found, path: str) -> str:
    """Says so if the corrections were made in another copy of the file."""
    made = found.identity.path
    return f"They were made in the same image at {made}." if made and made != path else ""


def exported_text(planes: int, folder: Path, note: str) -> str:
    """Where corrections were saved."""
    saved = f"{many(planes, 'plane')} saved as image, masks and known pixels in {folder}."
    return f"{saved} {note}".strip()


def files_text(files: Sequence[Path]) -> str:
    """Where masks were saved, in one folder."""
    return f"Saved in {files[0].parent}: {', '.join(path.name for path in files)}."


def stop_text(stop: Stop | None, *, fixing: bool) -> str:
    """What there is to look at."""
    if stop is None:
        return "Looking for doubtful objects …"
    if fixing:
        return "Paint it right, then press Space."
    if stop.audit:
        return "Drawn at random: is it right?"
    return ", ".join(stop.reasons).capitalize() or "Is it right?"


def looked_text(looked: Looked) -> str:
    """How far one has come: "23 looked at, 9 fixed, 4 min"."""
    if not looked.stops:
        return ""
    return f"{looked.stops} looked at, {looked.fixed} fixed, {_about(looked.seconds)}"


def share_text(share: Share | None) -> str:
    """How good the mask is: "About 87 % of the objects are right (64 to 97 %, from 15)"."""
    if share is None or share.drawn < _FEWEST_DRAWN:
        return ""
    low, high = share.low * 100, share.high * 100
    return (
        f"About {share.share * 100:.0f} % of the objects were right "
        f"({low:.0f} to {high:.0f} %, from {share.drawn} at random)."
    )


def all_looked_at_text(looked: Looked, share: Share | None) -> str:
    """What to say when there is nothing left to look at."""
    parts = ("All objects have been looked at.", looked_text(looked), share_text(share))
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts if part)


def _about(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def progress_text(progress: Progress | None) -> str:
    """What a job is doing, and how long it will take."""
    if progress is None:
        return "Starting"
    phase = _DOING.get(progress.phase, progress.phase.capitalize())
    counted = f" {min(progress.done + 1, progress.total)} of {progress.total}"
    text = phase + (counted if progress.total > 1 else "")
    return text + (f", {duration(progress.seconds_left)} left" if progress.seconds_left else "")


def duration(seconds: float) -> str:
    """A time for people: "8 s", "2 min", "2 min 5 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def model_text(entry: Entry) -> str:
    """One line about a model: what it is, how well it does, and how it is shown images."""
    card = entry.card
    shown = "" if card.input == InputSettings() else f"Input: {card.input.sentence}"
    line = card.description or card.data
    score = "\u00a0".join(_headline(card.scores)) if card.scores else ""
    score += f" on {measured_on(card)}" if score else ""
    return ". ".join(part.rstrip(".") for part in (line, score, shown) if part)


def measured_on(card: ModelCard) -> str:
    """What the scores of a model were measured on: "133 images", "14 held-out objects"."""
    if card.scores is None:
        return ""
    proof = card.training.proof if card.training else None
    if proof is None or not proof.held_out_objects:
        return many(card.scores.images, "image")
    if proof.held_out:
        return many(proof.held_out_objects, "held-out object")
    return f"{many(proof.held_out_objects, 'object')} it learnt from"


def _headline(scores: Scores) -> list[str]:
    name, value = scores.headline
    return [*(name[0].upper() + name[1:]).split(), f"{value:.2f}"]


def model_names(entries: Sequence[Entry]) -> list[str]:
    """The names of models; those that share one are told apart by when they were made."""
    names = [entry.card.name for entry in entries]
    times = [f"{entry.card.created.astimezone():%d %b %H:%M:%S}" for entry in entries]
    pairs = zip(names, times, strict=True)
    return [f"{name}, {time}" if names.count(name) > 1 else name for name, time in pairs]


def device_text(checked: Checked | None, problem: str = "") -> str:
    """Which device is used, and why, in one line."""
    if problem:
        return problem
    if checked is None:
        return "Trying the device …"
    return f"{checked.name}: {checked.why}" if checked.why else checked.name


def found_text(found: int | None, classes: int = 1) -> str:
    """How many objects the model sees in a plane, or how many of its classes."""
    if found is None:
        return "Not segmented yet."
    if classes > 1:
        return f"The model sees {found} of {classes} classes here."
    return f"The model sees {many(found, 'object')} here."


def nothing_found(highest: float, threshold: float) -> str:
    """What to try when a model found no object."""
    if highest <= _SMALLEST_THRESHOLD:
        return (
            "No object was found, for the model sees nothing here: try another channel or model, "
            "or paint some objects and fine-tune."
        )
    if highest <= threshold:
        return (
            f"No object was found: the highest probability is {highest:.2f}, so try a threshold "
            "below that, or paint some objects and fine-tune."
        )
    return "No object was found that is large enough: try a smaller smallest object."


def many(n: int, noun: str) -> str:
    """A number and its noun: "1 region", "3 regions", "2 classes"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}{'es' if noun.endswith('s') else 's'}"
