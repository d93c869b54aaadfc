"""What a photo shows, told to a seller within about a second: kind, landmarks, sizes and the cut-out as a picture."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from vmodel.body.model import build_body
from vmodel.body.roster import Roster
from vmodel.casting import rank_models
from vmodel.config import Settings
from vmodel.errors import MaskMismatch, VModelError
from vmodel.files import encode_picture
from vmodel.garment import measure
from vmodel.garment.pattern.fit import fit_garment, make_pattern
from vmodel.garment.reading import read_flat_lay
from vmodel.garment.recognition.cutout import cut_out
from vmodel.garment.recognition.kind import understand
from vmodel.rights.policy import read_category
from vmodel.service.garments import SHOWN_SIDE, Stated, Understanding
from vmodel.types import ByteArray, Cutout, FlatLay, Garment, GarmentKind, Landmarks

_MEASURED_SIDE = 480


def read_photo(photo: bytes, name: str, settings: Settings, suffix: str = "") -> FlatLay:
    """Decode an uploaded photo.

    Args:
        photo: the file, from anybody.
        name: as the seller called it, for messages of later stages.
        settings: for the bound on pixels.
        suffix: ".svg" for a technical flat; pictures are told by their first bytes.
    Raises:
        UnreadablePhoto, UnsupportedPhoto, PhotoTooLarge, PhotoTooSmall, AnimatedPhoto: see ``read_flat_lay``.
    """
    with tempfile.TemporaryDirectory(prefix="vmodel-") as folder:
        path = Path(folder) / f"photo{suffix}"
        path.write_bytes(photo)
        return replace(read_flat_lay(path, settings), name=name)


def understand_garment(
    flat_lay: FlatLay, mask: bytes | None, stated: Stated, roster: Roster, settings: Settings
) -> Understanding:
    """Find the garment in a photo.

    Args:
        flat_lay: from ``read_photo``.
        mask: black and white picture that overrides the cut-out.
        stated: overrides what would be guessed.
        roster: somebody of it is who a guessed size is for.
        settings: for bounds and weights.
    Raises:
        VModelError: the photo shows no single garment, or what was stated does not fit it.
    """
    with tempfile.TemporaryDirectory(prefix="vmodel-") as folder:
        mask_path, landmarks_path = Path(folder) / "mask", Path(folder) / "landmarks.json"
        if mask is not None:
            mask_path.write_bytes(mask)
        if stated.landmarks:
            landmarks_path.write_text(json.dumps({name: list(point) for name, point in stated.landmarks.items()}))
        cutout = cut_out(flat_lay, mask_path if mask is not None else None)
        category = read_category(stated.category)
        kind, landmarks = understand(flat_lay, cutout, category, landmarks_path if stated.landmarks else None)
    garment, size_cm = _measured(flat_lay, cutout, kind, landmarks, stated, roster)
    warnings = list(garment.warnings)
    return Understanding(
        _described(flat_lay, cutout, garment.kind, landmarks, size_cm, warnings), _cutout_png(flat_lay, cutout)
    )


def draw_mask(flat_lay: FlatLay, mask: bytes | None) -> bytes:
    """What counts as garment, PNG of the photo's size: the seller's mask, else what is found, else nothing."""
    if mask is not None:
        return mask
    try:
        matte = cut_out(flat_lay).matte
    except VModelError:
        matte = np.zeros(flat_lay.rgb.shape[:2], np.float32)
    stream = io.BytesIO()
    Image.fromarray(np.asarray(np.rint(matte * 255), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def fit_mask(painted: bytes, photo: bytes, settings: Settings) -> bytes:
    """A mask that was painted on a smaller picture of a photo, at the photo's own size.

    Raises:
        MaskMismatch: it is no picture, or of another shape.
    """
    size = read_photo(photo, "photo", settings).rgb.shape[:2]
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
    flat_lay: FlatLay, cutout: Cutout, kind: GarmentKind, landmarks: Landmarks, stated: Stated, roster: Roster
) -> tuple[Garment, dict[str, Any]]:
    """The garment as whom the photo would cast wears it, and its flat width and length in cm.

    Measured on a small copy, whose pattern costs a tenth of the whole photo's.
    """
    share = min(1.0, _MEASURED_SIDE / max(cutout.matte.shape))
    small = replace(flat_lay, rgb=_shrunk(flat_lay.rgb, share), alpha=None)
    matte = np.asarray(cv2.resize(cutout.matte, small.rgb.shape[1::-1], interpolation=cv2.INTER_AREA), np.float32)
    marks = Landmarks({n: point * share for n, point in landmarks.points_px.items()}, landmarks.confidence)
    wearer = rank_models(roster.values(), f"{flat_lay.sha256} 0")[0]
    pattern = make_pattern(small, replace(cutout, matte=matte), kind, marks, material=stated.material)
    body = build_body(wearer).measurements
    garment = fit_garment(pattern, body, wearer.gender, stated.width_cm, stated.length_cm)
    upper = kind.category.covers_upper
    width = measure.chest_width(garment) if upper else measure.waistband_width(garment)
    size_cm = {
        "width": round(stated.width_cm or width, 1),
        "length": round(stated.length_cm or measure.garment_length(garment), 1),
        "source": garment.scale_source,
        "guessed_on": wearer.id,
    }
    return garment, size_cm


def _described(
    flat_lay: FlatLay,
    cutout: Cutout,
    kind: GarmentKind,
    landmarks: Landmarks,
    size_cm: dict[str, Any],
    warnings: list[str],
) -> dict[str, Any]:
    if cutout.confidence < 0.5:
        warnings = ["the garment's outline is unsure; look at the cut-out or send a mask", *warnings]
    if not kind.stated and kind.confidence < 0.6:
        warnings = [f"the category {kind.category.value} is unsure; state it", *warnings]
    return {
        "category": kind.category.value,
        "confidence": round(kind.confidence, 3),
        "stated": kind.stated,
        "sleeve": kind.sleeve.value,
        "neckline": kind.neckline.value,
        "length": kind.length.value,
        "open_front": bool(kind.open_front),
        "cutout": {"source": cutout.source, "confidence": round(float(cutout.confidence), 3)},
        "photo_size": list(flat_lay.rgb.shape[:2]),
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
