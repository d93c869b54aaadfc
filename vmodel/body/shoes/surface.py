"""Surfaces of a shoe in its last's axes, in mm of a foot of 250 mm: the upper over the last, and a shaft over the leg.

A place on the upper is a station, a side and a turn. The station is 0 at the back of the heel and 1 at the tip of the
toe: the share of the foot's length, but of the way round at both ends. The side is 1 to the left of the foot and -1 to
its right. The turn is 0 at the sole and 1 over the middle line; up to 2 it goes down the other side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from vmodel.body.mesh.anatomy_chart import smoothstep
from vmodel.body.shoes.foot import reach_of
from vmodel.body.shoes.last import FOOT_MM, ROUND, ShoeLast
from vmodel.types import FloatArray

Knots = tuple[tuple[float, float], ...]
"""Values by station, joined smoothly."""

_DENSE = 720
_HEEL, _TOE = 0.12, 0.80
"""Stations beyond which the way round counts, not the way along."""
_SPINE_MM = (40.0, 200.0)
_LEAST_MM, _OVER_MM = 10.0, 3.0
_STEP = 1e-3


def at_knots(knots: Knots, station: FloatArray) -> FloatArray:
    """Return the values (n,) of knots at stations (n,)."""
    place, value = np.array(knots, float).T
    return np.asarray(PchipInterpolator(place, value)(np.clip(station, place[0], place[-1])))


class Form(Protocol):
    """Surface with two parameters."""

    def point(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return points (..., 3) in mm."""


@dataclass(frozen=True)
class UpperShape:
    """Numbers of an upper; mm are those of a shoe for a foot of 250 mm.

    Attributes:
        feather: height of the sole's upper edge, by station.
        topline: height of the opening's edge, by station; it is closed in front of ``throat``.
        throat: station at which the opening ends in front.
        rounding: stations over which it closes there.
        ease_mm: outwards of the last.
        toe_mm: in front of the last's toe.
        point: 0..1, how much the toe narrows.
        low_mm: how far the toe lies below the last's.
        lift_mm: how far the foot stands above the floor.
    """

    feather: Knots
    topline: Knots
    throat: float
    rounding: float = 0.1
    ease_mm: float = 0.0
    toe_mm: float = 0.0
    point: float = 0.0
    low_mm: float = 0.0
    lift_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class Upper:
    """Surface of an upper over a last.

    Attributes:
        last, shape: its form.
        top: height of the foot as it stands in the shoe over the floor, by mm along.
    """

    last: ShoeLast
    shape: UpperShape
    top: PchipInterpolator

    @cached_property
    def _sides(self) -> dict[int, CubicSpline]:
        """Outline of each side by station."""
        ring = self.last.outline / self.last.unit
        closed = CubicSpline(np.arange(len(ring) + 1), np.vstack([ring, ring[:1]]), bc_type="periodic")
        dense = closed(np.linspace(0, len(ring), _DENSE, endpoint=False))
        heel = int(dense[:, 0].argmin())
        dense = np.roll(dense, -heel, axis=0)
        toe = int(dense[:, 0].argmax())
        ways = dense[: toe + 1], np.vstack([dense[toe:], dense[:1]])[::-1]
        left = ways[0][:, 1].mean() > ways[1][:, 1].mean()
        return {side: _by_station(way) for side, way in zip((1, -1) if left else (-1, 1), ways, strict=True)}

    @cached_property
    def _middle(self) -> PchipInterpolator:
        spine = self.last.spine[np.unique(np.round(self.last.spine[:, 0], 6), return_index=True)[1]] / self.last.unit
        return PchipInterpolator(spine[:, 0], spine[:, 1])

    def edge(self, station: FloatArray, side: FloatArray) -> FloatArray:
        """Return points (n, 2) of the sole's outline."""
        plain = np.where((side > 0)[..., None], self._sides[1](station), self._sides[-1](station))
        spine = self.spine(plain)
        away = plain - spine
        reach = np.linalg.norm(away, axis=-1, keepdims=True)
        ahead = smoothstep(0.72, 1.0, plain[..., 0] / FOOT_MM)
        moved = spine + away * (1 + self.shape.ease_mm / np.maximum(reach, 1))
        moved[..., 0] += self.shape.toe_mm * ahead**2
        moved[..., 1] -= self.shape.point * ahead * (moved[..., 1] - spine[..., 1])
        return np.asarray(moved)

    def spine(self, outline: FloatArray) -> FloatArray:
        """Return the points (n, 2) of the middle line that points of the outline face."""
        along = np.clip(outline[..., 0], *_SPINE_MM)
        return np.stack([along, self._middle(along)], axis=-1)

    def feather(self, station: FloatArray) -> FloatArray:
        """Return the height (n,) of the sole's upper edge."""
        return at_knots(self.shape.feather, station)

    def _crown(self, along: FloatArray) -> FloatArray:
        ridge = self.last.ridge(along * self.last.unit) / self.last.unit
        ridge += self.shape.lift_mm - self.shape.low_mm * smoothstep(0.62, 0.8, along / FOOT_MM)
        # The last's ridge cuts through the bend of some insteps, which its own low opening leaves out.
        return np.asarray(np.maximum(ridge, self.top(along) + _OVER_MM))

    def point(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return points (..., 3): by stations, negative on the right side, and turns 0..2."""
        over = np.asarray(second) > 1
        turn = np.where(over, 2 - second, second)
        side = np.sign(first) * np.where(over, -1, 1)
        station = np.abs(first)
        flat = self.edge(station, side)
        spine = self.spine(flat)
        low = self.feather(station)
        rise = np.maximum(self._crown(spine[..., 0]) - low, _LEAST_MM)
        power = 2 / ROUND
        out, up = np.cos(turn * np.pi / 2).clip(0) ** power, np.sin(turn * np.pi / 2).clip(0) ** power
        return np.concatenate([spine + (flat - spine) * out[..., None], (low + rise * up)[..., None]], axis=-1)

    def topline(self, station: FloatArray, side: FloatArray) -> FloatArray:
        """Return the turn (n,) 0..1 at which the upper ends; 1 where it is closed."""
        flat = self.edge(station, side)
        low = self.feather(station)
        rise = np.maximum(self._crown(self.spine(flat)[..., 0]) - low, _LEAST_MM)
        share = np.clip((at_knots(self.shape.topline, station) - low) / rise, 0, 1)
        turn = np.arcsin(share ** (ROUND / 2)) * 2 / np.pi
        near = np.clip((station - self.shape.throat + self.shape.rounding) / self.shape.rounding, 0, 1)
        return np.asarray(1 - (1 - turn) * np.sqrt(1 - near**2))

    def ring(self, columns: int) -> FloatArray:
        """Return signed stations (columns,) round the shoe, dense where its edges run steeply."""
        fine = np.linspace(2e-4, 1, 1500)
        steps = []
        for side in (1, -1):
            sides = np.full(len(fine), side)
            low = self.point(fine * side, np.zeros_like(fine))
            high = self.point(fine * side, self.topline(fine, sides))
            steps.append(np.linalg.norm(np.diff(low, axis=0), axis=1) + np.linalg.norm(np.diff(high, axis=0), axis=1))
        way = np.append(0, np.cumsum(steps[0] + steps[1]))
        half = np.interp(np.linspace(0, way[-1], columns // 2 + 1), way, fine)
        return np.concatenate([half, -half[-2:0:-1]])


@dataclass(frozen=True, eq=False)
class Shaft:
    """Surface of a boot's shaft: from the upper's opening to sections of the leg, drawn outwards.

    Attributes:
        edge: (n, 3) of the opening, in order round the leg.
        hulls: convex sections of the leg from low to high, (k, m, 2) at ``heights`` (k,).
        top_mm: height of its upper edge.
        ease_mm: outwards of the leg.
    """

    edge: FloatArray
    heights: FloatArray
    hulls: Sequence[FloatArray]
    top_mm: float
    ease_mm: float

    def point(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return points (..., 3): by share of the way round the opening, and 0..1 from there up."""
        count = len(self.edge)
        place = np.asarray(first) * (count - 1)
        edge = np.stack([np.interp(place, np.arange(count), self.edge[:, axis]) for axis in range(3)], axis=-1)
        base = self._leg(edge, edge[..., 2])
        height = edge[..., 2] + (self.top_mm - edge[..., 2]) * second
        leg = self._leg(edge, height)
        # The opening's distance from the leg fades upwards, so that the shaft leaves the upper without a kink.
        fade = 1 - smoothstep(0, 45, height - edge[..., 2])
        flat = leg + (edge[..., :2] - base) * fade[..., None]
        return np.concatenate([flat, height[..., None]], axis=-1)

    def _leg(self, edge: FloatArray, height: FloatArray) -> FloatArray:
        """Return the leg's outline, drawn outwards, at heights and in the directions of the opening's points."""
        centre = self.edge[:, :2].mean(axis=0)
        towards = edge[..., :2] - centre
        angle = np.arctan2(towards[..., 1], towards[..., 0])
        turns = np.linspace(-np.pi, np.pi, 121)
        reach = np.array([reach_of(hull - centre, turns) for hull in self.hulls]) + self.ease_mm
        level = np.interp(height, self.heights, np.arange(len(self.heights)))
        lower = np.clip(level.astype(int), 0, len(self.heights) - 2)
        part = level - lower
        at = [_at_angle(reach, turns, lower + step, angle) for step in (0, 1)]
        radius = at[0] * (1 - part) + at[1] * part
        return np.asarray(centre + radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1))


