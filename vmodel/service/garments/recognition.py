"""Reading of a garment photo within about a second: kind, landmarks, sizes and the cut-out as a picture."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from PIL import Image

from vmodel.body.model.body import build_body
from vmodel.body.model.roster import Roster
from vmodel.config import Settings
from vmodel.core.files import encode_picture
from vmodel.errors import MaskMismatch, VModelError
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.load_photo import read_flat_lay, read_size
from vmodel.garment.pattern.fit import fit_photo, make_pattern
from vmodel.garment.recognition.kind import ask_kind, check_worn_open, looks_childrens, read_kinds, understand_reading
from vmodel.garment.recognition.reader import PhotoReading
from vmodel.garment.sizing import measure
from vmodel.garment.sizing.stated_sizes import stated_sizes
from vmodel.rights.policy.minors import read_category
from vmodel.service.garments.records import SHOWN_SIDE, RecognitionResult, StatedAttributes
from vmodel.studio.casting import rank_models
from vmodel.types import (
    BodyMeasurements,
    ByteArray,
    Category,
    Cutout,
    FlatLay,
    Garment,
    GarmentKind,
    Landmarks,
    VirtualModel,
)

_MEASURED_SIDE = 480
_MEASURED_PX_PER_CM = 2.0
"""Resolution of the cloth that is only used to measure a garment: the stretch of its print hardly needs any detail."""
_MOST_KEPT = 32


@dataclass(frozen=True, eq=False)
class ReadGarment:
    """Reading of a photo that does not depend on the kind, landmarks, sizes and fabric that its seller states.

    Attributes:
        flat_lay, cutout: the photo and its garment, at most ``_MEASURED_SIDE`` pixels.
        size: (height, width) of the photo in pixels.
        reading: of the network, in the photo's pixels, without its pictures.
        cutout_png: see ``RecognitionResult``.
    """

    flat_lay: FlatLay
    cutout: Cutout
    size: tuple[int, int]
    reading: PhotoReading
    cutout_png: bytes


class LastRead:
    """LRU cache of readings: dragging a landmark changes neither the cut-out nor the input of the network."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, ReadGarment] = OrderedDict()
        self._lock = Lock()

    @staticmethod
    def key_of(photo: bytes, mask: bytes | None, name: str, category: Category | None) -> str:
        """Return the key of a reading, from the files, the name and whether the category is swimwear.

        The name tells a drawing from a photo; swimwear may be two pieces.
        """
        shown = f"{name} {category == Category.SWIMWEAR}".encode()
        return "-".join(hashlib.sha256(each).hexdigest() for each in (photo, mask or b"", shown))

    def get(self, key: str) -> ReadGarment | None:
        """Return a reading, or None if it is no longer kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: str, read: ReadGarment) -> ReadGarment:
        """Store a reading, drop the least recently used one if the cache is full, and return the reading."""
        with self._lock:
            self._kept[key] = read
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return read


LAST_READ = LastRead()


def read_photo(photo: bytes, name: str, settings: Settings, suffix: str = "") -> FlatLay:
    """Decode an uploaded photo.

    Args:
        photo: the file, untrusted.
        name: as the seller called it, for messages of later stages.
        settings: for the limit on pixels.
        suffix: ".svg" for a technical flat; pictures are recognised by their first bytes.
    Raises:
        UnreadablePhoto, UnsupportedPhoto, PhotoTooLarge, PhotoTooSmall, AnimatedPhoto: see ``read_flat_lay``.
    """
    with tempfile.TemporaryDirectory(prefix="vmodel-") as folder:
        path = Path(folder) / f"photo{suffix}"
        path.write_bytes(photo)
        return replace(read_flat_lay(path, settings), name=name)


def understand_garment(
    flat_lay: FlatLay, mask: bytes | None, stated: StatedAttributes, roster: Roster, settings: Settings
) -> RecognitionResult:
    """Find the garment in a photo.

    Args:
        flat_lay: from ``read_photo``.
        mask: black and white picture that overrides the cut-out.
        stated: overrides what would be guessed.
        roster: a guessed size fits one of its models.
        settings: for bounds and weights.
    Raises:
        VModelError: the photo shows no single garment, or what was stated does not fit it.
    """
    return describe_garment(read_garment(flat_lay, mask, read_category(stated.category)), stated, roster)


def read_garment(flat_lay: FlatLay, mask: bytes | None, category: Category | None = None) -> ReadGarment:
    """Find the garment in a photo and ask the network about it, which is nearly all of the work.

    Args:
        flat_lay: from ``read_photo``.
        mask: black and white picture that overrides the cut-out.
        category: as stated; swimwear may be two pieces.
    Raises:
        VModelError: the photo shows no single garment, or the mask does not fit it.
    """
    with tempfile.TemporaryDirectory(prefix="vmodel-") as folder:
        mask_path = Path(folder) / "mask"
        if mask is not None:
            mask_path.write_bytes(mask)
        cutout = cut_out(flat_lay, mask_path if mask is not None else None, category)
    reading = read_kinds(flat_lay, cutout)
    share = min(1.0, _MEASURED_SIDE / max(cutout.matte.shape))
    small = replace(flat_lay, rgb=_shrunk(flat_lay.rgb, share), alpha=None)
    matte = np.asarray(cv2.resize(cutout.matte, small.rgb.shape[1::-1], interpolation=cv2.INTER_AREA), np.float32)
    height, width = flat_lay.rgb.shape[:2]
    return ReadGarment(
        small,
        replace(cutout, matte=matte),
        (height, width),
        replace(reading, mask=reading.mask[:0], parts=reading.parts[:0]),
        _cutout_png(flat_lay, cutout),
    )


def describe_garment(read: ReadGarment, stated: StatedAttributes, roster: Roster) -> RecognitionResult:
    """Describe a garment from its reading and the seller's statements.

    Args:
        read: from ``read_garment``.
        stated: overrides what would be guessed.
        roster: a guessed size fits one of its models.
    Raises:
        VModelError: what was stated does not fit the photo.
    """
    category = read_category(stated.category)
    mask = cv2.resize(read.cutout.mask.astype(np.uint8), read.size[::-1], interpolation=cv2.INTER_NEAREST) > 0
    with tempfile.TemporaryDirectory(prefix="vmodel-") as folder:
        path = Path(folder) / "landmarks.json"
        if stated.landmarks:
            path.write_text(json.dumps({name: list(point) for name, point in stated.landmarks.items()}))
        given = path if stated.landmarks else None
        kind, landmarks = understand_reading(read.reading, np.asarray(mask), category, given)
    check_worn_open(kind, stated.worn_open)
    garment, size_cm = _measured(read, kind, landmarks, stated, roster)
    return RecognitionResult(
        _described(read, garment.kind, landmarks, size_cm, list(garment.warnings)) | _asked(read, garment.kind),
        read.cutout_png,
    )


def draw_mask(flat_lay: FlatLay, mask: bytes | None, category: str | None = None) -> bytes:
    """Return the garment mask as PNG of the photo's size: the seller's mask, the one found, or an empty one."""
    if mask is not None:
        return mask
    try:
        matte = cut_out(flat_lay, None, read_category(category)).matte
    except VModelError:
        matte = np.zeros(flat_lay.rgb.shape[:2], np.float32)
    stream = io.BytesIO()
    Image.fromarray(np.asarray(np.rint(matte * 255), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def fit_mask(painted: bytes, photo: bytes, settings: Settings) -> bytes:
    """Resize a mask that was painted on a smaller picture of a photo to the photo's own size.

    Raises:
        MaskMismatch: it is not a readable picture, too large, or of another shape.
    """
    size = read_size(photo, "photo", settings)
    try:
        with Image.open(io.BytesIO(painted), formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > settings.max_megapixels * 1e6:
                raise MaskMismatch("you painted", "is too large")
            grey = opened.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise MaskMismatch("you painted", "is not a readable picture") from None
    if abs(grey.width / grey.height / (size[1] / size[0]) - 1) > 0.02:
        raise MaskMismatch("you painted", f"is {grey.width}x{grey.height} pixels and the photo {size[1]}x{size[0]}")
    stream = io.BytesIO()
    grey.resize((size[1], size[0]), Image.Resampling.BILINEAR).save(stream, "PNG")
    return stream.getvalue()


def _measured(
    read: ReadGarment, kind: GarmentKind, landmarks: Landmarks, stated: StatedAttributes, roster: Roster
) -> tuple[Garment, dict[str, Any]]:
    """Return the garment on the model that the photo would be cast with, and its flat width and length in cm.

    The garment is measured on a small copy, whose pattern costs a tenth of that of the whole photo.
    """
    share = min(1.0, _MEASURED_SIDE / max(read.size))
    marks = Landmarks({n: point * share for n, point in landmarks.points_px.items()}, landmarks.confidence)
    wearer = rank_models(roster.values(), f"{read.flat_lay.sha256} 0", kind.made_for)[0]
    surface = read.reading.surface.scaled(share)
    pattern = make_pattern(read.flat_lay, read.cutout, kind, marks, material=stated.material, surface=surface)
    garment = _cut_coarsely(pattern, measures_of(wearer), wearer.gender, stated)
    upper = kind.category.covers_upper
    width = measure.chest_width(garment) if upper else measure.waistband_width(garment)
    size_cm = {
        "width": round(stated.width_cm or width, 1),
        "length": round(stated.length_cm or measure.garment_length(garment), 1),
        "source": garment.scale_source,
        "guessed_on": wearer.id,
    }
    return garment, size_cm


def measures_of(wearer: VirtualModel) -> BodyMeasurements:
    """Return the measurements of a model of the roster; each body is measured once per process."""
    key = repr(wearer)  # a model that is changed on disk keeps its id
    if key not in _MEASURES:
        if len(_MEASURES) > 500:
            _MEASURES.clear()
        _MEASURES[key] = build_body(wearer).measurements
    return _MEASURES[key]


_MEASURES: dict[str, BodyMeasurements] = {}


def _cut_coarsely(pattern: Garment, body: BodyMeasurements, gender: str, stated: StatedAttributes) -> Garment:
    """Fit a garment like ``fit_garment``, in cloth of few pixels."""
    assert pattern.photo is not None
    sizes = stated_sizes(pattern.kind.category, stated.width_cm, stated.length_cm)
    fitted = fit_photo(pattern.photo, body, gender, pattern.material, sizes, finest_px_per_cm=_MEASURED_PX_PER_CM)
    return replace(fitted, warnings=(*pattern.warnings, *fitted.warnings))


def _asked(read: ReadGarment, kind: GarmentKind) -> dict[str, Any]:
    """Return the other kinds that the photo may show, and the resulting question to the seller."""
    question = None if kind.stated else ask_kind(read.reading)
    if question is None:
        return {"hypotheses": [{"category": kind.category.value, "share": round(kind.confidence, 3)}], "question": None}
    asked = question.to_json(kind.category)
    return {"hypotheses": asked["kinds"], "question": question.ask(kind.category, "read")}


def _described(
    read: ReadGarment, kind: GarmentKind, landmarks: Landmarks, size_cm: dict[str, Any], warnings: list[str]
) -> dict[str, Any]:
    cutout = read.cutout
    if cutout.confidence < 0.5:
        warnings = ["the garment's outline is unsure; look at the cut-out or send a mask", *warnings]
    if looks_childrens(kind):
        warnings = [*warnings, "the garment looks made for a child; choose a child as the model and state the category"]
    return {
        "category": kind.category.value,
        "confidence": round(kind.confidence, 3),
        "stated": kind.stated,
        "sleeve": kind.sleeve.value,
        "neckline": kind.neckline.value,
        "length": kind.length.value,
        "open_front": bool(kind.open_front),
        "cutout": {"source": cutout.source, "confidence": round(float(cutout.confidence), 3)},
        "photo_size": list(read.size),
        "landmarks": {n: [round(float(x), 1), round(float(y), 1)] for n, (x, y) in landmarks.points_px.items()},
        "size_cm": size_cm,
        "warnings": warnings,
    }


def _cutout_png(flat_lay: FlatLay, cutout: Cutout) -> bytes:
    rows, columns = np.nonzero(cutout.matte > 0.02)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    matte = np.asarray(np.rint(cutout.matte[top:bottom, left:right] * 255), np.uint8)
    picture = np.dstack([flat_lay.rgb[top:bottom, left:right], matte])
    return encode_picture(_shrunk(picture, min(1.0, SHOWN_SIDE / max(picture.shape[:2]))), "png")


def _shrunk(picture: ByteArray, share: float) -> ByteArray:
    if share >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
