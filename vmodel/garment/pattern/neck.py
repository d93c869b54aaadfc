"""What a neckline is usually like, and whether what stands round it is open in front."""

from __future__ import annotations

from typing import Final

from vmodel.types import BodyMeasurements, GarmentKind, GarmentPhoto, Neckline, Sleeve

_STAND_CM: Final = {Neckline.HIGH: 3.5, Neckline.COLLAR: 2.2}
_OPEN_FROM: Final = 0.7
"""How far a high neck's front hangs below the neck points where it is unzipped, as a share of their distance: of those
labelled by eye none of 47 turtlenecks does, and 21 of 108 with a zip or buttons. Closed ones are read up to 0.6."""

_SHOWN_FLAT: Final = 0.8
"""What a photo of what lies flat shows of a neck's depth, as it is taken from the hem's side: crew necks are half as
deep as they are wide, and 0.39 in the middle of 611 photos."""


def depth_px(photo: GarmentPhoto) -> float | None:
    """How far the front's neck hangs below the neck points, in pixels of a photo from above; None if not shown."""
    kind = photo.kind
    if "neck_front" not in photo.points or kind.neckline == Neckline.OFF_SHOULDER:
        return None
    depth = float(photo.points["neck_front"][1] - photo.middle("neck")[1])
    is_plain = not (stand_cm(kind) or kind.neckline in {Neckline.HOOD, Neckline.HALTER}) and photo.opening is None
    return depth / _SHOWN_FLAT if is_plain and kind.laid == "flat" else depth


def stand_cm(kind: GarmentKind) -> float:
    """Height of what stands round the neck; 0 for nothing."""
    return _STAND_CM.get(kind.neckline, 0.0)


def falls_in_front(photo: GarmentPhoto) -> bool:
    """True where what stands round the neck is open in front, so that the photo shows the back's inside above it."""
    if photo.kind.open_front or photo.kind.neckline == Neckline.COLLAR:
        return True
    if photo.kind.neckline != Neckline.HIGH or "neck_front" not in photo.points:
        return False
    hangs = float(photo.points["neck_front"][1] - photo.middle("neck")[1])
    return hangs > _OPEN_FROM * 2 * photo.half("neck")


def usual_neck(kind: GarmentKind, body: BodyMeasurements, across: float) -> float:
    """Half span of the neck points, cm; ``across`` is that of the shoulder points."""
    if kind.neckline in {Neckline.COLLAR, Neckline.HIGH, Neckline.HOOD}:
        return 0.24 * body.neck
    if kind.neckline == Neckline.HALTER:
        return 0.26 * body.neck
    if kind.neckline in {Neckline.BOAT, Neckline.SQUARE, Neckline.OFF_SHOULDER} or kind.sleeve == Sleeve.STRAP:
        return 0.75 * across
    return 0.27 * body.neck


def usual_drop(kind: GarmentKind, body: BodyMeasurements) -> float:
    """How far the front's neck hangs below the neck points, cm."""
    share = {
        Neckline.V: 0.5, Neckline.SCOOP: 0.36, Neckline.SQUARE: 0.34, Neckline.SWEETHEART: 0.4, Neckline.BOAT: 0.12,
        Neckline.HIGH: 0.2, Neckline.COLLAR: 0.25, Neckline.OFF_SHOULDER: 0.05,
    }.get(kind.neckline, 0.25)  # fmt: skip
    return share * body.neck
