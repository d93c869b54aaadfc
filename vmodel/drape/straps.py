"""Straps are drawn up until a top covers the bust, as their sliders are there for.

A flat-lay does not say how its straps were set, and size is guessed from the whole garment: as cut, a camisole's edge
may hang well below the bust line of whoever wears it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely.geometry import LineString, Polygon

from vmodel.body.chart import load_anatomy
from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.types import BoolArray, FloatArray, Garment, Neckline, Sleeve

THINNEST_FOOT = 1.8
"""A strap ends where it is this much wider than in its middle."""
WIDEST_CM = 4.0
"""Wider straps are cut cloth without sliders."""
SHORTEST = 0.2
"""Share of its length that a strap keeps at least."""
LEAST_ARMHOLE = 0.65
"""Depth that an armhole keeps, as a share of the height from the chest to the neck."""
COVERED_MM = -272.0
"""Height on the neutral body, below its eyes, that the front's middle reaches: just above the base layer's edge."""
OVER_THE_BUST = 1.06
"""How much longer the way over shoulder and chest is than its height."""


@dataclass(frozen=True)
class StrapWarp:
    """Shift downwards of panel points along the straps, in cm.

    Attributes:
        top, foot: heights of a strap's ends in the panel.
        lift: by how much each strap is shortened.
    """

    top: float
    foot: float
    lift: float

    def moved(self, points: FloatArray) -> FloatArray:
        """(n, 2) points with the straps shortened; what lies below them stays."""
        share = np.clip((points[:, 1] - self.foot) / (self.top - self.foot), 0, 1)
        return np.stack([points[:, 0], points[:, 1] - self.lift * share], axis=1)


def strap_warp(garment: Garment, body: Body) -> StrapWarp | None:
    """How to set the straps for a wearer; None where there are none to set, or they sit high enough.

    Args:
        garment: in cm; only of guessed size, for a stated size may mean the straps as well.
        body: the wearer.
    """
    marks = {name: np.asarray(at, float) for name, at in garment.landmarks_cm.items()}
    wanted = {"neck_left", "neck_right", "armpit_left", "armpit_right"} <= set(marks)
    on_straps = garment.kind.sleeve == Sleeve.STRAP and garment.kind.neckline != Neckline.STRAPLESS
    if not (wanted and on_straps and garment.scale_source == "guessed"):
        return None
    front = next((panel for panel in garment.panels if panel.side == "front"), None)
    if front is None:
        return None
    edges = [np.asarray(points, float) for points in front.edges.values()]
    top = max(float(points[:, 1].max()) for points in edges)
    foot = _foot(Polygon(np.concatenate([points[:-1] for points in edges])).buffer(0), top)
    if foot is None:
        return None
    low = min(float(points[:, 1].min()) for name, points in front.edges.items() if name == "neck")
    across = float(abs(marks["neck_left"][0] - marks["neck_right"][0])) / 2
    armpit = float(marks["armpit_left"][1] + marks["armpit_right"][1]) / 2
    lift = min(
        top - low - OVER_THE_BUST * _height_cm(body, across),
        top - armpit - LEAST_ARMHOLE * (body.measurements.neck_height - body.measurements.chest_height),
        (1 - SHORTEST) * (top - foot),
    )
    return StrapWarp(top, foot, lift) if lift > 0.5 else None


def on_strap(cloth: Cloth) -> BoolArray:
    """(N,) True for particles of strips that are one triangle wide."""
    narrow = np.zeros(cloth.count, bool)
    narrow[cloth.triangles[cloth.rim[cloth.triangles].all(axis=1)]] = True
    return narrow


def _foot(outline: Polygon, top: float) -> float | None:
    """Height at which the wearer's left strap widens into the garment; None if it is no strap."""
    left, bottom, right, _ = outline.bounds
    middle = (left + right) / 2
    heights = np.arange(top - 1.0, (top + bottom) / 2, -0.25)
    widths = np.array([outline.intersection(LineString([(middle, y), (right + 1, y)])).length for y in heights])
    wide = float(np.median(widths[: max(3, len(widths) // 6)]))
    ends = np.flatnonzero(widths > max(THINNEST_FOOT * wide, wide + 1.0))
    if wide > WIDEST_CM or not len(ends) or ends[0] < 12:
        return None
    return float(heights[ends[0]])


def _height_cm(body: Body, across_cm: float) -> float:
    """From the top of the shoulder where the straps lie down to the edge that covers the bust."""
    vertices, spots = np.asarray(body.rest.vertices_m, float) * 100, load_anatomy().spot_mm
    trunk = (spots[:, 2] < -150) & (np.abs(spots[:, 0]) < 200)
    beside = trunk & (np.abs(np.abs(vertices[:, 0]) - across_cm) < 2.0)
    breast = (np.abs(spots[:, 0]) < 25) & (spots[:, 1] < 60) & (np.abs(spots[:, 2] - COVERED_MM) < 15)
    return float(vertices[beside, 2].max() - vertices[breast, 2].mean())
