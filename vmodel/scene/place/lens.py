"""Depth of field: what is not at the model's distance is spread over a disc, as by the lens of a camera."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.scene.place.floor_view import enlarged, subject_m
from vmodel.types import Camera, FloatArray

_SENSOR_LONG_SIDE_MM = 36.0
_SHARP_PX = 0.45
_SMALL_PX = 2.5
"""Radius down to which a picture may be shrunk before it is spread."""


def blur_radius_px(camera: Camera, behind_m: FloatArray | float, f_number: float) -> FloatArray:
    """Return the radius in pixels of the disc over which a point is spread.

    Args:
        camera: focused on the middle of the studio.
        behind_m: the point's distance behind that.
        f_number: focal length over the aperture's diameter.
    """
    focused = subject_m(camera)
    aperture_m = camera.focal_px / max(camera.size) * _SENSOR_LONG_SIDE_MM / 1000 / f_number
    depth = np.maximum(focused + np.asarray(behind_m), 0.3 * focused)
    return np.asarray(0.5 * aperture_m * camera.focal_px * np.abs(1 / focused - 1 / depth))


def shrink_for(radius_px: float) -> int:
    """Return how many times smaller a picture may be drawn that is blurred over a disc of this radius."""
    return int(np.clip(radius_px / _SMALL_PX, 1, 8))


def spread(picture: FloatArray, radius_px: float) -> FloatArray:
    """Spread each pixel of (H, W, C) linear light over a disc; the border repeats outside."""
    if radius_px < _SHARP_PX:
        return picture
    shrink = shrink_for(radius_px)
    if shrink > 1:
        height, width = picture.shape[:2]
        small = cv2.resize(picture, (-(-width // shrink), -(-height // shrink)), interpolation=cv2.INTER_AREA)
        return enlarged(spread(small, radius_px / shrink * 0.999), (height, width))
    reach = int(np.ceil(radius_px + 0.5))
    place = np.arange(-reach, reach + 1)
    disc = np.clip(radius_px + 0.5 - np.hypot(place[:, None], place[None]), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE))


def spread_by_rows(picture: FloatArray, radius_px: FloatArray) -> FloatArray:
    """Spread rows of (H, W, C) over discs of their own radius (H,): between four blurred copies."""
    widest = float(radius_px.max(initial=0))
    if widest < _SHARP_PX:
        return picture
    levels = np.linspace(0, widest, 4)
    step = np.clip(radius_px / widest * 3, 0, 3)
    result = np.zeros_like(picture)
    for number, level in enumerate(levels):
        share = np.clip(1 - np.abs(step - number), 0, 1).astype(np.float32)
        rows = np.flatnonzero(share)
        if len(rows) == 0:
            continue
        reach = int(np.ceil(level)) + 1
        low, high = max(rows[0] - reach, 0), rows[-1] + 1 + reach
        soft = spread(np.ascontiguousarray(picture[low:high]), float(level))
        result[rows[0] : rows[-1] + 1] += (
            soft[rows[0] - low : rows[-1] + 1 - low] * share[rows[0] : rows[-1] + 1, None, None]
        )
    return result
