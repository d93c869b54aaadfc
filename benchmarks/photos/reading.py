"""Comparison of what the product reads in a photo with labels made by eye."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.common.tables import Table
from vmodel.config import Settings
from vmodel.errors import VModelError
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.recognition.kind import seen_by_network, understand
from vmodel.garment.recognition.network import LANDMARKS, load_network
from vmodel.garment.recognition.reader import PhotoReading, read_photo
from vmodel.types import BoolArray, Category, FloatArray, GarmentKind, Landmarks

NEAR = 0.05
"""Largest error of a landmark that counts as found, as a share of the garment's size."""
ATTRIBUTES = ("category", "sleeve", "neckline", "closure")
"""Attributes compared, by their names in the labels."""


@dataclass(frozen=True, eq=False)
class Read:
    """One labelled photo.

    Attributes:
        photo: its path below the folder.
        code: of the refusal; empty if it was read.
        told, seen: attribute -> the value read, and the label's value.
        errors: landmark -> distance from the label's, as a share of the garment's size, without estimated ones.
        overlap: of the mask with the true one, intersection over union; None without a true one.
        seconds: by stage.
    """

    photo: str
    code: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    overlap: float | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    def is_right(self, attribute: str) -> bool:
        """Return whether the attribute was read as labelled."""
        return self.told.get(attribute) == self.seen.get(attribute)


def read_one(path: Path, name: str, label: Mapping[str, Any], mask: Path | None, settings: Settings) -> Read:
    """Read a photo as the product does and compare.

    Args:
        path: the photo.
        name: path in the labels.
        label: of the photo.
        mask: true mask, white is garment; None if there is none.
        settings: for bounds and weights.
    """
    seen = {attribute: str(label[attribute]) for attribute in ATTRIBUTES if label.get(attribute) is not None}
    network = load_network(settings.weights)
    seconds: dict[str, float] = {}
    try:
        with _timed(seconds, "decoding"):
            flat_lay = read_flat_lay(path, settings)
        with _timed(seconds, "network"):
            reading = read_photo(network, flat_lay.rgb)
        with _timed(seconds, "cut-out"):
            cutout = cut_out(flat_lay)
        with _timed(seconds, "landmarks and kind"):
            kind, found = understand(flat_lay, cutout)
        if cutout.source == "alpha":
            reading = read_photo(network, seen_by_network(flat_lay, cutout.source))
        return Read(
            name,
            told=_told(kind, reading, seen),
            seen=seen,
            errors=landmark_errors(label, found, reading, flat_lay.rgb.shape[:2]),
            overlap=None if mask is None or not mask.is_file() else _overlap(cutout.mask, mask),
            seconds=seconds,
        )
    except VModelError as error:
        return Read(name, error.code, seen=seen, seconds=seconds)
    except Exception as error:  # one photo must not end the run
        return Read(name, f"fault: {error!r}"[:80], seen=seen, seconds=seconds)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - begun


def _told(kind: GarmentKind, reading: PhotoReading, seen: Mapping[str, str]) -> dict[str, str]:
    """Return the product's values; the network's own category for kinds that have no pattern."""
    has_pattern = seen.get("category") in set(Category)
    return {
        "category": kind.category.value if has_pattern else reading.best("category"),
        "sleeve": kind.sleeve.value,
        "neckline": kind.neckline.value,
        "closure": reading.best("closure"),
    }


def landmark_errors(
    label: Mapping[str, Any], found: Landmarks, reading: PhotoReading, size: tuple[int, ...]
) -> dict[str, float]:
    """Return each landmark's distance from its label, as a share of the longer side of the labelled landmarks' box.

    Args:
        label: "points" in fractions of width and height; those named by "hidden" were estimated and are left out.
        found: landmarks that the product uses.
        reading: used for landmarks that the kind, as it was read, does not have.
        size: (height, width) of the photo.
    """
    scale = np.array([size[1], size[0]], np.float64)
    points: dict[str, FloatArray] = {name: np.array(at, np.float64) * scale for name, at in label["points"].items()}
    if len(points) < 2:
        return {}
    longer = float(np.ptp(np.array(list(points.values())), axis=0).max())
    hidden = set(label.get("hidden", ()))
    errors = {}
    for name, point in points.items():
        if name in LANDMARKS and name not in hidden:
            at = found.points_px.get(name, reading.points_px[name])
            errors[name] = float(np.linalg.norm(at - point)) / max(longer, 1.0)
    return errors


