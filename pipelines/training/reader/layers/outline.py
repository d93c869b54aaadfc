"""Train the layers that draw a garment's outline: ``python -m pipelines.training.reader.layers.outline --photos DIR``.

``outlines.jsonl`` has outlines of the photos whose masks were least certain, corrected by eye: side stripes, bindings
and sleeves that a coarse mask gave to the ground, and shadows, hangers and quilts that it gave to the garment. To these
come photos where reader and teacher agree. The encoder stays as it is, so that nothing else that the reader says
changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from rich.progress import track

from pipelines.training.reader.augment import relit
from pipelines.training.reader.dataset import NO_GARMENTS
from pipelines.training.reader.layers.closeups import View, fit_decoder, jittered, reduced, run
from pipelines.training.reader.train import as_pictures
from vmodel.garment.cutout.segment import drawn_to_edges
from vmodel.garment.recognition.network import SIZE, SURFACE_SIZE, GarmentReaderNet
from vmodel.garment.recognition.reader import read_photo, whole_view
from vmodel.garment.recognition.views import resampled, to_photo
from vmodel.types import BoolArray, ByteArray, FloatArray

OUTLINES: Final = Path(__file__).with_name("outlines.jsonl")
COPIES: Final = Path("build/reader/copies")
VIEWS: Final = 6
"""Number of views per corrected garment: the kept features of a view take 2 MB."""
_VIEWS_OF_AGREED: Final = 1
_AGREED: Final = 1200
"""Number of photos where reader and teacher agree."""
_LEAST_AGREED: Final = 0.97
"""Overlap (intersection over union) from which they do."""
_EDGE_COUNTS: Final = 4.0
"""Weight of what lies near the outline."""
_NEAR: Final = 6
"""How near, in pixels of the view."""
_TRIMMED: Final = 0.35
"""Share of views whose garment gets a trim along its outline."""
_CELLS: Final = SURFACE_SIZE // 2


@dataclass(frozen=True, eq=False)
class LabelledOutline:
    """A garment whose outline is known.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8, no larger than needed.
        mask: (H, W) uint8, 255 on the garment.
        asked: (H, W) uint8, 0 where it is not known what is garment, else 255.
        affine: (2, 3) from the photo to its view, ``SURFACE_SIZE`` pixels wide.
    """

    photo: str
    rgb: ByteArray
    mask: ByteArray
    asked: ByteArray
    affine: FloatArray


def read_outlines(network: GarmentReaderNet, photos: Path, outlines: Path = OUTLINES) -> Iterator[LabelledOutline]:
    """Yield the labelled garments of photos that exist.

    Args:
        network: the reader, which finds the garment.
        photos: their folder.
        outlines: lines of JSON: "photo", "outline", rings whose points are thousandths of the photo's width and
            height, holes among them, and "unsure", rings around what may be garment or not, with holes as well.
    """
    for line in track(outlines.read_text().splitlines(), "photos"):
        label = json.loads(line)
        path = photos / label["photo"]
        if path.is_file():
            rgb = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
            mask = filled(label["outline"], rgb.shape[:2])
            yield labelled(network, label["photo"], rgb, mask, 255 - filled(label["unsure"], rgb.shape[:2]))


def read_agreed(network: GarmentReaderNet, copies: Path, without: Iterable[str]) -> Iterator[LabelledOutline]:
    """Yield garments whose mask the teacher and the reader's coarse mask agree on, drawn to the picture's edges.

    Args:
        network: the reader.
        copies: folder that ``masks`` wrote.
        without: photos to leave out, as their copies are named below that folder.
    """
    rng, left_out = np.random.default_rng(0), set(without)
    paths, count = sorted(copies.glob("home/train/*/*.jpg")), 0
    for n in track(rng.permutation(len(paths)), "agreed"):
        path = paths[n]
        known = str(path.relative_to(copies)) in left_out or path.with_suffix(".corrected.png").exists()
        if count == _AGREED or known or path.parent.name in NO_GARMENTS:
            continue
        if path.with_suffix(".bad").exists() or not path.with_suffix(".mask.png").exists():
            continue
        rgb = np.asarray(Image.open(path).convert("RGB"))
        taught = np.asarray(Image.open(path.with_suffix(".mask.png")).convert("L"), np.float32) / 255
        seen = coarse_mask(network, rgb) > 0.5
        if (seen & (taught > 0.5)).sum() > _LEAST_AGREED * (seen | (taught > 0.5)).sum():
            count += 1
            mask = drawn_to_edges(rgb, taught).astype(np.uint8) * 255
            yield labelled(network, path.name, rgb, mask, np.full(mask.shape, 255, np.uint8))


def coarse_mask(network: GarmentReaderNet, rgb: ByteArray) -> FloatArray:
    """Return (H, W) float32 probability of the garment as the network sees it at first glance."""
    whole = whole_view(rgb.shape[:2])
    with torch.no_grad():
        mask = network(as_pictures([resampled(rgb, whole, SIZE)]))["mask"][0].sigmoid().numpy()
    return np.asarray(cv2.warpAffine(mask, to_photo(whole, 2), rgb.shape[1::-1], flags=cv2.INTER_LINEAR))


def filled(rings: Sequence[Sequence[Sequence[float]]], shape: tuple[int, ...]) -> ByteArray:
    """Return (H, W) uint8, 255 within rings of points that are thousandths of a photo's width and height."""
    face = np.zeros(shape[:2], np.uint8)
    if rings:
        scale = np.array([shape[1], shape[0]]) / 1000
        spots = [np.round(16 * (np.array(ring) * scale - 0.5)).astype(np.int32) for ring in rings]
        cv2.fillPoly(face, spots, 255, cv2.LINE_8, 4)
    return face


