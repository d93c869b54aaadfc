"""Cloth on a body in three views: flat as it was cut, in the pose, and on the skin below it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from scipy.spatial import cKDTree

from vmodel.quality.wear.chart import BODY, EVERYWHERE, BodyChart, OnBody
from vmodel.types import BoolArray, Drape, FloatArray, Garment, IntArray, Neckline, Panel

LOST_CM: Final = 4.0
"""Distance from any cloth of its side beyond which a landmark is not on the cloth."""
_TRIED: Final = 16
_ROW_CM: Final = 2.0
_GRID_CM: Final = 1.5
_LAID_NEAREST: Final = 4
_SLEEVE_CM: Final = 6.0
"""Length of the shortest sleeve; a shorter one is a cap or an armhole's edge, and lies on the shoulder."""
_LIFT_CM: Final = 20.0
ROOT_ON_ARM: Final = 0.04
"""Distance down the arm at which a sleeve begins whose upper edge lies across it, as a share of the height."""
_SIDES: Final = (("left", 1.0), ("right", -1.0))


@dataclass(frozen=True, eq=False)
class Spots:
    """Places of points of the cut in the pose.

    Attributes:
        at_m: (P, 3).
        apart_cm: (P,) distance from the point to the nearest cloth of its panel, flat.
    """

    at_m: FloatArray
    apart_cm: FloatArray

    @property
    def found_m(self) -> FloatArray:
        """(F, 3) places of the points that are on the cloth."""
        return self.at_m[self.apart_cm < LOST_CM]


