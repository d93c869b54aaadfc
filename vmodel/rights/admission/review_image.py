"""Picture for the reviewer: a flagged photo beside the photos that it copies."""

from __future__ import annotations

import json

import cv2
import numpy as np

from vmodel.core.files import encode_picture
from vmodel.errors import PhotoNotFound
from vmodel.rights.admission.garment_review import GarmentReviewer
from vmodel.rights.registry.tables import GarmentPhoto
from vmodel.types import ByteArray

_HEIGHT_PX = 720
_GAP_PX = 12


def side_by_side(reviewer: GarmentReviewer, row: GarmentPhoto) -> bytes:
    """Draw a photo, and to its right the other sellers' photos that it copies, as JPEG.

    Args:
        reviewer: keeps the photos.
        row: the flagged one.
    Raises:
        PhotoNotFound: its picture is not kept any more.
    """
    others = [each["evidence"].get("photo") for each in json.loads(row.findings) if each["kind"] == "copy"]
    pictures = [reviewer.picture(photo_id) for photo_id in [row.id, *others]]
    shown = [_of_height(picture) for picture in pictures if picture is not None]
    if pictures[0] is None:
        raise PhotoNotFound(row.id)
    gap = np.full((_HEIGHT_PX, _GAP_PX, 3), 255, np.uint8)
    joined = [piece for picture in shown for piece in (picture, gap)][:-1]
    return encode_picture(np.ascontiguousarray(np.concatenate(joined, axis=1)), "jpeg", quality=85)


def _of_height(picture: ByteArray) -> ByteArray:
    width = max(1, round(picture.shape[1] * _HEIGHT_PX / picture.shape[0]))
    return np.asarray(cv2.resize(picture, (min(width, 4 * _HEIGHT_PX), _HEIGHT_PX), interpolation=cv2.INTER_AREA))
