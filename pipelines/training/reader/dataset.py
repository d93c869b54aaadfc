"""Labelled and unlabelled photos in memory: small copies, teacher masks, labels as samples.

Labels are lines of JSON, one a photo: "photo" (path below the photos' folder), "ok", "category", "sleeve", "neckline",
"closure", "laid", "face", "garments" (1 or more), "cloth", "points" (landmark -> fractions of width and height, sides
the wearer's as seen from the front), "hidden" (names of estimated points).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image

from pipelines.training.reader.samples import UNKNOWN, Sample, as_array, missed_cloth, parts_from_points
from vmodel.garment.recognition.network import CHOICES, LANDMARKS, PARTS
from vmodel.types import FloatArray

WORK_SIDE: Final = 416
"""Longer side in pixels of the copies that are kept in memory."""
HIDDEN_WEIGHT: Final = 0.35
"""Weight of a point that was estimated by eye, relative to one that was seen."""
_BY_FOLDER: Final[Mapping[str, str]] = {
    "pants": "trousers", "shorts": "shorts", "skirt": "skirt", "dress": "dress", "t-shirt": "top", "polo": "top",
    "undershirt": "top", "hoodie": "top", "blazer": "outerwear", "outwear": "outerwear", "hat": "none",
    "shoes": "none",
}  # fmt: skip
"""Folder of the photo collection -> kind, where nearly all of the labelled photos of the folder are of one."""
NO_GARMENTS: Final = frozenset(folder for folder, kind in _BY_FOLDER.items() if kind == "none")
"""Folders of photos that show no garment."""


def read_labels(paths: list[Path]) -> dict[str, dict[str, Any]]:
    """Return labels by photo; a later file's line replaces an earlier one's."""
    lines = (json.loads(line) for path in paths for line in path.read_text().splitlines() if line.strip())
    return {line["photo"]: line for line in lines}


def labelled_samples(copies: Path, labels: Mapping[str, dict[str, Any]]) -> Iterator[Sample]:
    """Yield samples of labelled photos whose garment can be read.

    Args:
        copies: folder of ``prepare``.
        labels: from ``read_labels``.
    """
    for photo, label in labels.items():
        if not label["ok"] or not (copies / photo).with_suffix(".mask.png").is_file():
            continue
        rgb, mask, trusted = _load(copies, photo)
        height, width = rgb.shape[:2]
        points = {
            name: np.array(at, np.float64) * (width, height)
            for name, at in label["points"].items()
            if name in LANDMARKS
        }
        choices = _choices(label)
        parts = parts_from_points(mask, points, choices)
        weight = np.ones(len(LANDMARKS), np.float32)
        for name in label.get("hidden", ()):
            if name in LANDMARKS:
                weight[LANDMARKS.index(name)] = HIDDEN_WEIGHT
        missed = missed_cloth(mask, points)
        parts[missed] = UNKNOWN
        mask = np.where(missed, np.float32(np.nan), np.where(parts == PARTS.index("hanger"), np.float32(0), mask))
        yield Sample(rgb, mask if trusted else None, parts, as_array(points), weight, choices)


def unlabelled_samples(copies: Path, known: set[str], split: str = "home/train") -> Iterator[Sample]:
    """Yield samples of all other photos of the training split: the teacher's mask, and the folder's kind."""
    for path in sorted(copies.glob(f"{split}/*/*.jpg")):
        photo = str(path.relative_to(copies))
        if photo in known or not path.with_suffix(".mask.png").is_file():
            continue
        rgb, mask, trusted = _load(copies, photo)
        kind = _BY_FOLDER.get(path.parent.name)
        if kind == "none":
            trusted = False
        nothing = np.full((len(LANDMARKS), 2), np.nan, np.float32)
        parts = np.full(mask.shape, 255, np.uint8)
        choices = {} if kind is None else {"category": kind}
        yield Sample(rgb, mask if trusted else None, parts, nothing, np.zeros(len(LANDMARKS), np.float32), choices)


def _choices(label: Mapping[str, Any]) -> dict[str, str]:
    found = {name: str(label[name]) for name in CHOICES if name in label and str(label[name]) in CHOICES[name]}
    if label.get("category") in {"trousers", "shorts", "skirt"}:
        found.pop("closure", None)  # labellers disagree on what a shut fly is
    if "garments" in label:
        found["garments"] = "one" if label["garments"] == 1 else "several"
    return found


def _load(copies: Path, photo: str) -> tuple[Any, FloatArray, bool]:
    """Load picture and mask at ``WORK_SIDE``, and whether the mask is trusted (not struck out by eye)."""
    path = (copies / photo).with_suffix(".jpg")
    corrected = path.with_suffix(".corrected.png")
    mask_path = corrected if corrected.is_file() else path.with_suffix(".mask.png")
    rgb = np.asarray(Image.open(path).convert("RGB"))
    mask = np.asarray(Image.open(mask_path).convert("L"), np.float32) / 255
    scale = min(1.0, WORK_SIDE / max(rgb.shape[:2]))
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    return (
        cv2.resize(rgb, size, interpolation=cv2.INTER_AREA),
        cv2.resize(mask, size, interpolation=cv2.INTER_AREA),
        not path.with_suffix(".bad").exists(),
    )
