"""Ribbed and gathered bands at a garment's hem and at the ends of its sleeves: is there one, and how high is it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy.special import expit

from vmodel.garment.recognition.closeup import END_AT, END_SPANS, end_closeup
from vmodel.garment.recognition.network import BAND_ROWS, BAND_SIZE, GarmentReaderNet
from vmodel.garment.recognition.views import look_both_ways, resampled
from vmodel.types import ByteArray, FloatArray, GarmentKind, Sleeve

Places = list[tuple[FloatArray, FloatArray]]
"""Places (2,) on an edge in pixels, and (2,) unit vectors out of the cloth there."""
_ON_HEM: Final = (0.22, 0.78)
"""Shares of a hem's width at which it is looked at: clear of an open front's edges and of the side seams."""
_SURE: Final = 0.5
"""Score from which on there is a band: a false one is worse than none. In five-fold cross-validation 29 of 31 hems and
26 of 28 cuffs that reach it have one; 45 of 170 labelled hems and 47 of 136 cuffs do."""
_OTHER: Final = 0.35
"""Weight of the other kind of end in a score: garments mostly have bands at both."""
_HIGHER: Final = 1.1
"""Height of a band over the sum of its rows' probabilities, in the median of the same ends."""
_NEXT: Final = 5
"""Number of those rows."""
_BANDED: Final = frozenset({Sleeve.THREE_QUARTER, Sleeve.LONG})


def read_bands(
    network: GarmentReaderNet, rgb: ByteArray, kind: GarmentKind, points: Mapping[str, FloatArray]
) -> dict[str, float]:
    """Find the bands of a garment that hangs from the shoulders.

    Args:
        network: from ``load_network``.
        rgb: (H, W, 3) uint8 sRGB, the photo.
        kind: what it shows.
        points: landmark -> (2,) pixels.
    Returns:
        "hem" or "cuff" -> height as a share of the distance between the armpits; those without a band are absent.
    """
    if not kind.category.covers_upper or kind.category.has_legs:
        return {}
    across = float(np.linalg.norm(points["armpit_left"] - points["armpit_right"]))
    scores = {}
    for name, places in ends_of(points, kind.sleeve in _BANDED).items():
        views = [resampled(rgb, end_closeup(*place, across), BAND_SIZE) for place in places if _shown(rgb, place[0])]
        told = [each[0].numpy() for view in views for each in look_both_ways(network.bands_of, view)]
        if told:
            scores[name] = np.asarray(np.mean(told, axis=0))
    return band_heights(scores)


def band_heights(scores: Mapping[str, FloatArray]) -> dict[str, float]:
    """Return the heights of the bands in close-ups, as shares of the distance between the armpits.

    Args:
        scores: kind of end -> (BAND_ROWS,) logits.
    """
    above = {name: expit(told[: round(END_AT * BAND_ROWS)]) for name, told in scores.items()}
    sure = {name: float(rows[-_NEXT:].mean()) for name, rows in above.items()}
    if len(sure) > 1:
        total = sum(sure.values())
        sure = {name: (1 - _OTHER) * own + _OTHER * (total - own) for name, own in sure.items()}
    high = _HIGHER * END_SPANS / BAND_ROWS
    return {name: high * float(rows.sum()) for name, rows in above.items() if sure[name] > _SURE}


def ends_of(points: Mapping[str, FloatArray], has_cuffs: bool) -> dict[str, Places]:
    """Return places at the hem, and at the ends of both sleeves.

    Args:
        points: landmark -> (2,) pixels.
        has_cuffs: its sleeves have ends of their own.
    """
    right, left = points["hem_right"], points["hem_left"]
    middle = points.get("hem_mid", (right + left) / 2)
    bend = 2 * middle - (right + left) / 2
    down = (right + left - points["neck_left"] - points["neck_right"]) / 2
    hem: Places = []
    for share in _ON_HEM:
        spot = (1 - share) ** 2 * right + 2 * share * (1 - share) * bend + share**2 * left
        hem.append((spot, _beside((1 - share) * (bend - right) + share * (left - bend), down)))
    found = {"hem": hem}
    if has_cuffs:
        found["cuff"] = []
        for side in ("right", "left"):
            outer, inner, shoulder, armpit = (
                points[f"{name}_{side}"] for name in ("cuff_outer", "cuff_inner", "shoulder", "armpit")
            )
            found["cuff"].append(((outer + inner) / 2, _beside(outer - inner, outer + inner - shoulder - armpit)))
    return found


def _beside(way: FloatArray, towards: FloatArray) -> FloatArray:
    """Return the unit vector square to an edge, on the side of a direction."""
    square = np.array([-way[1], way[0]]) / max(float(np.linalg.norm(way)), 1e-6)
    return np.asarray(square if square @ towards > 0 else -square)


def _shown(rgb: ByteArray, spot: FloatArray) -> bool:
    return bool(0 <= spot[0] < rgb.shape[1] and 0 <= spot[1] < rgb.shape[0])
