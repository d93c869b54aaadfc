"""Train the layers that see sleeves which lie on the front: ``python -m pipelines.training.reader.layers.sleeves``.

``sleeves.jsonl`` has polygons of such sleeves, drawn by eye: all of a sleeve's cloth that is seen. Half of the photos
only measure. Most of what the layers learn from is made: sleeves that lie free are cut out of their photos and laid
across the fronts. Photos without such sleeves, and fronts with pockets, bands and scarves, say what is none. The
encoder stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageOps
from rich.progress import track

from pipelines.training.reader.augment import relit
from pipelines.training.reader.layers.closeups import View, fit_decoder, jittered, reduced, run
from pipelines.training.reader.synthetic.folded_sleeves import fold, with_distractor
from vmodel.garment.recognition.network import PARTS, SURFACE_SIZE, GarmentReaderNet
from vmodel.garment.recognition.reader import read_photo
from vmodel.garment.recognition.views import resampled
from vmodel.types import BoolArray, ByteArray, FloatArray

SLEEVES: Final = Path(__file__).with_name("sleeves.jsonl")
LABELS: Final = Path(__file__).parents[1] / "labels.jsonl"
SIDES: Final = ("left", "right")
VIEWS: Final = 4
"""Number of views of a photo without labelled sleeves, some of them with sleeves laid on the front."""
COUNT: Final = 390
"""Number of photos without labelled sleeves."""
_OF_LABELLED: Final = 12
"""Number of views of one whose sleeves are labelled."""
_FOLDED, _DISTRACTED = 0.62, 0.15
"""Shares of the others' views in which sleeves are laid on the front, and in which something else is."""
_CELLS: Final = SURFACE_SIZE // 4
_FILLS: Final = 0.86
"""Share of a view's side that a garment fills."""
_GROUND: Final = 0.2
"""Weight of places off the garment."""
_CORNERS: Final = ("shoulder", "armpit", "cuff_outer", "cuff_inner")
_LONG: Final = frozenset({"long", "three-quarter"})


@dataclass(frozen=True, eq=False)
class SleevedPhoto:
    """Photo of a garment of which is known where its sleeves lie on the front.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8, small.
        mask: (H, W) bool, the garment as the reader sees it.
        affine: (2, 3) to the view, ``SURFACE_SIZE`` pixels wide.
        lying: (2, H, W) bool, the left and the right sleeve, where they lie on the front.
        unsure: (H, W) bool.
        free: (2, H, W) bool, sleeves that lie free.
        corners: (2, 4, 2) pixels of these.
        is_labelled: its sleeves were drawn by eye.
    """

    photo: str
    rgb: ByteArray
    mask: BoolArray
    affine: FloatArray
    lying: BoolArray
    unsure: BoolArray
    free: BoolArray
    corners: FloatArray
    is_labelled: bool


def read_labelled(
    network: GarmentReaderNet, photos: Path, measured: bool, sleeves: Path = SLEEVES
) -> Iterator[SleevedPhoto]:
    """Yield the photos whose lying sleeves were drawn.

    Args:
        network: the reader, which finds the garment.
        photos: their folder.
        measured: those that only measure, or the others.
        sleeves: lines of JSON: "photo", "left" and "right", polygons whose points are fractions of the photo's width
            and height, "unsure", polygons of which one could not be sure, and "measured".
    """
    for line in track(sleeves.read_text().splitlines(), "labelled"):
        label = json.loads(line)
        if label.get("measured", False) == measured and (photos / label["photo"]).is_file():
            yield sleeved(network, photos / label["photo"], label)


def read_free(network: GarmentReaderNet, photos: Path, count: int, rng: np.random.Generator) -> Iterator[SleevedPhoto]:
    """Yield photos of tops, dresses and jackets, whose sleeves all lie free, or that have none."""
    named = {json.loads(line)["photo"] for line in SLEEVES.read_text().splitlines()}
    labels = [json.loads(line) for line in LABELS.read_text().splitlines()]
    usable = [each for each in labels if _is_usable(each) and each["photo"] not in named]
    long = [each for each in usable if each["sleeve"] in _LONG]
    rest = [each for each in usable if each["sleeve"] not in _LONG]
    shares = ((long, 0.8), (rest, 0.2))
    chosen = [each[int(n)] for each, part in shares for n in rng.permutation(len(each))[: round(part * count)]]
    for label in track(chosen, "free"):
        if (photos / label["photo"]).is_file():
            yield sleeved(network, photos / label["photo"], {"photo": label["photo"]})


def _is_usable(label: Mapping[str, Any]) -> bool:
    shown = label["category"] in {"top", "outerwear", "dress"} and label["laid"] in {"flat", "hanger"}
    return shown and bool(label.get("ok")) and label["garments"] == 1 and label["face"] == "front"