def labelled(
    network: GarmentReaderNet, photo: str, rgb: ByteArray, mask: ByteArray, asked: ByteArray
) -> LabelledOutline:
    """Make a photo as small as the network's view of it allows, with all that is known of it."""
    size, affine = reduced(rgb.shape, read_photo(network, rgb).surface.affine)
    small, garment, known = (
        np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA)) for each in (rgb, mask, asked)
    )
    return LabelledOutline(photo, small, garment, known, affine)


def view_of(outline: LabelledOutline, rng: np.random.Generator | None) -> View:
    """Return a garment as the reader may see it.

    Args:
        outline: the garment.
        rng: draws the reader's errors, another light and trims; None for the view as it is.
    Returns:
        The view, share of the garment in each of (SURFACE_SIZE / 2, SURFACE_SIZE / 2) cells, and the cells' weights.
    """
    affine = outline.affine if rng is None else jittered(outline.affine, rng, SURFACE_SIZE)
    picture = resampled(outline.rgb, affine, SURFACE_SIZE)
    three = [np.repeat(plane[..., None], 3, 2) for plane in (outline.mask, outline.asked)]
    garment, asked = (resampled(plane, affine, SURFACE_SIZE)[..., 0] for plane in three)
    near = cv2.morphologyEx(garment, cv2.MORPH_GRADIENT, np.ones((2 * _NEAR + 1, 2 * _NEAR + 1), np.uint8)) > 127
    weight = np.where(near, _EDGE_COUNTS, 1.0) * (asked > 250)
    planes = [garment / 255, weight]
    if rng is not None:
        if rng.random() < _TRIMMED:
            picture = trimmed(picture, garment > 127, rng)
        picture = relit(picture, rng)
        if rng.random() < 0.5:
            picture, planes = np.ascontiguousarray(picture[:, ::-1]), [plane[:, ::-1] for plane in planes]
    wanted, weight = (cv2.resize(np.float32(plane), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA) for plane in planes)
    return picture, wanted, weight


def trimmed(rgb: ByteArray, garment: BoolArray, rng: np.random.Generator) -> ByteArray:
    """Give a garment a trim of another colour along a part of its outline: a stripe, a binding, a band.

    Args:
        rgb: (S, S, 3) uint8 view.
        garment: (S, S) bool.
        rng: draws width, place and colour, which may be the ground's.
    """
    rows, columns = np.nonzero(garment)
    if len(rows) < 400 or garment.all():
        return rgb
    inside = cv2.distanceTransform(garment.astype(np.uint8), cv2.DIST_L2, 5)
    extent = max(np.ptp(rows), np.ptp(columns))
    first = rng.choice([0, rng.uniform(0, 0.025)]) * extent
    band = np.float32((inside > first) & (inside <= first + rng.uniform(0.006, 0.05) * extent))
    across, down = np.meshgrid(np.arange(rgb.shape[1]) - columns.mean(), np.arange(rgb.shape[0]) - rows.mean())
    turn = rng.uniform(0, 2 * np.pi)
    band *= np.cos(turn) * across + np.sin(turn) * down > rng.uniform(-0.6, 0.3) * extent
    share = cv2.GaussianBlur(band, (0, 0), 0.7)[..., None]
    level = rgb.astype(np.float32).mean(2, keepdims=True)
    shade = np.clip(level / max(float(np.median(level[garment])), 8.0), 0.5, 1.3)
    ground = np.median(rgb[~garment], axis=0)
    colour = (ground, np.full(3, rng.uniform(190, 250)), np.full(3, rng.uniform(10, 60)), rng.uniform(10, 245, 3))[
        rng.integers(4)
    ]
    return np.asarray(np.clip(rgb * (1 - share) + colour * shade * share, 0, 255), np.uint8)


def fit(
    network: GarmentReaderNet, corrected: list[LabelledOutline], agreed: list[LabelledOutline], rng: np.random.Generator
) -> None:
    """Fit ``network.outline``; see ``fit_decoder``."""
    known = corrected * VIEWS + agreed * _VIEWS_OF_AGREED
    fit_decoder(network.outline, network.outline_of, known, view_of, rng, 1)


def _fit(network: GarmentReaderNet, photos: Path, rng: np.random.Generator) -> None:
    named = {json.loads(line)["photo"] for line in OUTLINES.read_text().splitlines()}
    fit(network, list(read_outlines(network, photos)), list(read_agreed(network, COPIES, named)), rng)


def main() -> None:
    """Run from the command line."""
    run(__doc__, _fit)


if __name__ == "__main__":
    main()
