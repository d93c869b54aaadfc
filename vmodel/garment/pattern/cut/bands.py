"""Ribbed and gathered bands: the cloth above them is cut as wide as it is, and they draw it in."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import Band
from vmodel.garment.imaging.contour import SIDES, outline_outwards
from vmodel.garment.pattern.cut.sides import girth_below
from vmodel.types import BodyMeasurements, FloatArray, GarmentPhoto

_HEIGHTS_CM: Final = 2.0, 12.0
_ABOVE: Final = 1.25
"""Where the cloth above a band is measured, in multiples of the band's height."""
_WIDER: Final = 1.05, 1.6
"""Bounds of the cloth's width above a cuff over the cuff's."""
_SNUG: Final = 0.97
"""Least length of a hem's band over the body's girth there."""
_BLENDS: Final = 0.1
"""Share of the way from armpit to hem over which cloth above a band gets as wide as it is cut there."""
_DRAWN: Final = 0.86
"""Most length of a hem's band over that of the cloth above it: less draws in nothing that could be seen."""
_WRIST: Final = 0.172
"""Girth of a wrist over the chest's."""
_ROUND_WRIST: Final = 1.05, 1.4
"""Bounds of a cuff's girth over the wrist's."""


def height_cm(photo: GarmentPhoto, where: str, scale: float) -> float:
    """Return the height of a band, ``scale`` being the photo's cm per pixel; 0 where there is none."""
    across = photo.half("armpit" if photo.kind.category.covers_upper else "hip")
    share = photo.bands.get(where, 0.0)
    return float(np.clip(2 * across * scale * share, *_HEIGHTS_CM)) if share else 0.0


def with_hem_band(
    photo: GarmentPhoto,
    body: BodyMeasurements,
    chest: float,
    sides: FloatArray,
    ends: tuple[float, float],
    scale: float,
) -> tuple[FloatArray, dict[str, Band]]:
    """Widen the end of a garment's sides to the cloth above the hem's band, and return the band.

    Args:
        photo: the garment as read.
        body: of the wearer.
        chest: half width at the armpits: cloth that is gathered onto a band lies narrower in the photo than it is.
        sides: (n, 2) from ``fit_sides``.
        ends: distances of armpit and hem below the neck points.
        scale: cm per pixel.
    """
    high = height_cm(photo, "hem", scale)
    if not high:
        return sides, {}
    above = max(float(sides[-2:, 1].max()), chest)
    around = max(min(float(sides[-1, 1]), _DRAWN * above), _SNUG * girth_below(body, ends[1]) / 4)
    begins = max(1 - high / (ends[1] - ends[0]), 0.5)  # a strip whose sides slant would stick out at its lower corners
    upper = sides[sides[:, 0] < begins - _BLENDS]
    widened = np.vstack([upper, [[begins, above], [1.0, above]]])
    return widened, {"hem": Band(high, min(around / above, 1.0))}


def with_cuff_bands(
    photo: GarmentPhoto, body: BodyMeasurements, cuff: float, widest: float, scale: float
) -> tuple[float, dict[str, Band]]:
    """Return the flat width of a sleeve's end as it is cut, and its band.

    Args:
        photo: the garment as read.
        body: of the wearer.
        cuff: flat width of the sleeve's end as it is seen.
        widest: the most that a sleeve's end may be cut.
        scale: cm per pixel.
    """
    high = height_cm(photo, "cuff", scale)
    if not high:
        return cuff, {}
    wrist = _WRIST * body.chest
    around = float(np.clip(2 * cuff, _ROUND_WRIST[0] * wrist, _ROUND_WRIST[1] * wrist))
    wide = min(max(cuff, around / 2) * _wider_above(photo, high / scale), widest)
    return wide, {f"cuff_{side}": Band(high, min(around / 2 / wide, 1.0)) for side in SIDES}


def _wider_above(photo: GarmentPhoto, high_px: float) -> float:
    """Return the width of sleeves above their cuffs over that of the cuffs, bounded."""
    ratios = []
    for side in SIDES:
        outer, inner, shoulder, armpit = (
            photo.points[f"{name}_{side}"] for name in ("cuff_outer", "cuff_inner", "shoulder", "armpit")
        )
        way = (outer + inner - shoulder - armpit) / 2
        down = way / max(float(np.linalg.norm(way)), 1.0)
        across = np.array([-down[1], down[0]])
        middle = (outer + inner) / 2
        wide = [_width(photo, middle - share * high_px * down, across) for share in (0.4, _ABOVE)]
        ratios.append(wide[1] / max(wide[0], 1.0))
    return float(np.clip(np.median(ratios), *_WIDER))


def _width(photo: GarmentPhoto, at: FloatArray, across: FloatArray) -> float:
    reach = photo.half("armpit") / 2
    return float(
        np.linalg.norm(np.subtract(*(outline_outwards(photo.mask, at, way, reach) for way in (across, -across))))
    )
