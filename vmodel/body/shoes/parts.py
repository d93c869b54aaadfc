"""Parts that shoes are built of: soles, uppers, patches, cords, bands; each turns numbers into a mesh in mm.

Lengths are mm of a shoe for a foot of 250 mm; stations and turns are those of ``vmodel.body.shoes.surface``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vmodel.body.shoes.foot import Foot
from vmodel.body.shoes.pieces import Piece, grid_piece, lining_pieces, raised, tube
from vmodel.body.shoes.surface import Form, Knots, Shaft, Upper, at_knots, outward
from vmodel.types import BoolArray, FloatArray, IntArray

INSIDE_MM = (130.0, 0.0, 28.0)
"""Place inside every shoe."""


@dataclass(frozen=True)
class Workpiece:
    """What parts are built on: the foot, the upper over it, and the shaft of boots."""

    foot: Foot
    upper: Upper
    shaft: Shaft | None = None


@dataclass(frozen=True)
class Sole:
    """Sole: an edge round the outline, and its underside.

    Attributes:
        bottom: height of its underside, by station.
        edge: (share of its height, mm outwards of the outline) from below.
        strips: (share from which it begins, material) from below.
        over_mm: how far its edge reaches over the feather line.
    """

    bottom: Knots
    edge: Knots
    strips: tuple[tuple[float, str], ...]
    over_mm: float = 1.5

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        upper = work.upper
        breaks = [place for place, _ in self.bottom]
        ring = np.unique(np.round(np.concatenate([np.abs(upper.ring(112))[:57], breaks]), 5))
        station = np.concatenate([ring, ring[-2:0:-1]])
        side = np.concatenate([np.ones(len(ring)), -np.ones(len(ring) - 2)])
        outline = upper.edge(station, side)
        away = outline - upper.spine(outline)
        away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
        low = np.interp(station, *np.array(self.bottom).T)
        high = upper.feather(station) + self.over_mm
        shares = np.unique(np.concatenate([[0, 0.06], np.linspace(0.12, 1, 7), [start for start, _ in self.strips]]))
        out = np.interp(shares, *np.array(self.edge).T)
        rows = [
            np.column_stack([outline + away * mm, low + (high - low) * share])
            for share, mm in zip(shares, out, strict=True)
        ]
        ends = [*(start for start, _ in self.strips[1:]), 1.0]
        for (start, material), end in zip(self.strips, ends, strict=True):
            chosen = (shares >= start - 1e-9) & (shares <= end + 1e-9)
            grid = np.stack([row for row, kept in zip(rows, chosen, strict=True) if kept])
            yield grid_piece(grid, material, np.array(INSIDE_MM), closed=True)
        # The feather line is closed inwards: looking in from behind, nobody looks through the sole's edge.
        rim = np.stack([rows[-1], np.column_stack([outline - 3 * away, high - 1.0])])
        yield grid_piece(rim, self.strips[-1][1], np.array(INSIDE_MM) * (1, 1, 0), closed=True)
        centre = np.column_stack([upper.spine(outline), low])
        under = np.stack([rows[0], 0.5 * (rows[0] + centre), centre])
        under[1:, :, 2] = low
        yield grid_piece(under, self.strips[0][1], np.array(INSIDE_MM), closed=True)


@dataclass(frozen=True)
class Footbed:
    """Upper side of an open sole, on which the foot stands."""

    material: str = "lining"

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        ring = work.upper.ring(112)
        outline = work.upper.edge(np.abs(ring), np.sign(ring))
        high = work.upper.feather(np.abs(ring)) + 1.0
        spine = work.upper.spine(outline)
        rows = np.stack([np.column_stack([outline + (spine - outline) * part, high]) for part in (0, 0.3, 0.65, 1)])
        yield grid_piece(rows, self.material, np.array(INSIDE_MM) * (1, 1, -1), closed=True)


@dataclass(frozen=True)
class Shell:
    """Upper itself, with the lining that is seen in its opening.

    Attributes:
        rows: of the mesh, from the sole to the opening.
        lined: it has an opening of its own; under a shaft it has none.
    """

    material: str = "upper"
    rows: int = 12
    lined: bool = True

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        upper = work.upper
        ring = upper.ring(128)
        station, side = np.abs(ring), np.sign(ring)
        top = upper.topline(station, side)
        turns = np.linspace(0, 1, self.rows + 1)[:, None] * top
        grid = upper.point(np.broadcast_to(ring, turns.shape), turns)
        yield replace(grid_piece(grid, self.material, np.array(INSIDE_MM), closed=True), is_shell=True)
        if self.lined:
            yield from lining_pieces(grid[-1], upper.spine(upper.edge(station, side)), (top < 0.97)[:, None])


@dataclass(frozen=True)
class Boot:
    """Shaft of a boot with its lining."""

    material: str = "upper"
    rows: int = 14

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        assert work.shaft is not None
        places = np.linspace(0, 1, 97)
        heights = np.linspace(0, 1, self.rows + 1)[:, None]
        grid = work.shaft.point(
            np.broadcast_to(places, (self.rows + 1, 97)), np.broadcast_to(heights, (self.rows + 1, 97))
        )
        middle = np.append(work.shaft.edge[:, :2].mean(axis=0), 60)
        yield replace(grid_piece(grid, self.material, middle), is_shell=True)
        yield from lining_pieces(grid[-1], np.broadcast_to(middle[:2], (97, 2)), np.ones((97, 1)), closed=False)


@dataclass(frozen=True)
class Patch:
    """Piece of leather on the upper or shaft, with an edge as thick as it is.

    Attributes:
        low, high: its borders, by the first parameter: turns on the upper, shares of the height on the shaft.
        span: of the first parameter.
        sides: 1 left, -1 right, 0 round the toe from left to right.
        thick_mm: how far it stands out.
        on_shaft: it lies on the shaft, not on the upper.
        fine: steps of the mesh along the span, and from low to high.
    """

    material: str
    span: tuple[float, float]
    low: Knots
    high: Knots
    sides: tuple[int, ...] = (1, -1)
    thick_mm: float = 1.3
    on_shaft: bool = False
    fine: tuple[int, int] = (24, 10)

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        form: Form | None = work.shaft if self.on_shaft else work.upper
        assert form is not None
        for side in self.sides:
            start, end = self.span
            across = np.linspace(start, end, self.fine[0] + 1)
            places = across * side
            if side == 0:
                half = start + (end - start) * np.linspace(0, 1, self.fine[0] + 1) ** 0.8
                across, places = np.concatenate([half, half[-2::-1]]), np.concatenate([half, -half[-2::-1]])
            low, high = at_knots(self.low, across), at_knots(self.high, across)
            share = np.linspace(0, 1, self.fine[1] + 1)[:, None]
            turns = low + (high - low) * share
            first = np.broadcast_to(places, turns.shape)
            base = form.point(first, turns)
            normal = outward(form, first, turns, INSIDE_MM)
            yield grid_piece(raised(base, normal, self.thick_mm), self.material, np.array(INSIDE_MM))


@dataclass(frozen=True)
class Cord:
    """Round or flat cord along places on the upper: laces, seams, bindings.

    Attributes:
        path: (station, turn) knots; stations beyond 1 go back round the toe on the right.
        radius_mm: across the surface, and off it.
        off_mm: from the surface to its middle.
        count: points along it.
    """

    material: str
    path: Knots
    radius_mm: tuple[float, float] = (1.2, 1.0)
    off_mm: float = 0.3
    count: int = 24

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        knots = np.array(self.path, float)
        way = np.linspace(0, len(knots) - 1, self.count)
        turn = _smooth(knots[:, 1], way)
        station = _smooth(knots[:, 0], way)
        first = np.where(station > 1, station - 2, station)
        base = work.upper.point(first, turn)
        normal = outward(work.upper, first, turn, INSIDE_MM)
        yield tube(base + normal * self.off_mm, normal, self.radius_mm, self.material)


@dataclass(frozen=True)
class Binding:
    """Roll along the edge of the upper's opening: a bound edge, or a padded collar."""

    material: str
    radius_mm: float

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        upper = work.upper
        ring = upper.ring(128)
        station, side = np.abs(ring), np.sign(ring)
        top = upper.topline(station, side)
        kept = np.flatnonzero(top < 0.995)
        order = np.argsort(np.where(ring[kept] < 0, -station[kept], station[kept]))
        chosen = kept[order]
        path = upper.point(ring[chosen], top[chosen])
        normal = outward(upper, ring[chosen], np.minimum(top[chosen], 0.98), INSIDE_MM)
        yield tube(path - normal * 0.75 * self.radius_mm, normal, (self.radius_mm, self.radius_mm), self.material)