class WornView:
    """Garment as it lies on a body; every array has one row for each triangle of the cloth.

    Attributes:
        cut_cm: (T, 3, 2) corners in the panel.
        flat_cm: (T, 3, 2) corners in the garment lying flat; the same except for pieces of a sewing pattern.
        front: (T,) belongs to the front.
        area_cm2: (T,) of the cut.
        corners_m: (T, 3, 3) in the pose.
        worn_cm2: (T,) area in the pose.
        normal: (T, 3) unit, out of the garment.
        beside: other garments over or under this one, or None.
    """

    def __init__(self, garment: Garment, drape: Drape, chart: BodyChart, beside: Drape | None = None) -> None:
        self.garment, self.drape, self.chart, self.beside = garment, drape, chart, beside
        self.kind = garment.kind
        self.marks = {name: np.asarray(at, float) for name, at in garment.landmarks_cm.items()}
        panel = np.asarray(drape.panel)
        affine = np.stack([np.asarray(each.panel_to_texture, float) for each in garment.panels])
        back = np.linalg.inv(affine[:, :, :2])
        offset = np.asarray(drape.texture_px, float) - affine[panel][:, None, :, 2]
        self.cut_cm: FloatArray = np.einsum("tij,tkj->tki", back[panel], offset)
        self.flat_cm: FloatArray = self._laid(panel)
        self.front: BoolArray = np.array([each.side == "front" for each in garment.panels])[panel]
        self.area_cm2: FloatArray = _areas(self.cut_cm)
        self.corners_m: FloatArray = np.asarray(drape.vertices_m, float)[np.asarray(drape.triangles)]
        normal = np.cross(self.corners_m[:, 1] - self.corners_m[:, 0], self.corners_m[:, 2] - self.corners_m[:, 0])
        size = np.linalg.norm(normal, axis=1)
        self.normal: FloatArray = normal / np.maximum(size, 1e-12)[:, None]
        self.worn_cm2: FloatArray = 1e4 * size / 2
        self._trees: dict[object, tuple[IntArray, cKDTree]] = {}

    def _laid(self, panel: IntArray) -> FloatArray:
        flat = self.cut_cm.copy()
        for index, each in enumerate(self.garment.panels):
            if each.laid is not None:
                own = panel == index
                flat[own] = laid_out(each, self.cut_cm[own].reshape(-1, 2)).reshape(-1, 3, 2)
        return flat

    @cached_property
    def middle_cm(self) -> FloatArray:
        """(T, 2) middle of each triangle in the garment lying flat."""
        return np.asarray(self.flat_cm.mean(axis=1))

    @cached_property
    def middle_m(self) -> FloatArray:
        """(T, 3) middle of each triangle in the pose."""
        return np.asarray(self.corners_m.mean(axis=1))

    @cached_property
    def sleeve(self) -> IntArray:
        """(T,) 1 on the left sleeve, 2 on the right, 0 elsewhere."""
        return self.sleeve_of(self.middle_cm)

    def sleeve_of(self, flat_cm: FloatArray) -> IntArray:
        """Return the number as in ``sleeve`` for (n, 2) points of the garment lying flat."""
        found = np.zeros(len(flat_cm), int)
        for number, (side, sign) in enumerate(_SIDES, start=1):
            found[self._on_sleeve(flat_cm, side, sign)] = number
        return found

    def _on_sleeve(self, flat_cm: FloatArray, side: str, sign: float) -> BoolArray:
        """Find points out of the armhole that are nearer to the sleeve's outline than to the garment's side."""
        ends = self._sleeve_ends(side)
        if ends is None:
            return np.zeros(len(flat_cm), bool)
        shoulder, armpit, outer, inner = ends
        root = (shoulder + armpit) / 2
        way = (outer + inner) / 2 - root
        if not self.hangs_from_shoulders:  # its root lies aslant
            line = shoulder - armpit
            way = np.array([line[1], -line[0]]) * np.sign(line[1] * way[0] - line[0] * way[1])
        beyond = (flat_cm - root) @ way > 0
        own, others = self._edges_flat(f"sleeve_top_{side}", f"sleeve_under_{side}"), self._edges_flat(f"side_{side}")
        if own and others:  # steep sleeves lie close to the side, so the nearer outline decides
            near = [cKDTree(_dense(lines)).query(flat_cm)[0] for lines in (own, others)]
            return np.asarray(beyond & (near[0] < near[1]))
        hem = self.marks.get(f"hem_{side}", armpit - (0.0, 30.0))
        between = _unit(inner - armpit) + _unit(hem - armpit)
        offset = flat_cm - armpit
        outside = sign * (between[0] * offset[:, 1] - between[1] * offset[:, 0]) > 0
        return np.asarray(beyond & (outside | (offset[:, 1] > 0)))

    def _sleeve_ends(self, side: str) -> tuple[FloatArray, ...] | None:
        """Return shoulder, armpit, and both ends of the cuff; None without a sleeve of sufficient length."""
        names = [f"{name}_{side}" for name in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]
        if not all(name in self.marks for name in names):
            return None
        shoulder, armpit, outer, inner = (self.marks[name] for name in names)
        long_enough = np.linalg.norm((outer + inner) / 2 - (shoulder + armpit) / 2) >= _SLEEVE_CM
        return (shoulder, armpit, outer, inner) if long_enough else None

    def sleeve_length_cm(self, side: str) -> float | None:
        """Return the length from the armhole to the cuff; None without a sleeve."""
        ends = self._sleeve_ends(side)
        if ends is None:
            return None
        shoulder, armpit, outer, inner = ends
        return float(np.linalg.norm((outer + inner) / 2 - (shoulder + armpit) / 2))

    def sleeve_start_cm(self, side: str) -> float:
        """Return the distance down the arm from its joint at which a sleeve begins; negative on a narrow shoulder."""
        if not self.hangs_from_shoulders:
            return ROOT_ON_ARM * self.chart.body.measurements.height
        return abs(float(self.marks[f"shoulder_{side}"][0])) - 100 * self.chart.shoulder_x_m

    @cached_property
    def on_body(self) -> OnBody:
        """Skin below each triangle; only sleeves may lie on arms."""
        where = self.chart.locate(self.middle_m, BODY)
        worn = np.flatnonzero(self.sleeve)
        if len(worn):
            arms = self.chart.locate(self.middle_m[worn], EVERYWHERE)
            for name in ("vertex", "part", "rest_m", "away_m"):
                getattr(where, name)[worn] = getattr(arms, name)
        return where

    @cached_property
    def torso(self) -> BoolArray:
        """(T,) cloth that is no sleeve, above the fork or the knees: it has a front, a back, and two sides."""
        above = self.middle_cm[:, 1] > self.fork_cm
        return np.asarray((self.sleeve == 0) & above)

    @cached_property
    def is_open(self) -> bool:
        """State of a garment that is worn open in front, so that none of it lies in the middle."""
        return self.kind.open_front or any(
            name.startswith("front_opening") for panel in self.garment.panels for name in panel.edges
        )

    @cached_property
    def lift_cm(self) -> float:
        """Distance in cm by which raised arms may lift a garment that hangs from the shoulders."""
        lifted = max(self.chart.arms_lifted, 0.0) if self.kind.category.covers_upper else 0.0
        return _LIFT_CM * lifted * self.chart.scale

    @cached_property
    def fork_cm(self) -> float:
        """Height in the flat garment at which the body divides."""
        if "crotch" in self.marks:
            return float(self.marks["crotch"][1])
        return float(self.flat_heights_cm(np.array(self.chart.body.measurements.inseam / 100)))

    @cached_property
    def anchor(self) -> tuple[float, float]:
        """Height in the flat garment in cm, and the height on the body at rest in m where it is meant to lie."""
        marks, measures = self.marks, self.chart.body.measurements
        if self.kind.category.covers_upper:
            ends = [marks[name] for name in ("neck_left", "neck_right") if name in marks]
            if not ends:
                return self._edge_top("neck", "shoulder", "strap"), measures.neck_height / 100
            y_cm = float(np.mean([end[1] for end in ends]))
            if self.hangs_from_shoulders:
                return y_cm, self.chart.shoulder_line_m(float(np.mean(np.abs([end[0] for end in ends]))))
            low, high = measures.chest_height / 100 - 0.03 * self.chart.scale, self.chart.shoulder_m
            return y_cm, float(np.clip(self._edge_height("neck", (low + high) / 2), low, high))
        low, high = measures.inseam / 100 + 0.03 * self.chart.scale, measures.chest_height / 100
        return self._edge_top("waist"), float(
            np.clip(self._edge_height("waist", measures.waist_height / 100), low, high)
        )

    @cached_property
    def hangs_from_shoulders(self) -> bool:
        """Presence of a seam or a strap that goes over the shoulders."""
        return any(name.startswith(("shoulder", "strap")) for each in self.garment.panels for name in each.edges)

    @cached_property
    def bare_sides(self) -> tuple[str, ...]:
        """Sides whose shoulder the garment leaves bare, apart from what goes round the neck of a halter."""
        if not self.kind.category.covers_upper or not self.kind.bares_a_shoulder:
            return ()
        carried = {name for each in self.garment.panels for name in each.edges if name.startswith("shoulder")}
        is_one = self.kind.neckline == Neckline.ASYMMETRIC
        return tuple(side for side, _ in _SIDES if not (is_one and f"shoulder_{side}" in carried))

    def _edge_top(self, *stems: str) -> float:
        tops = [float(points[:, 1].max()) for points in self._edges_flat(*stems)]
        return max(tops, default=float(self.flat_cm[..., 1].max()))

    def _edges_flat(self, *stems: str) -> list[FloatArray]:
        return [
            laid_out(each, np.asarray(points, float))
            for each in self.garment.panels
            for name, points in each.edges.items()
            if name.startswith(stems)
        ]

    def _edge_height(self, stem: str, usual_m: float) -> float:
        where = self.edge_on_body(stem, BODY)
        return usual_m if where is None else float(np.median(where.rest_m[:, 2]))

    def flat_heights_cm(self, rest_m: FloatArray) -> FloatArray:
        """Convert heights on the body at rest to heights in the flat garment that are meant to lie there."""
        return np.asarray(self.anchor[0] + 100 * (rest_m - self.anchor[1]))

    def rest_height_m(self, flat_cm: FloatArray) -> FloatArray:
        """Convert heights in the flat garment to heights on the body at rest, the inverse of ``flat_heights_cm``."""
        return np.asarray(self.anchor[1] + (flat_cm - self.anchor[0]) / 100)

    @cached_property
    def spans_cm(self) -> tuple[float, FloatArray, FloatArray]:
        """Lowest height, and the least and largest x of rows of the flat garment from there up, without sleeves."""
        meant = meant_points(self.garment)
        body = meant[self.sleeve_of(meant) == 0]
        own = body if len(body) else meant
        lowest = float(own[:, 1].min())
        rows = np.floor((own[:, 1] - lowest) / _ROW_CM).astype(int)
        low, high = (np.full(rows.max() + 1, far) for far in (np.inf, -np.inf))
        np.minimum.at(low, rows, own[:, 0])
        np.maximum.at(high, rows, own[:, 0])
        known = np.flatnonzero(np.isfinite(low))
        every = np.arange(len(low))
        return lowest, np.interp(every, known, low[known]), np.interp(every, known, high[known])

    def span_at(self, y_cm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the middle and the half width of the flat garment at (n,) heights."""
        lowest, low, high = self.spans_cm
        row = np.clip(((y_cm - lowest) / _ROW_CM).astype(int), 0, len(low) - 1)
        return (low[row] + high[row]) / 2, np.maximum((high[row] - low[row]) / 2, 1.0)

    @cached_property
    def turned_deg(self) -> FloatArray:
        """(T,) angle -180..180 round the body from the intended place of the cloth to its place."""
        middle, half = self.span_at(self.middle_cm[:, 1])
        share = np.clip((self.middle_cm[:, 0] - middle) / half, -1, 1)
        meant = np.where(self.front, 90 * share, 180 - 90 * share)
        return wrapped(self.chart.bearing_deg[self.on_body.vertex] - meant)

    def find(self, panels: list[int], points_cm: FloatArray, flat: bool = False) -> Spots:
        """Find the places of points of some panels.

        Args:
            panels: indices.
            points_cm: (P, 2) in the panel.
            flat: the points are in the garment lying flat instead.
        """
        plane = self.flat_cm if flat else self.cut_cm
        key = (tuple(panels), flat)
        if key not in self._trees:
            chosen = np.flatnonzero(np.isin(self.drape.panel, panels))
            self._trees[key] = chosen, cKDTree(plane[chosen].mean(axis=1) if len(chosen) else np.full((1, 2), 1e9))
        own, tree = self._trees[key]
        if not len(own):
            return Spots(np.zeros((len(points_cm), 3)), np.full(len(points_cm), np.inf))
        tried = own[tree.query(points_cm, k=min(_TRIED, len(own)))[1].reshape(len(points_cm), -1)]
        weights = _weights(plane[tried], points_cm[:, None])
        apart = np.linalg.norm(np.einsum("ptk,ptkc->ptc", weights, plane[tried]) - points_cm[:, None], axis=2)
        rows, best = np.arange(len(points_cm)), apart.argmin(axis=1)
        at = np.einsum("pk,pkc->pc", weights[rows, best], self.corners_m[tried[rows, best]])
        return Spots(at, apart[rows, best])

    def mark(self, name: str) -> FloatArray | None:
        """Return (3,) metres, a landmark in the pose; None if it is not named or its cloth is not there."""
        if name not in self.marks:
            return None
        side = "back" if name.endswith("_back") else "front"
        panels = [index for index, each in enumerate(self.garment.panels) if each.side == side]
        found = self.find(panels, self.marks[name][None], flat=True).found_m
        return found[0] if len(found) else None

    def edge(self, stem: str, count: int = 12) -> FloatArray:
        """Return (P, 3) metres, points on the cloth along all edges whose name begins with ``stem``."""
        found: list[FloatArray] = [np.zeros((0, 3))]
        for index, each in enumerate(self.garment.panels):
            lines = [np.asarray(line, float) for name, line in each.edges.items() if name.startswith(stem)]
            if lines:
                points = np.concatenate([_evenly(line, count) for line in lines])
                found.append(self.find([index], points).found_m)
        return np.concatenate(found)

    def edge_on_body(self, stem: str, parts: tuple[int, ...]) -> OnBody | None:
        """Find the skin below points of an edge; return None without one."""
        points = self.edge(stem)
        return self.chart.locate(points, parts) if len(points) else None


def meant_points(garment: Garment) -> FloatArray:
    """Return (n, 2) cm, points all over the garment lying flat and along its edges, as it was cut."""
    found: list[FloatArray] = []
    for panel in garment.panels:
        if panel.laid is not None:
            found += [np.asarray(panel.laid[1], float)]
            continue
        outline = np.asarray(panel.outline_cm, float)
        low, high = outline.min(axis=0), outline.max(axis=0)
        steps = [np.arange(start, end, _GRID_CM) for start, end in zip(low, high, strict=True)]
        grid = np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 2)
        area = shapely.make_valid(shapely.Polygon(outline))
        found += [outline, grid[shapely.contains_xy(area, grid[:, 0], grid[:, 1])]]
    return np.concatenate(found)


def laid_out(panel: Panel, points_cm: FloatArray) -> FloatArray:
    """Return (n, 2) places of a panel's points in the garment lying flat."""
    if panel.laid is None or not len(points_cm):
        return points_cm
    known, laid = (np.asarray(points, float) for points in panel.laid)
    away, nearest = cKDTree(known).query(points_cm, k=min(_LAID_NEAREST, len(known)))
    weight = 1 / np.maximum(away.reshape(len(points_cm), -1), 1e-3) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray((laid[nearest.reshape(weight.shape)] * weight[..., None]).sum(axis=1))


def wrapped(degrees: FloatArray) -> FloatArray:
    """Wrap angles to -180..180."""
    return np.asarray((degrees + 180) % 360 - 180)


def _areas(corners: FloatArray) -> FloatArray:
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2)


def _weights(corners: FloatArray, points: FloatArray) -> FloatArray:
    """Return (..., 3) barycentric weights of points, brought inside (..., 3, 2) triangles."""
    a, b, d = (
        corners[..., 1, :] - corners[..., 0, :],
        corners[..., 2, :] - corners[..., 0, :],
        points - corners[..., 0, :],
    )
    det = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    det = np.where(np.abs(det) < 1e-9, 1e-9, det)
    v = (d[..., 0] * b[..., 1] - d[..., 1] * b[..., 0]) / det
    w = (a[..., 0] * d[..., 1] - a[..., 1] * d[..., 0]) / det
    weights = np.clip(np.stack([1 - v - w, v, w], axis=-1), 0, 1)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def _dense(lines: list[FloatArray]) -> FloatArray:
    """Return points half a centimetre apart along some lines."""
    lengths = [float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()) for line in lines]
    return np.concatenate([_evenly(line, max(2, round(2 * long))) for line, long in zip(lines, lengths, strict=True)])


def _evenly(line: FloatArray, count: int) -> FloatArray:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    steps = np.linspace(0, along[-1], count)
    return np.stack([np.interp(steps, along, line[:, axis]) for axis in (0, 1)], axis=1)
