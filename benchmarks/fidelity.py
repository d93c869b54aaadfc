"""Is the print the seller's own? ``python -m benchmarks.fidelity [PHOTO ...]``.

Colour: every visible pixel of the front panel is led back to the photo by the warp map. Shading is what changes slowly
and keeps the hue, so it is removed as the ratio of both pictures' blurred luminance; what is left is compared by
CIEDE2000. Text: words that OCR reads in the flat-lay must be read in the shot.
"""

from __future__ import annotations

import difflib
import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.colour_difference import ciede2000, to_lab
from benchmarks.tables import photos_from, print_table
from pipelines.loading import load_pipeline
from vmodel.batch import shoot_all
from vmodel.config import Settings
from vmodel.images import to_linear
from vmodel.request import GarmentSource, ShotRequest
from vmodel.shoot import shoot
from vmodel.studio import Studio
from vmodel.take import Failure, Shot
from vmodel.types import ByteArray, FloatArray

_SHADING_PX = 10.0
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row a photo, and the median over all."""
    photos = photos_from(arguments, "Measure how exactly shots show the photo's print.")
    studio = Studio(Settings())
    requests = [
        ShotRequest(GarmentSource(photo), framing=framing, background="white")
        for photo in photos
        for framing in ("full", "upper")
    ]
    reader = open_reader()
    rows: dict[Path, list[str]] = {}
    medians, found, read = [], 0, 0
    make_shot = partial(shoot, studio=studio, pipeline=load_pipeline("draft"))
    for result in shoot_all(requests, make_shot, studio.settings.home):
        photo = result.request.garment.photo
        if isinstance(result, Failure):
            rows.setdefault(photo, [photo.name, result.code, "", "", "", ""])
            continue
        words = words_of(reader, result.pattern.flat_lay.rgb)
        again = matching(words, words_of(reader, enlarged(result.picture)))
        if result.request.framing == "full":
            error = colour_error(result)
            medians.append(float(np.median(error)))
            percentile, share = float(np.percentile(error, 90)), float(np.mean(error <= 3))
            rows[photo] = [
                photo.name,
                f"{medians[-1]:.2f}",
                f"{percentile:.2f}",
                f"{share:.0%}",
                f"{again}/{len(words)}",
            ]
            found, read = found + again, read + len(words)
        else:
            rows[photo].append(f"{again}/{len(words)}")
    head = ["photo", "median dE00", "90th pct", "within 3", "words, full", "words, upper"]
    print_table("Print fidelity, front view, 1024x768", head, list(rows.values()))
    if medians:
        print(f"median of the medians: {np.median(medians):.2f}; worst: {max(medians):.2f}")
    if read:
        print(f"words read in the flat-lays that are read in the full shots: {found} of {read} ({found / read:.0%})")


def colour_error(shot: Shot) -> FloatArray:
    """(N,) CIEDE2000 between shot and photo on the visible front panel, shading removed."""
    maps = shot.maps
    inside = cv2.erode((maps.garment_mask > 0.995).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    seen = inside & (maps.warp_texture == 0) & (maps.hair_mask < 0.01) & np.isfinite(maps.warp_px).all(axis=2)
    photo = sampled(shot.garment.textures[0], maps.warp_px, seen)
    picture = to_linear(np.ascontiguousarray(shot.picture[..., :3]))
    shading = spread(picture @ _LUMINANCE, seen) / np.maximum(spread(photo @ _LUMINANCE, seen), 1e-4)
    unlit = picture / np.maximum(shading, 1e-3)[..., None]
    return ciede2000(to_lab(unlit[seen]), to_lab(photo[seen]))


def sampled(texture: ByteArray, warp_px: FloatArray, seen: FloatArray) -> FloatArray:
    """(H, W, 3) linear-light colour of the photo under every pixel, averaged over the pixel's footprint."""
    x = np.where(seen, warp_px[..., 0], 0).astype(np.float32)
    y = np.where(seen, warp_px[..., 1], 0).astype(np.float32)
    steps = np.hypot(np.diff(x, axis=1)[seen[:, 1:] & seen[:, :-1]], np.diff(y, axis=1)[seen[:, 1:] & seen[:, :-1]])
    footprint = max(float(np.median(steps)), 1.0)
    blurred = cv2.GaussianBlur(to_linear(texture), (0, 0), 0.45 * footprint)
    return cv2.remap(blurred, x - 0.5, y - 0.5, cv2.INTER_LINEAR)


def spread(values: FloatArray, seen: FloatArray) -> FloatArray:
    """(H, W) Gaussian mean over the seen pixels only."""
    weight = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), _SHADING_PX)
    total = cv2.GaussianBlur((values * seen).astype(np.float32), (0, 0), _SHADING_PX)
    return total / np.maximum(weight, 1e-4)


def open_reader() -> Any:
    """The OCR engine; its weights are in its wheel."""
    logging.disable(logging.INFO)
    from rapidocr import RapidOCR

    return RapidOCR()


def enlarged(picture: ByteArray) -> ByteArray:
    """Twice the size: the reader was trained on larger type than a shop picture has."""
    return cv2.resize(picture[..., :3], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


def words_of(reader: Any, picture: ByteArray) -> list[str]:
    """Words of three and more letters that the reader is sure of, in lower case."""
    result = reader(picture[..., ::-1].copy())
    if result.txts is None:
        return []
    lines = [text for text, score in zip(result.txts, result.scores, strict=True) if score > 0.8]
    plain = ["".join(letter for letter in word.lower() if letter.isalnum()) for line in lines for word in line.split()]
    return [word for word in plain if len(word) >= 3]


def matching(words: Sequence[str], read: Sequence[str]) -> int:
    """How many of ``words`` are among those read; one wrong letter in five is forgiven."""
    everything = [*read, "".join(read)]
    return sum(bool(difflib.get_close_matches(word, everything, 1, 0.8)) or word in everything[-1] for word in words)


if __name__ == "__main__":
    main(sys.argv[1:])
