"""Small crops of real garments that the light network learns from: ``python -m pipelines.training.light.crops``.

``photos.jsonl`` names photos by path and says of each what it shows: "plain" cloth of one colour, all of whose
differences are light, cloth of one colour with "relief", quilted, ribbed or knitted in cables, whose fine shade stays,
"washed" denim, paler in places, or "printed" cloth of several colours.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageOps
from rich.progress import track

from vmodel.config import Settings
from vmodel.garment.recognition.network import load_network
from vmodel.garment.recognition.reader import PhotoReading, read_photo
from vmodel.types import ByteArray, FloatArray

PHOTOS: Final = Path(__file__).with_name("photos.jsonl")
SIDE: Final = 384
"""Longer side in pixels of a garment in its crop."""
_READ_SIDE: Final = 1024
_MARGIN: Final = 0.03
_HELD_OUT: Final = 12


@dataclass(frozen=True, eq=False)
class Crop:
    """A garment cut out of its photo.

    Attributes:
        rgb: (H, W, 3) uint8 sRGB.
        mask: (H, W) float32 0..1.
        points: landmark -> (2,) pixels.
        category: as read.
        has_sleeves: longer than straps.
        shows: "plain", "relief", "washed" or "printed".
    """

    rgb: ByteArray
    mask: FloatArray
    points: Mapping[str, FloatArray]
    category: str
    has_sleeves: bool
    shows: str


def read_names(path: Path = PHOTOS) -> dict[str, str]:
    """Photo -> what it shows."""
    lines = (json.loads(line) for line in path.read_text().splitlines())
    return {line["photo"]: line["shows"] for line in lines}


def make_crop(rgb: ByteArray, reading: PhotoReading) -> tuple[ByteArray, ByteArray, dict[str, list[float]]] | None:
    """Cut a garment out of a photo.

    Args:
        rgb: (H, W, 3) uint8.
        reading: of it, with a mask of its size.
    Returns:
        The crop, its mask (uint8, 255 is cloth) and the landmarks in it; None where hardly any cloth is seen.
    """
    count, pieces, sizes, _ = cv2.connectedComponentsWithStats((reading.mask > 0.5).astype(np.uint8))
    if count < 2 or sizes[1:, cv2.CC_STAT_AREA].max() < 2000:
        return None
    piece = pieces == 1 + int(sizes[1:, cv2.CC_STAT_AREA].argmax())
    rows, columns = np.nonzero(piece.any(1))[0], np.nonzero(piece.any(0))[0]
    margin = round(_MARGIN * max(np.ptp(rows), np.ptp(columns)))
    top, left = max(0, rows[0] - margin), max(0, columns[0] - margin)
    box = slice(top, rows[-1] + margin + 1), slice(left, columns[-1] + margin + 1)
    scale = min(1.0, SIDE / (max(np.ptp(rows), np.ptp(columns)) + 1))
    size = tuple(max(8, round(side * scale)) for side in piece[box].shape[::-1])
    small = cv2.resize(rgb[box], size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize((reading.mask * piece)[box], size, interpolation=cv2.INTER_AREA)
    points = {name: ((at - (left, top)) * scale).tolist() for name, at in reading.points_px.items()}
    return small, np.rint(255 * mask).astype(np.uint8), points


def prepare(photos: Path, crops: Path) -> None:
    """Write a crop of every photo of ``photos.jsonl``; what is there already stays.

    Args:
        photos: folder of the photos.
        crops: where they go, a compressed NumPy file each.
    """
    network = load_network(Settings().weights)
    crops.mkdir(parents=True, exist_ok=True)
    for name in track(list(read_names()), description="crops"):
        path = _path(crops, name)
        if path.is_file():
            continue
        picture = ImageOps.exif_transpose(Image.open(photos / name)).convert("RGB")
        picture.thumbnail((_READ_SIDE, _READ_SIDE))
        rgb = np.asarray(picture)
        reading = read_photo(network, rgb)
        made = make_crop(rgb, reading)
        if made is not None:
            about = {"points": made[2], "category": reading.best("category"), "sleeve": reading.best("sleeve")}
            np.savez_compressed(path, rgb=made[0], mask=made[1], about=json.dumps(about))


def read_crops(crops: Path, held_out: bool = False) -> Iterator[Crop]:
    """Read the crops that ``prepare`` wrote: those to learn from, or the twelfth that is held out to measure on."""
    for name, shows in read_names().items():
        path = _path(crops, name)
        if path.is_file() and (zlib.crc32(name.encode()) % _HELD_OUT == 0) == held_out:
            kept = np.load(path)
            about = json.loads(str(kept["about"]))
            points = {name: np.array(at) for name, at in about["points"].items()}
            mask = kept["mask"].astype(np.float32) / 255
            has_sleeves = about["sleeve"] not in ("none", "strap")
            yield Crop(kept["rgb"], mask, points, about["category"], has_sleeves, shows)


def _path(crops: Path, name: str) -> Path:
    return crops / (name.replace("/", "__") + ".npz")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder that the paths of photos.jsonl start from")
    parser.add_argument("--crops", type=Path, default=Path("build/light/crops"))
    given = parser.parse_args()
    prepare(given.photos, given.crops)


if __name__ == "__main__":
    main()
