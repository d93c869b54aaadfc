"""Dungarees: a bib on straps above legs or a skirt, which is worn over a top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from vmodel.types import Category, FloatArray, GarmentKind, Neckline, Sleeve

_BELOW_EDGE: Final = 0.12
"""Least distance of the upper ends of a bib's sides below the front's upper edge, over the distance of the sides."""
_BELOW_STRAPS: Final = 0.55
"""Least distance of the same ends below the top of the straps, over the distance of the sides."""
_NO_BIB: Final = frozenset({Neckline.V, Neckline.SWEETHEART, Neckline.STRAPLESS, Neckline.HALTER, Neckline.ASYMMETRIC})


def has_bib(kind: GarmentKind, points: Mapping[str, FloatArray]) -> bool:
    """Return whether a garment is dungarees or a pinafore, whose sides begin well below the front's upper edge.

    Args:
        kind: of the garment.
        points: landmarks, photo pixels.
    """
    if kind.category not in {Category.JUMPSUIT, Category.DRESS} or kind.sleeve != Sleeve.STRAP:
        return False
    if kind.neckline in _NO_BIB:
        return False
    neck, armpit = ((points[f"{n}_left"] + points[f"{n}_right"]) / 2 for n in ("neck", "armpit"))
    ends = "leg_outer" if kind.category.has_legs else "hem"
    way = (points[f"{ends}_left"] + points[f"{ends}_right"]) / 2 - neck
    down = way / max(float(np.linalg.norm(way)), 1.0)
    wide = max(float(np.linalg.norm(points["armpit_left"] - points["armpit_right"])), 1.0)
    below_edge, below_straps = ((armpit - start) @ down / wide for start in (points["neck_front"], neck))
    return bool(below_edge > _BELOW_EDGE and below_straps > _BELOW_STRAPS)
