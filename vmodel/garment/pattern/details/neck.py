"""Necklines: usual sizes, the inside of the back that shows, and whether a high neck is open in front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from vmodel.garment.imaging.contour import outline_outwards
from vmodel.types import BodyMeasurements, BoolArray, FloatArray, GarmentKind, GarmentPhoto, Neckline, Sleeve

_STAND_CM: Final = {Neckline.HIGH: 3.5, Neckline.COLLAR: 2.2}
_STANDS_CM: Final = (2.5, 6.0)
_ROLLED_FROM_CM: Final = 10.0
"""Heights between which a closed high neck stands, and its height in the photo from which on it is rolled down."""
_STAND_SHARES: Final = (0.15, 0.3, 0.5, 0.7, 0.85)
_TALLEST_STAND: Final = 1.6
"""Places between the neck points above which its upper edge is searched for, and how far, in widths of the neck."""
_OPEN_FROM: Final = 0.7
"""Drop of a high neck's front below the neck points beyond which it is unzipped, as a share of their distance: none of
47 labelled turtlenecks has more, and 21 of 108 with a zip or buttons (by eye). Closed ones are read up to 0.6."""

_BARE_AT: Final = 0.35
"""How far below the neck points, as a share of their distance, the back's inside is seen where a high neck is open: of
those labelled by eye that is so for 3 of 43 without a zip or buttons, and for 32 of 93 with one."""
_NEAR_PX: Final = 2
"""Half side of the square of pixels there that decides."""
_INSIDE: Final = 0.75
"""Probability from which on a place at the neck is not the front's outer face; trims of another colour reach 0.6."""
_BESIDE, _ABOVE, _BELOW = 0.3, 1.2, 0.4
"""How far beyond the neck points, above them and below the lowest point of the front the back's inside is looked for,
as shares of the neck points' distance."""

_DRAWN_OPEN: Final = 1.2
"""Width of a sleeved garment's neck over its shoulders' on a hanger, over that of garments lying flat: 0.54 and 0.42
are the medians of 8 and 96 labelled crew necks, 0.65 and 0.57 of 16 and 38 scoops."""
_SHOWN_FLAT: Final = 0.8
"""Share of a neck's depth that a photo of a flat garment shows, as it is taken from the hem's side. Crew necks are half
as deep as they are wide; in the middle of 611 photos they are 0.39."""


def depth_px(photo: GarmentPhoto) -> float | None:
    """Return the drop of the front's neck below the neck points, in pixels of a photo from above; None if not shown."""
    kind = photo.kind
    if "neck_front" not in photo.points or kind.neckline == Neckline.OFF_SHOULDER:
        return None
    depth = float(photo.points["neck_front"][1] - photo.middle("neck")[1])
    is_plain = not (stand_cm(kind) or kind.neckline in {Neckline.HOOD, Neckline.HALTER}) and photo.opening is None
    return depth / _SHOWN_FLAT if is_plain and kind.laid == "flat" else depth


def widened(kind: GarmentKind) -> float:
    """Return the width of a neck in its photo over that of the same neck lying flat."""
    is_plain = not stand_cm(kind) and kind.neckline not in {Neckline.HOOD, Neckline.HALTER}
    return _DRAWN_OPEN if is_plain and kind.laid == "hanger" and kind.hangs_from_shoulders else 1.0


def stand_cm(kind: GarmentKind) -> float:
    """Return the height in cm of what stands round the neck; 0 for nothing."""
    return _STAND_CM.get(kind.neckline, 0.0)


