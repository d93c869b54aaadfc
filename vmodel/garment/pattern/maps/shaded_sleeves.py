"""Comparison of a garment's sleeves: on plain cloth, one in deep folds can wear the picture of the other."""

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
_FOLD, _MOST = 5.0, 30.0
"""CIELAB lightness below the middle of both sleeves from which on a place counts as shaded, and the most that
counts."""
_DEEPER: Final = 1.2
"""Mean shade of a sleeve beyond the other's from which on it wears the other's picture. Of 100 garments with plain long
sleeves 12 have more, of 82 with short ones 6; by eye the other is cleaner in all of them."""
_PLAIN: Final = 0.5
"""Probability of a pattern all over from which on sleeves are not compared."""
_TINT, _FEW = 10.0, 0.12
"""Distance in CIELAB's a and b from the middle of both sleeves beyond which a place has a colour of its own, and the
share of such places up to which sleeves are plain: a print or a patch belongs to its own sleeve."""


def shaded_side(photo: GarmentPhoto, edges: Mapping[str, tuple[FloatArray, FloatArray]]) -> str | None:
    """Return the side whose sleeve shows much deeper folds than the other's; None where they are alike or not plain.

    Args:
        photo: the garment.
        edges: "left" and "right" -> (n, 2) pixels each along the outer and the inner edge of the sleeve.
    """
    if photo.is_drawn or len(edges) < 2 or dict(photo.kind.cloth).get("allover", 0.0) > _PLAIN:
        return None
    colours = {side: _colours(photo, *each) for side, each in edges.items()}
    middle = np.median(np.concatenate([each.reshape(-1, 3) for each in colours.values()]), axis=0)
    shade = {}
    for side, lab in colours.items():
        away = lab - middle
        if float((np.hypot(away[..., 1], away[..., 2]) > _TINT).mean()) > _FEW:
            return None
        shade[side] = float(np.clip(-away[..., 0] - _FOLD, 0, _MOST - _FOLD).mean())
    deeper = max(shade, key=lambda side: shade[side])
    return deeper if shade[deeper] > min(shade.values()) + _DEEPER else None


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
