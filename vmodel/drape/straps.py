"""Straps are drawn up until a top covers the bust, as their sliders are there for.

A flat-lay does not say how its straps were set, and size is guessed from the whole garment: as cut, a camisole's edge
may hang well below the bust line of whoever wears it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from shapely.geometry import LineString, Polygon

from vmodel.body.chart import load_anatomy
from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.drape.outside import distance_to_body
from vmodel.types import BoolArray, FloatArray, Garment, IntArray, Neckline, PosedBody, Sleeve

THINNEST_FOOT = 1.8
"""A strap ends where it is this much wider than in its middle."""
WIDEST_CM = 4.0
"""Wider straps are cut cloth without sliders."""
SHORTEST = 0.2
"""Share of its length that a strap keeps at least."""
LEAST_ARMHOLE = 0.55
"""Depth that an armhole keeps, as a share of the height from the chest to the neck."""
COVERED_MM = -272.0
"""Height on the neutral body, below its eyes, that the front's middle reaches: just above the base layer's edge."""
UNTWISTING = 3
"""Rounds of smoothing and turning."""
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


def lay_straps(cloth: Cloth, positions_m: FloatArray, posed: PosedBody) -> FloatArray:
    """Turn narrow straps with their outside away from the skin, each place about the strap's middle line.

    A strip one triangle wide has no stiffness against twisting: the solver may turn it over between two supports.

    Args:
        cloth: particles and triangles, counter-clockwise seen from outside.
        positions_m: (N, 3).
        posed: the wearer.
    Returns:
        (N, 3); only particles of straps have moved.
    """
    narrow = on_strap(cloth)
    narrow[cloth.triangles[~cloth.rim[cloth.triangles].all(axis=1)]] = False  # where it meets the garment it is held
    if not narrow.any():
        return positions_m
    rim = {tuple(sorted(edge)) for edge in cloth.open_edges.tolist()}
    sides = np.concatenate([cloth.triangles[:, [0, 1]], cloth.triangles[:, [1, 2]], cloth.triangles[:, [2, 0]]])
    on_rim = np.array([tuple(sorted(side)) in rim for side in sides.tolist()])
    edge, rung = sides[on_rim], sides[~on_rim]  # the strap lies on the left of an edge, seen from outside
    (next_to, both), (beside, opposite) = _sums(cloth.count, edge, edge[:, ::-1]), _sums(cloth.count, rung)
    at = np.flatnonzero(narrow & (opposite > 0) & (both == 2))
    laid = np.array(positions_m, float)
    for _ in range(UNTWISTING):
        laid[at] = (laid[at] + (next_to @ laid)[at] / 2) / 2  # places that twisting has pushed past each other
        tangent = np.zeros_like(laid)
        for end in edge.T:
            np.add.at(tangent, end, laid[edge[:, 1]] - laid[edge[:, 0]])
        along = _unit(tangent[at])
        half = ((beside @ laid)[at] / opposite[at, None] - laid[at]) / 2
        half -= np.sum(half * along, axis=1, keepdims=True) * along
        middle = laid[at] + half
        distance, skin = distance_to_body(middle, posed.vertices_m, posed.faces)
        inward = _unit(np.cross((middle - skin) * np.sign(distance)[:, None], along))
        laid[at] = middle - inward * np.linalg.norm(half, axis=1, keepdims=True)
    return laid


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _sums(count: int, *pairs: IntArray) -> tuple[sparse.csr_matrix, FloatArray]:
    """Matrix that sums what lies at each particle's partners, and how many partners it has."""
    first, second = np.concatenate(pairs).T
    matrix = sparse.csr_matrix((np.ones(len(first)), (first, second)), shape=(count, count))
    return matrix, np.asarray(matrix.sum(axis=1)).ravel()


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
