"""Train the layers that find collars: ``python -m pipelines.training.reader.layers.collars --photos DIR``.

``collars.jsonl`` has the outer faces of collars and lapels that lie folded over a front, drawn by eye over close-ups of
photos at their full size. The encoder stays as it is, so that nothing else that the reader says changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageOps

from pipelines.training.reader.augment import relit
from pipelines.training.reader.layers.closeups import VIEWS, View, cut_around, fit_decoder, jittered, run
from vmodel.garment.recognition.closeup import collar_closeup
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet
from vmodel.garment.recognition.views import resampled
from vmodel.types import ByteArray, FloatArray

LEAVES: Final = Path(__file__).with_name("collars.jsonl")
_ENDS_OFF, _FRONT_OFF = 0.08, 0.15
"""Deviations of the reader's neck points and of its lowest point, which place close-ups, in widths of the neck."""
_CELLS: Final = NECK_SIZE // 4


@dataclass(frozen=True, eq=False)
class LabelledCollar:
    """A collar whose outer face is known.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8, the photo around it.
        neck: (3, 2) pixels, the neck's left and right point, by the wearer's sides, and the front's lowest one.
        leaves: polygons (n, 2) in pixels; none where there is no collar.
    """

    photo: str
    rgb: ByteArray
    neck: FloatArray
    leaves: tuple[FloatArray, ...]


def read_collars(photos: Path, leaves: Path = LEAVES) -> Iterator[LabelledCollar]:
    """Yield the labelled collars of photos that exist.

    Args:
        photos: their folder.
        leaves: lines of JSON: "photo", "neck" and "leaves", points as fractions of its width and height.
    """
    for line in leaves.read_text().splitlines():
        label = json.loads(line)
        path = photos / label["photo"]
        if path.is_file():
            rgb = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
            lines = [np.array(each) * rgb.shape[1::-1] for each in (label["neck"], *label["leaves"])]
            part, affine = cut_around(rgb, np.concatenate(lines))
            neck, *found = (each @ affine[:, :2].T + affine[:, 2] for each in lines)
            yield LabelledCollar(label["photo"], part, neck, tuple(found))


def view_of(collar: LabelledCollar, rng: np.random.Generator | None) -> View:
    """Return the close-up of a collar as the reader may cut it out.

    Args:
        collar: with its leaves.
        rng: draws the reader's errors and another light; None for the close-up as the labels have it.
    Returns:
        The close-up, the share of each cell that is the collar's outer face, and weights of one.
    """
    neck = collar.neck
    if rng is None:
        affine = collar_closeup(tuple(neck))
    else:
        wide = float(np.linalg.norm(neck[0] - neck[1]))
        off = wide * np.array([[_ENDS_OFF], [_ENDS_OFF], [_FRONT_OFF]])
        affine = jittered(collar_closeup(tuple(neck + off * rng.normal(0, 1, (3, 2)))), rng)
    picture = resampled(collar.rgb, affine, NECK_SIZE)
    face = np.zeros((NECK_SIZE, NECK_SIZE), np.float32)
    for leaf in collar.leaves:
        spots = leaf @ affine[:, :2].T + affine[:, 2]
        cv2.fillPoly(face, [np.round(16 * (spots - 0.5)).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    if rng is not None:
        if rng.random() < 0.5:
            picture, face = np.ascontiguousarray(picture[:, ::-1]), face[:, ::-1]
        picture = relit(picture, rng)
    share = cv2.resize(face, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return picture, share, np.ones_like(share)


def fit(network: GarmentReaderNet, collars: list[LabelledCollar], rng: np.random.Generator, views: int = VIEWS) -> None:
    """Fit ``network.collar``; see ``fit_decoder``."""
    fit_decoder(network.collar, network.leaves_of_collar, collars, view_of, rng, views)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_collars(photos)), rng))


if __name__ == "__main__":
    main()