def sleeved(network: GarmentReaderNet, path: Path, label: Mapping[str, Any]) -> SleevedPhoto:
    """Read a photo, and draw its label."""
    rgb = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    reading = read_photo(network, rgb)
    size, affine = reduced(rgb.shape, reading.surface.affine)
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    mask = cv2.resize(reading.mask, size, interpolation=cv2.INTER_LINEAR) > 0.5
    parts = cv2.resize(reading.parts, size, interpolation=cv2.INTER_NEAREST)
    ratio = np.array(size) / rgb.shape[1::-1]
    corners = np.array([[reading.points_px[f"{name}_{side}"] * ratio for name in _CORNERS] for side in SIDES])
    lying = np.stack([_filled([label[side]] if side in label else [], size) & mask for side in SIDES])
    is_labelled = bool(lying.any())
    free = np.stack([_largest((parts == PARTS.index(f"sleeve_{side}")) & mask) & (not is_labelled) for side in SIDES])
    unsure = _filled(label.get("unsure", []), size)
    return SleevedPhoto(str(label["photo"]), small, mask, affine, lying, unsure, free, corners, is_labelled)


def _filled(polygons: list[list[list[float]]], size: tuple[int, int]) -> BoolArray:
    face = np.zeros(size[::-1], np.uint8)
    for each in polygons:
        cv2.fillPoly(face, [np.round(np.array(each) * size).astype(np.int32)], 1)
    return np.asarray(face > 0)


def _largest(mask: BoolArray) -> BoolArray:
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return np.zeros_like(mask)
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def view_of(cloths: Sequence[ByteArray], photo: SleevedPhoto, rng: np.random.Generator) -> View:
    """Return a photo as the reader may see it; sleeves are laid on its front, or what is none.

    Args:
        cloths: (H, W, 3) uint8 photos, for what is laid on the front.
        photo: with its label.
        rng: source of all randomness.
    Returns:
        The view, the share of each cell that the left and the right lying sleeve cover, (2, S, S), and its weight.
    """
    rgb, mask, lying, unsure, affine = photo.rgb, photo.mask, photo.lying, photo.unsure, photo.affine
    chance = 1.0 if photo.is_labelled else rng.random()
    if chance < _FOLDED and photo.free.any():
        laid = fold(rgb, mask, photo.free, photo.corners, rng)
        rgb, mask, lying, unsure = laid.rgb, laid.garment, laid.lying, laid.unsure
        affine = _refilled(affine, mask)
    elif chance < _FOLDED + _DISTRACTED:
        other = cloths[int(rng.integers(len(cloths)))]
        rgb = with_distractor(rgb, mask, np.asarray(cv2.resize(other, rgb.shape[1::-1])), rng)
    affine = jittered(affine, rng, SURFACE_SIZE)
    picture = relit(resampled(rgb, affine, SURFACE_SIZE), rng)
    planes = np.stack([_seen(each, affine) for each in (*lying, mask, unsure)])
    if rng.random() < 0.5:
        picture, planes = np.ascontiguousarray(picture[:, ::-1]), planes[[1, 0, 2, 3], :, ::-1]
    weight = (_GROUND + (1 - _GROUND) * planes[2]) * (planes[3] < 0.05)
    return picture, np.ascontiguousarray(planes[:2]), np.stack([weight, weight])


def _seen(plane: BoolArray, affine: FloatArray) -> FloatArray:
    """Return the (S, S) float32 share of each cell of a view."""
    shown = resampled(np.repeat(plane[..., None] * np.uint8(255), 3, 2), affine, SURFACE_SIZE)[..., 0]
    return np.asarray(cv2.resize(np.float32(shown) / 255, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA))


def _refilled(affine: FloatArray, garment: BoolArray) -> FloatArray:
    """Scale a (2, 3) map to the view so that the garment fills it, as the reader does."""
    rows, columns = np.nonzero(garment)
    spots = np.stack([columns, rows], 1) @ affine[:, :2].T
    low, high = np.percentile(spots, 0.5, axis=0), np.percentile(spots, 99.5, axis=0)
    scale = _FILLS * SURFACE_SIZE / max(float((high - low).max()), 8.0)
    return np.column_stack([scale * affine[:, :2], SURFACE_SIZE / 2 - scale * (low + high) / 2])


def fit(
    network: GarmentReaderNet, labelled: list[SleevedPhoto], free: list[SleevedPhoto], rng: np.random.Generator
) -> None:
    """Fit ``network.sleeves``; see ``fit_decoder``."""
    known = labelled * (_OF_LABELLED // VIEWS) + free
    cloths = [each.rgb for each in free]
    fit_decoder(network.sleeves, network.sleeves_of, known, partial(view_of, cloths), rng, VIEWS)


def _fit(network: GarmentReaderNet, photos: Path, rng: np.random.Generator) -> None:
    labelled = list(read_labelled(network, photos, measured=False))
    fit(network, labelled, list(read_free(network, photos, COUNT, rng)), rng)


def main() -> None:
    """Run from the command line."""
    run(__doc__, _fit)


if __name__ == "__main__":
    main()