def worn_stand_cm(photo: GarmentPhoto, scale: float) -> float:
    """Return the height in cm of what stands round the neck as it is worn.

    A closed high neck is as high as in its photo; one that is longer than a neck is worn rolled down to half.

    Args:
        photo: upright.
        scale: its cm per pixel.
    """
    usual = stand_cm(photo.kind)
    if photo.kind.neckline != Neckline.HIGH or falls_in_front(photo):
        return usual
    left, right = photo.points["neck_left"], photo.points["neck_right"]
    wide = float(np.linalg.norm(left - right))
    up = np.array([0.0, -1.0])
    spots = [(1 - share) * left + share * right for share in _STAND_SHARES]
    high = [(outline_outwards(photo.mask, at, up, _TALLEST_STAND * wide) - at) @ up for at in spots]
    seen = float(np.median(high)) * scale
    return float(np.clip(seen if seen < _ROLLED_FROM_CM else seen / 2, *_STANDS_CM))


def inside_of_neck(kind: GarmentKind, points: Mapping[str, FloatArray], foreign: FloatArray) -> BoolArray:
    """Find the inside of the back, with its label and hanger, that shows through a neck.

    Args:
        kind: what it is. The lining of a hood, and what an open front shows, are worn; other necks are cut along the
            edge of their front.
        points: its landmarks in the photo.
        foreign: (H, W) float32, how likely a place is not the outer face of the cloth.
    Returns:
        (H, W) bool.
    """
    names = ("neck_left", "neck_right", "neck_front")
    stands = kind.neckline in {Neckline.COLLAR, Neckline.HIGH} and not kind.open_front
    if not stands or not all(name in points for name in names):
        return np.zeros(foreign.shape, bool)
    left, right, front = (points[name] for name in names)
    across = left - right
    down = np.array([-across[1], across[0]])
    low = float((front - right) @ down / max(float(across @ across), 1.0))
    corners = [
        right + share * across + depth * down
        for depth, sides in ((-_ABOVE, (0, 1)), (low + _BELOW, (1, 0)))
        for share in ((1 + 2 * _BESIDE) * side - _BESIDE for side in sides)
    ]
    near = np.zeros(foreign.shape, np.uint8)
    cv2.fillConvexPoly(near, np.round(corners).astype(np.int32), 1)
    return np.asarray((near > 0) & (foreign > _INSIDE))


def falls_in_front(photo: GarmentPhoto) -> bool:
    """Return whether the stand round the neck is open in front, so that the back's inside shows above it."""
    if photo.kind.open_front or photo.kind.neckline == Neckline.COLLAR:
        return True
    if photo.kind.neckline != Neckline.HIGH or "neck_front" not in photo.points:
        return False
    across = 2 * photo.half("neck")
    column, row = np.maximum(np.round(photo.middle("neck") + np.array([0, _BARE_AT * across])).astype(int), _NEAR_PX)
    around = photo.mask[row - _NEAR_PX : row + _NEAR_PX + 1, column - _NEAR_PX : column + _NEAR_PX + 1]
    hangs = float(photo.points["neck_front"][1] - photo.middle("neck")[1])
    return hangs > _OPEN_FROM * across or (around.size > 0 and around.mean() < 0.5)


def usual_neck(kind: GarmentKind, body: BodyMeasurements, across: float) -> float:
    """Return the usual half span of the neck points, cm; ``across`` is that of the shoulder points."""
    if kind.neckline in {Neckline.COLLAR, Neckline.HIGH, Neckline.HOOD}:
        return 0.24 * body.neck
    if kind.neckline == Neckline.HALTER:
        return 0.26 * body.neck
    if kind.neckline in {Neckline.BOAT, Neckline.SQUARE, Neckline.OFF_SHOULDER} or kind.sleeve == Sleeve.STRAP:
        return 0.75 * across
    return 0.27 * body.neck


def usual_drop(kind: GarmentKind, body: BodyMeasurements) -> float:
    """Return the usual drop of the front's neck below the neck points, cm."""
    share = {
        Neckline.V: 0.5, Neckline.SCOOP: 0.36, Neckline.SQUARE: 0.34, Neckline.SWEETHEART: 0.4, Neckline.BOAT: 0.12,
        Neckline.HIGH: 0.2, Neckline.COLLAR: 0.25, Neckline.OFF_SHOULDER: 0.05,
    }.get(kind.neckline, 0.25)  # fmt: skip
    return share * body.neck