@dataclass(frozen=True)
class Bow:
    """Bow of a lace, at a place of the middle line: two loops and two ends.

    Attributes:
        station: where it is tied.
        size_mm: length of a loop.
    """

    material: str
    station: float
    size_mm: float = 24.0
    radius_mm: tuple[float, float] = (2.0, 1.1)
    ends: bool = True

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        at, up = work.upper.point(np.array([self.station]), np.array([1.0])), np.array([[0.35, 0, 0.94]])
        ahead, size = np.array([0.94, 0, -0.35]), self.size_mm
        turn = np.linspace(0, 2 * np.pi, 28)
        for side in (1, -1):
            out = np.array([0.25, side, 0.0]) / 1.03
            across = np.cross(up[0], out)
            round_ = (
                0.5 * (1 - np.cos(turn))[:, None] * out * size
                + (0.32 * size * np.sin(turn) * np.sin(turn / 2))[:, None] * across
            )
            fall = -0.30 * size * (0.5 * (1 - np.cos(turn)))[:, None] ** 2 * up + 2.2 * up
            yield tube(at + round_ + fall, np.broadcast_to(up, (28, 3)), self.radius_mm, self.material)
            if self.ends:
                way = np.linspace(0, 1, 12)[:, None]
                end = (
                    at
                    + 2.0 * up
                    + way * size * (0.55 * ahead + side * np.array([0, 0.75, 0]))
                    - (0.5 * size * way**2 - 1.0) * up
                )
                yield tube(end, np.broadcast_to(up, (12, 3)), self.radius_mm, self.material)
        knot = at + 2.0 * up + np.linspace(-2.6, 2.6, 6)[:, None] * np.array([0, 1.0, 0])
        yield tube(knot, np.broadcast_to(up, (6, 3)), (2.8, 2.2), self.material)


