"""Sides and hem of a garment that hangs from the shoulders: what its photo shows, what is true, what the body needs."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.garment.imaging.contour import HEM_SHARES, SIDE_SHARES, hem_spots, side_spots
from vmodel.garment.pattern.cut.sizes import shown_of_width
from vmodel.garment.pattern.cut.swim import SNUG
from vmodel.types import BodyMeasurements, Category, FloatArray, GarmentKind, GarmentPhoto, Neckline, Sleeve

_CORNER_CM: Final = 0.4
"""Most by which a hem's corner may lie outside its side's extension: corners that curl up in a photo stick out."""
_HEM_SEEN: Final = {"flat": 0.12, "hanger": -0.07, "held": -0.07}
_HEM_USUAL, _HEM_TRUST, _HEM_FAR = 0.02, 0.4, 0.2
"""Logarithm of a top's hem over its chest. Photographed flat the hem appears wide, as photos are taken from that end;
on a hanger it appears narrow, as it falls in folds: the medians of 1,532 and 223 labelled photos, where size charts
know hardly a difference. So what a photo shows counts in part, up to a deviation beyond which it is the garment's
own."""
_FROM_BELOW: Final = 0.06
"""The same of other garments that lie flat: stripes of 48 tops are 1.12 times as far apart at the hem as at the chest,
which is the square of what widths are."""
_LIFT: Final = 0.06
"""How far the middle of a top's front hem is lifted beside its corners, over what the hem is longer than the body is
round: the mean of 29 tops that were draped."""
_MOST_LIFT_CM: Final = 5.0


def fit_sides(photo: GarmentPhoto, body: BodyMeasurements, chest: float, length: float, armpit: float) -> FloatArray:
    """Return the (n, 2) half widths from armpit to hem: as in the outline, and at least as wide as the body needs."""
    legs = photo.kind.category == Category.JUMPSUIT
    spans = [float(np.linalg.norm(left - right)) / 2 for left, right in side_spots(photo, behind=True).values()]
    seen = chest * np.array([1.0, *(span / max(photo.half("armpit"), 1.0) for span in spans)])
    down = np.array((0.0, *SIDE_SHARES))
    if not legs:
        seen[-1] = min(seen[-1], seen[-2] + max(seen[-2] - seen[-3], 0.0) + _CORNER_CM)
        if not photo.is_drawn:
            seen *= np.exp(_true_spread(photo.kind, float(np.log(seen[-1] / chest))) * down)
    heights = body.neck_height - armpit - down * (length - armpit)
    shown = shown_of_width(heights, photo.kind.laid, body)
    seen *= shown[0] / shown
    at_body = [(body.neck_height - h - armpit) / (length - armpit) for h in (body.waist_height, body.hip_height)]
    shares = sorted({*SIDE_SHARES, *(share for share in at_body if 0.03 < share < 0.97)})
    widths = []
    for share in shares:
        need = _need(photo.kind, body, armpit + share * (length - armpit))
        if photo.kind.category == Category.SWIMWEAR:  # stretch cloth follows the body, however wide it lies
            widths.append(need)
            continue
        if legs and share >= 0.4:
            need = max(need, (body.hip + 8) / 4)
        wanted = float(np.interp(share, down, seen))
        widths.append(float(np.clip(wanted, need, max(need, (body.hip + 150) / 4))))
    return np.stack([shares, widths], axis=1)


def _true_spread(kind: GarmentKind, seen: float) -> float:
    """Return the logarithm by which a hem is wider than its photo shows; ``seen`` is that of hem over chest there."""
    if kind.category != Category.TOP:
        return -_FROM_BELOW if kind.laid == "flat" else 0.0
    if kind.laid not in _HEM_SEEN:
        return 0.0
    usual = _HEM_SEEN[kind.laid]
    doubted = float(np.clip(seen - usual, -_HEM_FAR, _HEM_FAR))
    return _HEM_USUAL - usual - (1 - _HEM_TRUST) * doubted


def lift_cm(kind: GarmentKind, body: BodyMeasurements, hem: float, length: float) -> float:
    """Return how far a hem's middle is lifted on the body beside its corners, in cm; ``hem`` is its half width."""
    if kind.category not in {Category.TOP, Category.OUTERWEAR}:
        return 0.0
    return float(np.clip(_LIFT * (4 * hem - girth_below(body, length)), 0.0, _MOST_LIFT_CM))


def girth_below(body: BodyMeasurements, below_cm: float, ease: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> float:
    """Return the girth at a distance in cm below the neck points, with an ease at chest, waist and hip."""
    heights = [body.neck_height - h for h in (body.chest_height, body.waist_height, body.hip_height)]
    girths = [girth + more for girth, more in zip((body.chest, body.waist, body.hip), ease, strict=True)]
    return float(np.interp(below_cm, heights, girths))


def _need(kind: GarmentKind, body: BodyMeasurements, below_cm: float) -> float:
    """Return the least half width at a distance in cm below the neck points."""
    if kind.category == Category.SWIMWEAR:
        return girth_below(body, below_cm) * SNUG / 4
    snug = kind.neckline == Neckline.STRAPLESS or kind.sleeve == Sleeve.STRAP
    return girth_below(body, below_cm, (3.0, 2.0, 3.0) if snug else (4.0, 5.0, 4.0)) / 4


def fit_hem(photo: GarmentPhoto, scale: float) -> FloatArray:
    """Return the (9, 2) shape of the hem's front, bounded: share of its width, and cm below its corners."""
    spots = hem_spots(photo)
    left, right = photo.points["hem_left"], photo.points["hem_right"]
    straight = right + (left - right) * (HEM_SHARES[:, None] + 1) / 2
    return np.stack([HEM_SHARES, np.clip((spots - straight)[:, 1] * scale, -9.0, 9.0)], axis=1)