def _overlap(found: BoolArray, mask: Path) -> float:
    true = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    if true is None:
        raise ValueError(f"{mask.name} is no picture")
    whole = cv2.resize(true, found.shape[::-1], interpolation=cv2.INTER_LINEAR) >= 128
    return float((whole & found).sum() / max((whole | found).sum(), 1))


def reading_tables(reads: Sequence[Read]) -> list[Table]:
    """Return tables of attributes, kinds, landmarks and seconds of all labelled photos."""
    known = [read for read in reads if not read.code]
    if not known:
        return []
    return [_attribute_table(known), _kind_table(reads), _landmark_table(known), _seconds_table(known)]


def reading_findings(reads: Sequence[Read]) -> list[str]:
    """Summarise the reading in sentences with figures."""
    if not reads:
        return []
    known = [read for read in reads if not read.code]
    codes = Counter(read.code for read in reads if read.code)
    refused = ", ".join(f"{count} {code}" for code, count in codes.most_common()) or "none"
    said = [f"{len(known)} of {len(reads)} labelled photos were read; refused: {refused}."]
    errors = np.array([error for read in known for error in read.errors.values()])
    if len(errors):
        said.append(
            f"Landmarks are off by {np.median(errors):.1%} of the garment's size in the middle, by {errors.mean():.1%} "
            f"on average; {np.mean(errors <= NEAR):.0%} of {len(errors)} lie within {NEAR:.0%}."
        )
    overlaps = [read.overlap for read in known if read.overlap is not None]
    if overlaps:
        low = np.percentile(overlaps, 10)
        said.append(
            f"Masks overlap the true ones by {np.mean(overlaps):.3f} on average (intersection over union, "
            f"{len(overlaps)} photos), a tenth of them by less than {low:.3f}."
        )
    return said


def _attribute_table(known: Sequence[Read]) -> Table:
    rows = []
    for attribute in ATTRIBUTES:
        asked = [read for read in known if attribute in read.seen]
        if asked:
            right = sum(read.is_right(attribute) for read in asked)
            wrong = Counter((r.seen[attribute], r.told[attribute]) for r in asked if not r.is_right(attribute))
            often = ", ".join(f"{seen} as {told} ({count})" for (seen, told), count in wrong.most_common(3))
            rows.append([attribute, f"{right} of {len(asked)}", f"{right / len(asked):.0%}", often or "-"])
    return Table("Read right", ["what", "right", "share", "read wrong most often"], rows)


def _kind_table(reads: Sequence[Read]) -> Table:
    rows = []
    for kind, count in Counter(read.seen.get("category", "?") for read in reads).most_common():
        own = [read for read in reads if read.seen.get("category", "?") == kind]
        right = sum(read.is_right("category") for read in own if not read.code)
        refused = sum(bool(read.code) for read in own)
        errors = [error for read in own for error in read.errors.values()]
        near = f"{np.mean(np.array(errors) <= NEAR):.0%}" if errors else "-"
        rows.append([kind, str(count), str(right), str(refused), near])
    return Table("By kind", ["kind", "photos", "read right", "refused", f"landmarks within {NEAR:.0%}"], rows)


def _landmark_table(known: Sequence[Read]) -> Table:
    """Tabulate all landmarks, and each with its twin of the other side."""
    by_name: dict[str, list[float]] = {"all": [error for read in known for error in read.errors.values()]}
    for name in LANDMARKS:
        stem = name.removesuffix("_left").removesuffix("_right")
        by_name.setdefault(stem, []).extend(read.errors[name] for read in known if name in read.errors)
    rows = [
        [
            name,
            str(len(errors)),
            f"{np.median(errors):.1%}",
            f"{np.mean(errors):.1%}",
            f"{np.mean(np.array(errors) <= NEAR):.0%}",
        ]
        for name, errors in by_name.items()
        if errors
    ]
    head = ["landmark", "seen", "median error", "mean error", f"within {NEAR:.0%}"]
    return Table("Landmarks, errors as shares of the garment's size", head, rows)


def _seconds_table(known: Sequence[Read]) -> Table:
    stages = list(known[0].seconds)
    rows = []
    for stage in stages:
        spent = [read.seconds[stage] for read in known]
        rows.append([stage, f"{np.median(spent):.2f}", f"{np.percentile(spent, 90):.2f}"])
    return Table("Seconds a photo", ["stage", "median", "90th percentile"], rows)