@dataclass(frozen=True)
class Band:
    """Strap round the foot or leg: over its convex section in a plane, drawn outwards.

    Attributes:
        at: (along, up) mm of the plane's middle.
        tilt_deg: of the plane about the axis across: 0 stands upright across the foot, 90 lies level.
        width_mm: of the strap.
        heights_mm: between which it runs; by default all the way round.
        off_mm, thick_mm: from the skin to its inner side, and from there to its outer.
        arc_deg: how far round it runs at most, symmetric about the top.
    """

    material: str
    at: tuple[float, float]
    tilt_deg: float
    width_mm: float
    heights_mm: tuple[float, float] = (-99.0, 999.0)
    off_mm: float = 0.6
    thick_mm: float = 1.8
    arc_deg: float = 360.0

    def build(self, work: Workpiece) -> Iterator[Piece]:
        """Build the pieces."""
        tilt = np.radians(self.tilt_deg)
        normal = np.array([np.cos(tilt), 0, np.sin(tilt)])
        up = np.array([-np.sin(tilt), 0, np.cos(tilt)])
        steps = np.linspace(-0.5, 0.5, 6) * self.width_mm
        middle = np.array([self.at[0], 0, self.at[1]])
        turns = np.linspace(-np.pi, np.pi, 97)
        loops = [work.foot.section(middle + normal * step, normal, up, turns) for step in steps]
        centre = np.mean([loop.mean(axis=0) for loop in loops], axis=0)
        grid = np.stack(loops)
        out = grid - grid.mean(axis=1, keepdims=True)
        out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
        inside = np.all((grid[..., 2] > self.heights_mm[0]) & (grid[..., 2] < self.heights_mm[1]), axis=0)
        inside &= np.abs(np.degrees(turns)) <= self.arc_deg / 2
        for run in _runs(inside):
            base, normals = grid[:, run] + out[:, run] * self.off_mm, out[:, run]
            yield grid_piece(raised(base, normals, self.thick_mm), self.material, centre)


def _runs(chosen: BoolArray) -> list[IntArray]:
    """Return the index runs (n,) of chosen places, those shorter than 3 left out."""
    index = np.flatnonzero(chosen)
    return [run for run in np.split(index, np.flatnonzero(np.diff(index) > 1) + 1) if len(run) > 2]


def _smooth(values: FloatArray, way: FloatArray) -> FloatArray:
    """Return values (m,) along a way through numbered knots (n,)."""
    return at_knots(tuple((float(i), float(v)) for i, v in enumerate(values)), way)


Part = Sole | Footbed | Shell | Boot | Patch | Cord | Binding | Bow | Band


def build_parts(parts: Sequence[Part], work: Workpiece) -> list[Piece]:
    """Build all parts of a shoe."""
    return [piece for part in parts for piece in part.build(work)]