def _at_angle(reach: FloatArray, turns: FloatArray, row: FloatArray, angle: FloatArray) -> FloatArray:
    place = (angle - turns[0]) / (turns[1] - turns[0])
    low = np.clip(place.astype(int), 0, len(turns) - 2)
    part = place - low
    return np.asarray(reach[row, low] * (1 - part) + reach[row, low + 1] * part)


def outward(form: Form, first: FloatArray, second: FloatArray, centre: Sequence[float]) -> FloatArray:
    """Return unit normals (..., 3) of a form that point away from its inside, about ``centre``."""
    ahead = form.point(first + _STEP, second) - form.point(first - _STEP, second)
    up = form.point(first, np.minimum(second + _STEP, 1.999)) - form.point(first, np.maximum(second - _STEP, 0))
    normal = np.cross(ahead, up)
    normal *= np.sign(np.sum(normal * (form.point(first, second) - np.asarray(centre)), axis=-1, keepdims=True))
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9))


def _by_station(way: FloatArray) -> CubicSpline:
    """Return the outline's points by station, from (n, 2) points from the heel to the toe."""
    along = way[:, 0] / FOOT_MM
    arc = np.append(0, np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1)))
    first, last = (np.interp(limit, np.maximum.accumulate(along), arc) for limit in (_HEEL, _TOE))
    station = np.where(
        arc < first,
        _HEEL * arc / first,
        np.where(arc > last, _TOE + (1 - _TOE) * (arc - last) / (arc[-1] - last), np.maximum.accumulate(along)),
    )
    keep = np.append(True, np.diff(np.maximum.accumulate(station)) > 1e-6)
    return CubicSpline(station[keep], way[keep])
