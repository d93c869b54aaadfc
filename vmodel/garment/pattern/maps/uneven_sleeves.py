"""Comparison of a garment's sleeves: on plain cloth, one in folds or bad light can wear the picture of the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from vmodel.garment.pattern.maps.sleeve_edges import pixels_at
from vmodel.types import FloatArray, GarmentPhoto

_ACROSS, _ALONG = np.linspace(0.04, 0.96, 32), 64
_BLUR: Final = 1.3
"""Deviation in places of the blur that leaves folds and takes weave and noise."""
_FOLD, _PRINT = 5.0, 30.0
"""Difference in CIELAB lightness from the middle of both sleeves from which on a place counts as folded or badly lit,
and from which on it is too large for what is left of light that was taken off: a print."""
_MORE: Final = 1.2
"""Mean difference of a sleeve beyond the other's from which on it wears the other's picture: 15 of 350 photos with
sleeves, chosen at random. By eye the other sleeve is cleaner, or as clean, in 14; in one it differs in its dye."""
_PATTERNS: Final = ("allover", "blocks", "washed")
_PATTERNED: Final = 0.5
"""Probability of such cloth, whose sleeves differ by design, from which on they are not compared."""
_TINT, _FEW = 10.0, 0.03
"""Distance in CIELAB's a and b from the middle of both sleeves beyond which a place is printed, and the share of
printed places up to which a sleeve is plain: a print or a patch belongs to its own sleeve."""


def uneven_side(photo: GarmentPhoto, edges: Mapping[str, tuple[FloatArray, FloatArray]]) -> str | None:
    """Return the side whose sleeve is much less even than the other's; None where they are alike or not plain.

    Args:
        photo: the garment.
        edges: "left" and "right" -> (n, 2) pixels each along the outer and the inner edge of the sleeve.
    """
    cloth = dict(photo.kind.cloth)
    if photo.is_drawn or len(edges) < 2 or sum(cloth.get(name, 0.0) for name in _PATTERNS) > _PATTERNED:
        return None
    colours = {side: _colours(photo, *each) for side, each in edges.items()}
    middle = np.median(np.concatenate([each.reshape(-1, 3) for each in colours.values()]), axis=0)
    uneven = {}
    for side, lab in colours.items():
        away = np.abs(lab - middle)
        printed = (np.hypot(away[..., 1], away[..., 2]) > _TINT) | (away[..., 0] > _PRINT)
        if float(printed.mean()) > _FEW:
            return None
        uneven[side] = float((np.maximum(away[..., 0] - _FOLD, 0) * ~printed).mean())
    worse = max(uneven, key=lambda side: uneven[side])
    return worse if uneven[worse] > min(uneven.values()) + _MORE else None


def _colours(photo: GarmentPhoto, outer: FloatArray, inner: FloatArray) -> FloatArray:
    """Return the (64, 32, 3) CIELAB colours of a sleeve, along and across it."""
    rows = np.linspace(0, len(outer) - 1, _ALONG)
    outer, inner = (
        np.stack([np.interp(rows, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], axis=1)
        for line in (outer, inner)
    )
    across = _ACROSS[None, :, None]
    spots = (1 - across) * outer[:, None] + across * inner[:, None]
    rgb = photo.rgb[pixels_at(photo.mask, spots)].astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), (0, 0), _BLUR))
