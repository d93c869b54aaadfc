"""Train the layers that tell a garment's surface: ``python -m pipelines.training.reader.layers.surface --photos DIR``.

``surface.jsonl`` has, of photos of garments, polygons drawn by eye: where cloth has another colour than most of the
garment, and what within the reader's outline is not the outer face of its cloth. The encoder stays as it is, so that
nothing else that the reader says changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageOps
from rich.progress import track

from pipelines.training.reader.augment import relit
from pipelines.training.reader.layers.closeups import View, fit_decoder, jittered, reduced, run
from vmodel.garment.recognition.network import SURFACE_SIZE, GarmentReaderNet
from vmodel.garment.recognition.reader import read_photo
from vmodel.garment.recognition.views import resampled
from vmodel.types import ByteArray, FloatArray

SURFACES: Final = Path(__file__).with_name("surface.jsonl")
VIEWS: Final = 6
"""Number of views per garment: the kept features of a view take 0.85 MB."""
_AROUND: Final = 0.3
"""Margin that is kept around the garment's box, as a share of it."""
_CELLS: Final = SURFACE_SIZE // 4
_BAND: Final = 5
"""Width in pixels of the band round the outline in a view, where garment and ground are uncertain."""
_FOREIGN_COUNTS, _GROUND_COUNTS = 3.0, 0.3
"""Weight of foreign pixels, which are rare within a garment, and of ground around it."""


@dataclass(frozen=True, eq=False)
class LabelledSurface:
    """A garment whose surface is known.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8, the photo around it.
        mask: (H, W) uint8, 255 where the reader sees the garment.
        affine: (2, 3) from the photo to its view, ``SURFACE_SIZE`` pixels wide.
        prints: polygons (n, 2) in pixels; None where cloth has several colours nearly everywhere.
        foreign: polygons.
    """

    photo: str
    rgb: ByteArray
    mask: ByteArray
    affine: FloatArray
    prints: tuple[FloatArray, ...] | None
    foreign: tuple[FloatArray, ...]


def read_surfaces(network: GarmentReaderNet, photos: Path, surfaces: Path = SURFACES) -> Iterator[LabelledSurface]:
    """Yield the labelled garments of photos that exist.

    Args:
        network: the reader, which finds the garment.
        photos: their folder.
        surfaces: lines of JSON: "photo", "print" ("none", "some" or "all"), "areas" of print, and "foreign", polygons
            whose points are fractions of the photo's width and height.
    """
    for line in track(surfaces.read_text().splitlines(), "photos"):
        label = json.loads(line)
        path = photos / label["photo"]
        if path.is_file():
            yield _labelled(network, np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB")), label)


def _labelled(network: GarmentReaderNet, rgb: ByteArray, label: dict[str, object]) -> LabelledSurface:
    reading = read_photo(network, rgb)
    size, view = reduced(rgb.shape, reading.surface.affine)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    mask = (cv2.resize(reading.mask, size, interpolation=cv2.INTER_LINEAR) > 0.5).astype(np.uint8) * 255
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    ends = np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]])
    margin = _AROUND * (ends[1] - ends[0]).max()
    first, last = np.maximum(ends[0] - margin, 0).astype(int), (ends[1] + margin).astype(int)
    part = slice(first[1], last[1]), slice(first[0], last[0])
    affine = np.column_stack([view[:, :2], view[:, 2] + view[:, :2] @ first])

    def polygons(name: str) -> tuple[FloatArray, ...]:
        lines = label[name]
        assert isinstance(lines, list)
        return tuple(np.array(each) * size - first for each in lines)

    prints = None if label["print"] == "all" else polygons("areas")
    return LabelledSurface(str(label["photo"]), small[part], mask[part], affine, prints, polygons("foreign"))


def view_of(surface: LabelledSurface, rng: np.random.Generator | None) -> View:
    """Return a garment as the reader may see it.

    Args:
        surface: with its polygons.
        rng: draws the reader's errors and another light; None for the view as it is.
    Returns:
        The view, (len(SURFACE), S, S) shares of each cell, and their weights.
    """
    affine = surface.affine if rng is None else jittered(surface.affine, rng, SURFACE_SIZE)
    picture = resampled(surface.rgb, affine, SURFACE_SIZE)
    garment = resampled(np.repeat(surface.mask[..., None], 3, 2), affine, SURFACE_SIZE)[..., 0] > 127
    printed = np.ones(garment.shape, np.float32) if surface.prints is None else _filled(surface.prints, affine)
    foreign = _filled(surface.foreign, affine)
    near = cv2.morphologyEx(garment.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((_BAND, _BAND), np.uint8)) > 0
    own = garment & (foreign < 0.05)
    asked = np.where(garment, 1 + (_FOREIGN_COUNTS - 1) * foreign, _GROUND_COUNTS) * ~(near & (foreign < 0.5))
    planes = [printed, np.where(garment, foreign, 1), own & ~near, asked]
    if rng is not None:
        picture = relit(picture, rng)
        if rng.random() < 0.5:
            picture, planes = np.ascontiguousarray(picture[:, ::-1]), [plane[:, ::-1] for plane in planes]
    cells = [cv2.resize(np.float32(plane), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA) for plane in planes]
    return picture, np.stack(cells[:2]), np.stack(cells[2:])


def _filled(polygons: Sequence[FloatArray], affine: FloatArray) -> FloatArray:
    """Return (SURFACE_SIZE, SURFACE_SIZE) float32 share of each pixel of a view that polygons of its photo cover."""
    face = np.zeros((SURFACE_SIZE, SURFACE_SIZE), np.float32)
    for each in polygons:
        spots = each @ affine[:, :2].T + affine[:, 2]
        cv2.fillPoly(face, [np.round(16 * (spots - 0.5)).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    return face


def fit(network: GarmentReaderNet, known: list[LabelledSurface], rng: np.random.Generator, views: int = VIEWS) -> None:
    """Fit ``network.surface``; see ``fit_decoder``."""
    fit_decoder(network.surface, network.surface_of, known, view_of, rng, views)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_surfaces(network, photos)), rng))


if __name__ == "__main__":
    main()
