"""Trousers of any length as tailors cut them: four pieces with a fork, so that a leg goes all the way round a thigh.

Front and back of each leg are separate pieces. Left and right meet in the middle down to the fork, which reaches past
the middle, between the legs, further at the back than at the front. At the back, the middle leans outwards and the
waist rises, because the way over the seat is longer than the way over the belly. After the drafts of W. Aldrich,
"Metric Pattern Cutting".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import minimize_scalar

from vmodel.garment.blocks.parts import Block, Edges, Piece, Point, Trim, as_point, both_sides, edge_of, mirrored_edges
from vmodel.garment.vector.curves import bezier
from vmodel.types import BodyMeasurements, FloatArray, GarmentKind, Seam

_EASE_CM: Final = 10.0
_RISE_CM, _RISE_OF_BELLY = 1.5, 0.35
"""Room below the crotch, and what a belly adds, as a share of the waist beyond 0.78 of the hip."""
_LEAST_LEG: Final = 0.04
"""Least length of a leg below the fork, as a share of the hip."""
_FORK: Final = {"front": 0.05, "back": 0.11}
_CURVE: Final = {"front": 0.055, "back": 0.09}
"""Reach of the fork past the middle, and height above it at which the middle begins to turn; shares of the hip."""
_LEAN, _LIFT, _SIDE_LIFT = 0.022, 0.032, 0.008
"""Shift of the back's middle at the waist, outwards and upwards, and of the side seam, upwards; shares of the hip."""
_BACK_WIDER_CM: Final = 0.5
_HALF_FORK: Final = 0.03
"""The same at the fork, as a share of the hip: half of the fork's extra reach at the back."""
_NARROWS_CM: Final = 10.0
"""Length of an inseam at which a third of that is left. Otherwise short front and back inseams could not become equally
long."""
_CREASE: Final = 0.11
"""Distance of a leg's middle from the garment's, as a share of the hip."""
_KNEE, _KNEE_BOUNDS = 0.4, (-0.4, 1.0)
"""Share of the width lost to the hem that the side still has halfway down the leg: the default, and the bounds for a
knee of a given width."""
_HOLLOW, _HOLLOW_CM, _STRAIGHT = 0.135, 9.0, 0.4
"""Length of the inseam's hollow below the fork, as a share of the inseam and at most; share of it that is straight."""
_STEEP: Final = 0.5
"""Share of the difference between a quarter of hip and waist that the sides do not take. A body's sides lean by a third
of it; sides cut to lean by all of it are too long for the body and bulge."""
_BEHIND: Final = 0.6
"""Share of that which the back's middle takes instead, as darts would; the rest is gathered into the waistband."""
_BAND_CM, _HEM_CM = 3.5, 2.0
_APART_CM: Final = 0.8
"""Least distance of a leg's inside from the middle, lying flat."""
_LEAST_HIP: Final = 0.2
"""Least distance of the side's widest place below the waist, as a share of the rise."""
_HIP_CURVE: Final = 0.55
"""Share of the side's gain from the waist to there that it has reached halfway: bodies widen evenly."""
_ROWS, _COLUMNS = 90, 9


@dataclass(frozen=True)
class _Half:
    """Front or back of the left leg.

    Attributes:
        middle: (n, 2) cm, from the waist down to the tip of the fork.
        inseam: (n, 2) cm, from there down.
        side: (n, 2) cm, from the hem up.
    """

    middle: FloatArray
    inseam: FloatArray
    side: FloatArray

    @property
    def edges(self) -> Edges:
        """Edges of the piece, counter-clockwise; the waist is level where it meets the side."""
        top, end = self.side[-1], self.middle[0]
        waist = edge_of(as_point(top), as_point(end))
        waist[:, 1] = top[1] + (end[1] - top[1]) * np.linspace(0, 1, len(waist)) ** 2
        return {
            "inseam_left": self.inseam,
            "leg_left": edge_of(as_point(self.inseam[-1]), as_point(self.side[0])),
            "side_left": self.side,
            "waist": waist,
            "middle_left": self.middle,
        }


