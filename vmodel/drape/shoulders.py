"""Bringing a cut's neck to the wearer's shoulders: both sides alike, and no wider than what stays on.

Size is guessed from the whole garment, so that a wide scoop may end on the arms of whoever wears it, and a photo taken
askew has one shoulder nearer to the middle. Both would slide down one arm and pull the neckline straight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.drape.straps import StrapWarp, strap_warp
from vmodel.types import FloatArray, Garment, IntArray, Neckline

WIDEST_NECK = 0.72
"""Half width of a neck that stays on, as a share of the shoulder joint's distance from the middle."""
NARROWEST = 0.75
"""A neck is taken in by no more than this factor."""
LEAST_SHOULDER_CM = 4.0
"""Cloth beside the neck over which its change fades out."""


@dataclass(frozen=True)
class _Warp:
    """Sideways shift of panel points above the armpits, in cm.

    Attributes:
        middle: x between the neck points.
        left, right: half widths of the neck as cut, and wanted: of both sides.
        outer: distance from the middle at which the shift ends: the armholes, so that sleeves stay as they are cut.
        high, low: heights of neck and armpits, between which the shift fades out.
    """

    middle: float
    left: float
    right: float
    wanted: float
    outer: float
    high: float
    low: float

    def moved(self, points: FloatArray) -> FloatArray:
        """(n, 2) points after the shift: the neck is scaled, the shoulders grow or shrink by as much."""
        x = points[:, 0] - self.middle
        fade = np.clip((points[:, 1] - self.low) / (self.high - self.low), 0, 1)
        half = np.where(x > 0, self.left, self.right)
        share = np.minimum(np.abs(x) / half, np.clip((self.outer - np.abs(x)) / (self.outer - half), 0, 1))
        shift = np.sign(x) * share * (self.wanted - half) * fade * fade * (3 - 2 * fade)
        return np.stack([points[:, 0] + shift, points[:, 1]], axis=1)


def fit_shoulders(garment: Garment, cloth: Cloth, body: Body) -> tuple[Garment, Cloth]:
    """Set straps, then narrow and centre the neck, where size was guessed; textures stay where they are in the cloth.

    Args:
        garment: in cm.
        cloth: cut from it.
        body: the wearer.
    Returns:
        The garment with its landmarks and edges moved, for placing only, and the cloth with its rest lengths changed.
    """
    for find_warp in (strap_warp, _warp_for):
        warp = find_warp(garment, body)
        if warp is not None:
            garment, cloth = _warped(garment, cloth, warp)
    return garment, cloth


def _warped(garment: Garment, cloth: Cloth, warp: _Warp | StrapWarp) -> tuple[Garment, Cloth]:
    panels = tuple(
        replace(panel, edges={name: warp.moved(np.asarray(points, float)) for name, points in panel.edges.items()})
        for panel in garment.panels
    )
    marks = {name: warp.moved(np.asarray(at, float)[None])[0] for name, at in garment.landmarks_cm.items()}
    flat = warp.moved(cloth.flat_cm)
    return replace(garment, panels=panels, landmarks_cm=marks), replace(
        cloth,
        flat_cm=flat,
        edge_rest_m=cloth.edge_rest_m * _stretched(cloth, cloth.edges, cloth.edge_direction, warp),
        bend_rest_m=cloth.bend_rest_m * _stretched(cloth, cloth.bends, None, warp),
    )


def _warp_for(garment: Garment, body: Body) -> _Warp | None:
    marks = {name: np.asarray(at, float) for name, at in garment.landmarks_cm.items()}
    known = all(f"{name}_{side}" in marks for name in ("neck", "armpit") for side in ("left", "right"))
    upper = garment.kind.category.covers_upper and garment.kind.neckline != Neckline.STRAPLESS
    if not (known and upper and garment.scale_source == "guessed"):
        return None
    neck, armpit = (marks[f"{name}_left"] + marks[f"{name}_right"] for name in ("neck", "armpit"))
    middle = float(neck[0] + armpit[0]) / 4
    left, right = float(marks["neck_left"][0]) - middle, middle - float(marks["neck_right"][0])
    if min(left, right) < 1.0 or neck[1] - armpit[1] < 10.0:
        return None
    widest = WIDEST_NECK * 100 * float(body.rest.joints_m["upperarm01.L"][0])
    wanted = max(min((left + right) / 2, widest), NARROWEST * max(left, right))
    reach = float(marks["armpit_left"][0] - marks["armpit_right"][0]) / 2
    outer = max(reach, max(left, right) + LEAST_SHOULDER_CM)
    return _Warp(middle, left, right, wanted, outer, float(neck[1]) / 2, float(armpit[1]) / 2)


def _stretched(cloth: Cloth, pairs: IntArray, direction: FloatArray | None, warp: _Warp | StrapWarp) -> FloatArray:
    """Factor on the length of each link: its ends are taken half a centimetre to either side of its middle."""
    first, second = cloth.flat_cm[pairs[:, 0]], cloth.flat_cm[pairs[:, 1]]
    if direction is None:
        apart = second - first
        length = np.linalg.norm(apart, axis=1, keepdims=True)
        # Links across a side seam join points that lie on one another in the photo; they run sideways.
        direction = np.where(length > 1e-6, apart / np.maximum(length, 1e-6), np.array([1.0, 0.0]))
    middle = (first + second) / 2
    ends = [warp.moved(middle + sign * 0.5 * direction) for sign in (1, -1)]
    return np.asarray(np.linalg.norm(ends[0] - ends[1], axis=1))
