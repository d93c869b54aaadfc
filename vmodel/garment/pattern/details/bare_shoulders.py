"""Upper edges in a photo other than ordinary necklines: halters, one shoulder, and edges across both arms."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from vmodel.garment.imaging.contour import SIDES, outline_beside, row_ends
from vmodel.types import GarmentPhoto, Neckline, Sleeve

BARE_ARMS: Final = (Sleeve.NONE, Sleeve.STRAP)
_EXPONENTS: Final = 1.0, 6.0
"""Bounds of the exponent of a halter's armholes."""
_BAND_ENDS: Final = (("cuff_outer", 0.25), ("cuff_inner", 0.75))
"""Heights at which a flounce's ends are searched for, as shares of the way from its upper edge to the armpit."""


def bare_side(photo: GarmentPhoto) -> str:
    """Return the side of a garment on one shoulder that its photo shows lower; "" for all other garments."""
    if photo.kind.neckline != Neckline.ASYMMETRIC:
        return ""
    return max(SIDES, key=lambda side: float(photo.points[f"neck_{side}"][1] + photo.points[f"shoulder_{side}"][1]))


def as_if_carried(photo: GarmentPhoto, bare: str) -> GarmentPhoto:
    """Mirror landmarks of the carried side to the bare side, which has no cloth there."""
    carried = next(side for side in SIDES if side != bare)
    end = "leg_outer" if photo.kind.category.has_legs else "hem"
    way = photo.middle(end) - photo.middle("armpit")
    way /= max(float(np.linalg.norm(way)), 1.0)
    points = dict(photo.points)
    for name in ("neck", "shoulder", "cuff_outer", "cuff_inner"):
        if f"{name}_{carried}" in points:
            offset = points[f"{name}_{carried}"] - photo.middle("armpit")
            points[f"{name}_{bare}"] = photo.middle("armpit") + 2 * (offset @ way) * way - offset
    return replace(photo, points=points)


def with_bands(photo: GarmentPhoto) -> GarmentPhoto:
    """Add cuffs to a photo where a band or a flounce lies across the arms, as far out as the outline shows it."""
    if photo.kind.neckline != Neckline.OFF_SHOULDER or photo.kind.sleeve not in BARE_ARMS:
        return photo
    points = dict(photo.points)
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        top, low = points[f"shoulder_{side}"], points[f"armpit_{side}"]
        reach = max(0.5 * photo.half("armpit"), 1.0)
        for name, share in _BAND_ENDS:
            at = (1 - share) * top + share * low
            out = max(outline_beside(photo.mask, at, reach, sign) * sign, (at[0] + 0.05 * reach * sign) * sign) * sign
            points[f"{name}_{side}"] = np.array([out, at[1]])
    return replace(photo, points=points)


def cut_in(photo: GarmentPhoto) -> float:
    """Return the exponent of an armhole whose curve passes the photo's outline halfway down."""
    shares = []
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        top, low = photo.points[f"shoulder_{side}"], photo.points[f"armpit_{side}"]
        across = float(low[0] - top[0]) * sign
        if across > 1:
            x = outline_beside(photo.mask, (top + low) / 2, 0.6 * across, sign)
            shares.append((x - float(top[0])) * sign / across)
    share = float(np.clip(np.mean(shares), 0.02, 0.6)) if shares else 0.2
    return float(np.clip(np.log(share) / np.log(0.5), *_EXPONENTS))


def string_width(photo: GarmentPhoto) -> float:
    """Return the width in pixels of what a halter's front hangs on, halfway down its neck; 0 if not shown."""
    found = []
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        low = photo.points.get("neck_front", photo.points[f"neck_{side}"])
        row = (photo.points[f"neck_{side}"][1] + low[1]) / 2
        columns = row_ends(photo.mask, float(row))
        runs = [run for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1) if len(run)]
        beside = [run for run in runs if sign * (run[0] - low[0]) > 0 and sign * (run[-1] - low[0]) > 0]
        if len(beside) != len(runs) and len(runs) > 1 and beside:
            found.append(float(len(min(beside, key=lambda run: abs(run.mean() - low[0])))))
    return float(np.mean(found)) if len(found) == len(SIDES) else 0.0