@dataclass(frozen=True)
class _Levels:
    """Position of a leg: heights and widths in cm; the origin is the middle of the waist."""

    hip: float
    rise: float
    bottom: float
    hip_y: float
    quarter: float
    inner: float
    outer: float
    knee: float | None

    @property
    def back_wider(self) -> float:
        """Extra width in cm at the end of the back's inseam, compared with the garment lying flat."""
        share = float(np.exp(-np.square((self.bottom + self.rise) / _NARROWS_CM)))
        return _BACK_WIDER_CM + share * max(_HALF_FORK * self.hip - _BACK_WIDER_CM, 0.0)

    @property
    def _keeps(self) -> float:
        """Share of the width lost to the hem that the side keeps at the knee."""
        loses = self.quarter - self.outer
        if self.knee is None or loses < 1.0:
            return _KNEE
        return float(np.clip((self.knee + self.inner / 2 - self.outer) / loses, *_KNEE_BOUNDS))

    def side(self, half_waist: float, wider: float = 0.0) -> FloatArray:
        """Return the side seam from the hem up."""
        knee = self.outer + self._keeps * (self.quarter - self.outer), (self.bottom - self.rise) / 2
        corners = (
            (self.outer, self.bottom), knee, (self.quarter, -self.rise),
            (self.quarter, self.hip_y), (half_waist + _HIP_CURVE * (self.quarter - half_waist), self.hip_y / 2),
            (half_waist, _SIDE_LIFT * self.hip),
        )  # fmt: skip
        at = np.add(corners, (wider, 0.0))
        y = np.linspace(at[0, 1], at[-1, 1], 64)
        return np.stack([PchipInterpolator(at[:, 1], at[:, 0])(y), y], axis=1)


def draft_legs(
    kind: GarmentKind,
    body: BodyMeasurements,
    inseam: float,
    opening: float,
    half_waist: float,
    elastic: float = 1.0,
    lowered: float = 0.0,
    quarter: float | None = None,
    knee: float | None = None,
) -> Block:
    """Draft trousers of any length.

    Args:
        kind: of the trousers.
        body: the wearer.
        inseam: how far below the body's crotch they end.
        opening: flat width of a leg's end.
        half_waist: half of the waistband's flat width.
        elastic: share of its length that elastic leaves of the waist; at 1 the waist is drawn into a firm band.
        lowered: how far below the natural waist they begin, cm.
        quarter: half of their flat width at the hip; that of trousers with room when None.
        knee: flat width halfway down the leg; that of straight ones when None.
    """
    at = _levels(body, inseam, opening, half_waist, lowered, quarter or (body.hip + _EASE_CM) / 4, knee)
    steep = _STEEP * (at.quarter - half_waist) if elastic == 1 else 0.0
    front = _front(at, half_waist + steep)
    back = _back(at, half_waist + steep, _LEAN * body.hip + _BEHIND * steep, _length(front.inseam))
    side, inner = at.side(half_waist), edge_of((0.0, -at.rise), (max(at.inner, _APART_CM), at.bottom))
    marks = {
        "waist_left": as_point(side[-1]), "hip_left": (at.quarter, at.hip_y), "crotch": (0.0, -at.rise),
        "leg_outer_left": as_point(side[0]), "leg_inner_left": as_point(inner[-1]),
    }  # fmt: skip
    return Block(
        kind,
        _outline(side, inner, 0.0),
        _outline(side, inner, float(back.middle[0, 1])),
        both_sides(marks),
        "cotton",
        trims={"front": _trims(front), "back": _trims(back)},
        elastic={} if elastic == 1 else {"waist": elastic},
        pieces=(*_pieces("front", front, side, inner), *_pieces("back", back, side, inner)),
        sewn=_seams(),
    )


def _pieces(name: str, half: _Half, side: FloatArray, inner: FloatArray) -> tuple[Piece, Piece]:
    known, there = _lying(half, side, inner)
    left = Piece(f"{name} left", name, half.edges, (known, there))
    return left, Piece(f"{name} right", name, mirrored_edges(half.edges), (known * (-1, 1), there * (-1, 1)))


def _trims(half: _Half) -> tuple[Trim, ...]:
    """Return band and hem, each as one line across both legs, because a line's end would show on the other leg."""
    waist, hem = half.edges["waist"], half.edges["leg_left"][::-1]
    return tuple(
        Trim(kind, np.vstack([line, line[::-1] * (-1, 1)]), width)
        for kind, line, width in (("band", waist, _BAND_CM), ("stitch", hem, _HEM_CM))
    )


def _levels(
    body: BodyMeasurements,
    inseam: float,
    opening: float,
    half_waist: float,
    lowered: float,
    quarter: float,
    knee: float | None,
) -> _Levels:
    belly = max(0.0, body.waist - 0.78 * body.hip)
    waist_height = body.waist_height - lowered
    rise = waist_height - body.inseam + _RISE_CM + _RISE_OF_BELLY * belly
    return _Levels(
        hip=body.hip,
        rise=rise,
        bottom=min(body.inseam - waist_height - inseam, -rise - _LEAST_LEG * body.hip),
        hip_y=min(lowered - 0.9 * (body.waist_height - body.hip_height), -_LEAST_HIP * rise),
        quarter=max(quarter, half_waist + 0.5),
        inner=_CREASE * body.hip - opening / 2,
        outer=_CREASE * body.hip + opening / 2,
        knee=knee,
    )


