"""Fidelity of prints in colour and text: ``python -m benchmarks.fidelity [PHOTO or FOLDER ...]``.

Colour: every visible pixel of the front panel is led back by the warp map to the panel's texture, which is the photo
warped onto the pattern (``garment.textures[0]``), and compared with the shot by CIEDE2000. Shading changes slowly and
keeps the hue, so it is removed first, as the ratio of both pictures' luminance blurred over 10 pixels. Text: words
that OCR reads in the flat-lay must be read in the shot; the reader gets the garment's part of the shot, enlarged.
"""

from __future__ import annotations

import difflib
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.common.colour_difference import colour_difference
from benchmarks.common.tables import Figures, Table, is_whole_set, photos_from, publish
from pipelines.registry import load_pipeline
from vmodel.config import Settings, default_pipeline
from vmodel.core.colour import to_linear
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Failure, Shot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.sequence import run_sequentially
from vmodel.studio.stage_cache import StageCache
from vmodel.types import BoolArray, ByteArray, FloatArray

NOTICEABLE = 3.0
FRAMINGS = ("full", "upper")
_SHADING_PX = 10.0
"""Blur in pixels of a picture 1024 pixels long."""
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Fidelity:
    """One photo's figures.

    Attributes:
        median, percentile_90: CIEDE2000 in the full shot.
        within: share of pixels below ``NOTICEABLE``.
        drafted: ``median`` of the draft, from whose garment a generative pipeline starts.
        words: read in the flat-lay.
        again: number of these words read in the shot of each framing.
        again_drafted: number of these words read in the full-figure draft.
    """

    photo: Path
    median: float
    percentile_90: float
    within: float
    drafted: float
    words: Sequence[str]
    again: dict[str, int]
    again_drafted: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row per photo and a summary; ``VMODEL_PIPELINE`` names another pipeline."""
    photos = photos_from(arguments, "Measure how exactly shots show the photo's print.")
    stages, reader = StageCache(Settings()), open_reader()
    name = default_pipeline()
    make_shot, make_draft = (partial(shoot, stages=stages, pipeline=load_pipeline(one)) for one in (name, "draft"))
    found: list[Fidelity] = []
    rows: list[list[str]] = []
    for photo in photos:
        requests = [
            ShotRequest(GarmentSource(photo), framing=framing, background="white", style="plain")
            for framing in FRAMINGS
        ]
        shots = list(run_sequentially(requests, make_shot, stages.settings.home))
        shots += run_sequentially([replace(requests[0], pipeline="draft")], make_draft, stages.settings.home)
        result = measure(shots, reader)
        if isinstance(result, Failure):
            rows.append([photo.name, result.code, *[""] * 6])
        else:
            found.append(result)
            rows.append(row_of(result))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    head = ["photo", "median dE00", "of the draft", "90th percentile", "within 3"]
    head += ["words, full", "words, upper", "words, draft"]
    table = Table(f"Print fidelity of {name}, front view, 1024x768, neutral light", head, rows)
    publish(Figures("fidelity", [table], summary(found)), keep=is_whole_set(photos))


def measure(shots: Sequence[Shot | Failure], reader: Any) -> Fidelity | Failure:
    """Measure one photo from its shots in all framings and its draft; return the first failure if one failed."""
    made = [result for result in shots if isinstance(result, Shot)]
    failures = [result for result in shots if isinstance(result, Failure)]
    if failures:
        return failures[0]
    words = words_of(reader, made[0].reading.flat_lay.rgb)
    *made, draft = made
    again = {s.request.framing: matching(words, words_of(reader, close_up(s))) if words else 0 for s in made}
    error = colour_error(made[0])
    return Fidelity(
        made[0].request.garment.photo,
        float(np.median(error)),
        float(np.percentile(error, 90)),
        float(np.mean(error <= NOTICEABLE)),
        float(np.median(colour_error(draft))),
        words,
        again,
        matching(words, words_of(reader, close_up(draft))) if words else 0,
    )


def row_of(found: Fidelity) -> list[str]:
    """Return one line of the table."""
    counts = [*(found.again[framing] for framing in FRAMINGS), found.again_drafted]
    words = [f"{count} of {len(found.words)}" if found.words else "no text" for count in counts]
    errors = [f"{value:.2f}" for value in (found.median, found.drafted, found.percentile_90)]
    return [found.photo.name, *errors, f"{found.within:.0%}", *words]


def summary(found: Sequence[Fidelity]) -> list[str]:
    """Summarise all photos in sentences."""
    if not found:
        return []
    medians = [one.median for one in found]
    said = [f"Median colour error of the worst photo: {max(medians):.2f} dE00; of the middle one: "
            f"{np.median(medians):.2f} (bar: {NOTICEABLE:.0f})."]  # fmt: skip
    worse = [one.median - one.drafted for one in found]
    said.append(f"Over the draft's error: {max(worse):+.2f} dE00 at most, {np.median(worse):+.2f} in the middle.")
    words = sum(len(one.words) for one in found)
    if words:
        counts = [sum(one.again[framing] for one in found) for framing in FRAMINGS]
        shares = [
            f"{count} of {words} ({count / words:.0%}) in the {f} shots"
            for f, count in zip(FRAMINGS, counts, strict=True)
        ]
        drafted = sum(one.again_drafted for one in found)
        said.append(
            f"Words read in the flat-lays that are read again: {' and '.join(shares)}; in the drafts {drafted}."
        )
    return said


def colour_error(shot: Shot) -> FloatArray:
    """Return (N,) CIEDE2000 between shot and photo on the visible front panel, shading removed."""
    maps = shot.maps
    inside = cv2.erode((maps.garment_mask > 0.995).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    seen = inside & (maps.warp_texture == 0) & (maps.hair_mask < 0.01) & np.isfinite(maps.warp_px).all(axis=2)
    photo = sampled(shot.garment.textures[0], maps.warp_px, seen)
    picture = to_linear(np.ascontiguousarray(shot.picture[..., :3]))
    sigma = _SHADING_PX * max(seen.shape) / 1024
    bright, expected = (spread(each @ _LUMINANCE, seen, sigma) for each in (picture, photo))
    shading = bright / np.maximum(expected, 1e-4)
    unlit = picture / np.maximum(shading, 1e-3)[..., None]
    return colour_difference(unlit[seen], photo[seen])


def sampled(texture: ByteArray, warp_px: FloatArray, seen: BoolArray) -> FloatArray:
    """Return (H, W, 3) linear-light colour of the photo under every pixel, averaged over the pixel's footprint."""
    x = np.where(seen, warp_px[..., 0], 0).astype(np.float32)
    y = np.where(seen, warp_px[..., 1], 0).astype(np.float32)
    steps = np.hypot(np.diff(x, axis=1)[seen[:, 1:] & seen[:, :-1]], np.diff(y, axis=1)[seen[:, 1:] & seen[:, :-1]])
    footprint = max(float(np.median(steps)), 1.0)
    blurred = cv2.GaussianBlur(to_linear(texture), (0, 0), 0.45 * footprint)
    return cv2.remap(blurred, x - 0.5, y - 0.5, cv2.INTER_LINEAR)