def _front(at: _Levels, half_waist: float) -> _Half:
    tip = -_FORK["front"] * at.hip, -at.rise
    turn = np.array([0.0, -at.rise + _CURVE["front"] * at.hip])
    curve = bezier(turn, turn * (1, 0) + (0, -at.rise + 0.3 * _CURVE["front"] * at.hip), *_onto_tip(tip))
    straight = edge_of((0.0, 0.0), as_point(turn))
    inseam = _inseam(tip, (at.inner + at.back_wider, at.bottom))
    return _Half(np.vstack([straight[:-1], curve]), inseam, at.side(half_waist, -_BACK_WIDER_CM))


def _back(at: _Levels, half_waist: float, lean: float, inseam_cm: float) -> _Half:
    """Draft the back like the front, with the fork lowered until both inseams are equally long."""
    reach, end = -_FORK["back"] * at.hip, (at.inner - at.back_wider, at.bottom)
    long = at.bottom + at.rise
    drop = minimize_scalar(
        lambda low: abs(_length(_inseam((reach, -at.rise - low), end)) - inseam_cm),
        bounds=(long, -0.95 * long),
        method="bounded",
    ).x
    tip = reach, -at.rise - float(drop)
    top, turn = np.array([lean, _LIFT * at.hip]), np.array([0.0, -at.rise + _CURVE["back"] * at.hip])
    way = (turn - top) / np.linalg.norm(turn - top)
    curve = bezier(turn, turn + 0.7 * _CURVE["back"] * at.hip * way, *_onto_tip(tip))
    straight = edge_of(as_point(top), as_point(turn))
    return _Half(np.vstack([straight[:-1], curve]), _inseam(tip, end), at.side(half_waist, _BACK_WIDER_CM))


def _onto_tip(tip: Point) -> tuple[FloatArray, FloatArray]:
    """Return the last two controls of a fork's curve, which ends level so that front and back continue each other."""
    return np.array([0.4 * tip[0], tip[1]]), np.array(tip)


def _inseam(tip: Point, end: Point) -> FloatArray:
    """Draft the inseam from the fork down, hollow at first: (n, 2)."""
    share = np.linspace(0, 1, 48)
    long = tip[1] - end[1]
    hollow = np.exp(-share * long / min(_HOLLOW * long, _HOLLOW_CM))
    hollow = (hollow - hollow[-1]) / (1 - hollow[-1])
    x = end[0] + (tip[0] - end[0]) * ((1 - _STRAIGHT) * hollow + _STRAIGHT * (1 - share))
    return np.stack([x, tip[1] - long * share], axis=1)


def _length(line: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _lying(half: _Half, side: FloatArray, inner: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return points of a piece and their places in the sewn garment, where its fork is folded away behind the middle.

    Args:
        half: the piece.
        side: of the garment lying flat.
        inner: its inseam.
    Returns:
        (n, 2) and (n, 2) cm.
    """
    own = np.vstack([half.middle, half.inseam[1:]])
    y = np.linspace(own[-1, 1], own[0, 1], _ROWS)
    share = np.linspace(0, 1, _COLUMNS)[:, None]
    known, there = (
        np.stack([(1 - share) * _x_at(first, y) + share * _x_at(last, y), np.tile(y, (_COLUMNS, 1))], axis=2)
        for first, last in ((own, half.side), (np.vstack([[0.0, y[-1]], inner]), side))
    )
    return known.reshape(-1, 2), there.reshape(-1, 2)


def _x_at(line: FloatArray, y: FloatArray) -> FloatArray:
    order = np.argsort(line[:, 1], kind="stable")
    return np.asarray(np.interp(y, line[order, 1], line[order, 0]))


def _outline(side: FloatArray, inner: FloatArray, middle_y: float) -> Edges:
    """Return the edges of one side of the garment lying flat."""
    left = {
        "inseam_left": inner,
        "leg_left": edge_of(as_point(inner[-1]), as_point(side[0])),
        "side_left": side,
    }
    top = as_point(side[-1])
    return {**left, "waist": edge_of(top, (0.0, middle_y), (-top[0], top[1])), **mirrored_edges(left)}


def _seams() -> tuple[Seam, ...]:
    middles = [
        Seam((f"{side} left", "middle_left"), (f"{side} right", "middle_right"), reverse=True)
        for side in ("front", "back")
    ]
    rest = [
        Seam((f"front {s}", f"{name}_{s}"), (f"back {s}", f"{name}_{s}"))
        for s in ("left", "right")
        for name in ("side", "inseam")
    ]
    return (*middles, *rest)