def spread(values: FloatArray, seen: BoolArray, sigma: float) -> FloatArray:
    """Return the (H, W) Gaussian mean over the seen pixels only."""
    weight = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), sigma)
    total = cv2.GaussianBlur((values * seen).astype(np.float32), (0, 0), sigma)
    return total / np.maximum(weight, 1e-4)


def open_reader() -> Any:
    """Load the OCR engine; its weights are in its wheel."""
    logging.disable(logging.INFO)
    from rapidocr import RapidOCR

    return RapidOCR()


def close_up(shot: Shot) -> ByteArray:
    """Enlarge the garment's part of the picture four times: OCR networks skip type of a few pixels' height."""
    rows, columns = np.nonzero(shot.maps.garment_mask > 0.5)
    part = shot.picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1, :3]
    return cv2.resize(part, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)


def words_of(reader: Any, picture: ByteArray) -> list[str]:
    """Return words of three and more letters that the reader is sure of, in lower case."""
    result = reader(picture[..., ::-1].copy())
    if result.txts is None:
        return []
    lines = [text for text, score in zip(result.txts, result.scores, strict=True) if score > 0.8]
    plain = ["".join(letter for letter in word.lower() if letter.isalnum()) for line in lines for word in line.split()]
    return [word for word in plain if len(word) >= 3]


def matching(words: Sequence[str], read: Sequence[str]) -> int:
    """Count the ``words`` among those read; one wrong letter in five is forgiven."""
    everything = [*read, "".join(read)]
    return sum(bool(difflib.get_close_matches(word, everything, 1, 0.8)) or word in everything[-1] for word in words)


if __name__ == "__main__":
    main(sys.argv[1:])
