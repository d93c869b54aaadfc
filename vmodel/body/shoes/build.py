"""Shoes of a kind, built over the feet of a body at rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from vmodel.body.mesh.anatomy_chart import load_anatomy, smoothstep
from vmodel.body.mesh.subdivision import loop_subdivide
from vmodel.body.model.body import Body
from vmodel.body.shoes.catalogue import CANVAS_SHOES, LOOKS, split_name
from vmodel.body.shoes.foot import Foot
from vmodel.body.shoes.kinds import KINDS, Kind
from vmodel.body.shoes.last import FOOT_MM, ShoeLast
from vmodel.body.shoes.parts import Workpiece, build_parts
from vmodel.body.shoes.pieces import Piece
from vmodel.body.shoes.sock import cut_sock
from vmodel.body.shoes.surface import Shaft, Upper, at_knots
from vmodel.body.shoes.worn import Followed, Shoes, WornShoes, join, make_canvas_shoes
from vmodel.types import FloatArray, IntArray

_ANKLE_MM = -1330
"""Height of the neutral body's spots below which vertices belong to foot and ankle."""
_FOOT_HIGH_MM, _LEG_MM = 40.0, 150.0
"""Heights between which the leg makes room for a foot that is lifted onto an open sole."""
_SHAFT_EASE_MM = 5.0
_TALLEST_MM = 122.0
_SOCK_FROM_MM = 32.0
"""Height below which no shoe shows its sock."""
_SHAFT_LEVELS_MM = np.linspace(55, 148, 14)


def make_shoes(body: Body, name: str = CANVAS_SHOES) -> Shoes:
    """Make shoes over the feet of a body.

    Args:
        body: the wearer; topology and stance at rest are the same for every body.
        name: canvas, or a kind and a colour of ``LOOKS`` joined by a dash.
    """
    rest = np.asarray(body.rest.vertices_m, np.float32)
    feet = _foot_of(1.0), _foot_of(-1.0)
    if name == CANVAS_SHOES:
        return make_canvas_shoes(rest, feet)
    kind_name, colour = split_name(name)
    kind, looks = KINDS[kind_name], LOOKS[kind_name][colour]
    names, faces = list(looks), np.asarray(body.rest.faces)
    inside, lift = np.zeros(len(rest), np.float32), np.zeros((len(rest), 3), np.float32)
    above = np.full(len(rest), np.inf, np.float32)
    vertices, triangles, materials, shells, followed, start = [], [], [], [], [], 0
    for foot in feet:
        last = ShoeLast.over(rest[foot])
        local = (rest[foot] - last.origin) @ last.axes.T / last.unit
        lift[foot, 2] = kind.shape.lift_mm * last.unit * (1 - smoothstep(_FOOT_HIGH_MM, _LEG_MM, local[:, 2]))
        inside[foot] = _depth(kind, local)
        above[foot] = np.maximum(local[:, 2] - kind.sock_mm, _SOCK_FROM_MM - local[:, 2])
        pieces = build_parts(kind.parts, _workpiece(kind, last, (rest + lift), foot, faces))
        points = np.concatenate([piece.vertices for piece in pieces]) * last.unit @ last.axes + last.origin
        triangles.append(_joined(pieces) + start)
        shells += [np.full(len(piece.triangles), piece.is_shell) for piece in pieces]
        materials += [np.full(len(piece.triangles), names.index(piece.material)) for piece in pieces]
        vertices.append(points)
        followed.append(Followed.by(points, rest, foot))
        start += len(points)
    worn = WornShoes(
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate(materials).astype(np.uint8),
        inside,
        tuple(looks.values()),
        shell=np.concatenate(shells),
        lift_m=lift if kind.shape.lift_mm else None,
    )
    lifted = np.concatenate(feet), join([Followed.by(rest[foot], rest, foot) for foot in feet])
    return Shoes(
        worn,
        rest,
        join(followed),
        lifted if kind.shape.lift_mm else None,
        cut_sock(faces, above, inside, names.index("sock")) if kind.sock_mm else None,
    )


def _joined(pieces: list[Piece]) -> IntArray:
    starts = np.cumsum([0] + [len(piece.vertices) for piece in pieces])
    return np.concatenate([piece.triangles + first for piece, first in zip(pieces, starts, strict=False)])


def _workpiece(kind: Kind, last: ShoeLast, rest_m: FloatArray, foot: IntArray, faces: IntArray) -> Workpiece:
    """Return what a shoe is built on; the skin is that of the foot as it stands in the shoe."""
    number = np.full(len(rest_m), -1)
    number[foot] = np.arange(len(foot))
    own = number[faces[(number[faces] >= 0).all(axis=1)]]
    finer = loop_subdivide(own, len(foot), 1)
    skin = finer.vertices((rest_m[foot] - last.origin) @ last.axes.T / last.unit)
    own_foot = Foot(skin, finer.triangles)
    along = np.linspace(30, 215, 38)
    tops = [min(own_foot.cut(np.array([x, 0, 0]), np.array([1.0, 0, 0]))[:, 2].max(), _TALLEST_MM) for x in along]
    plain = Workpiece(own_foot, Upper(last, kind.shape, PchipInterpolator(along, tops)))
    return plain if kind.shaft_mm == 0 else replace(plain, shaft=_shaft(kind, plain))


def _shaft(kind: Kind, work: Workpiece) -> Shaft:
    upper = work.upper
    ring = upper.ring(128)
    top = upper.topline(np.abs(ring), np.sign(ring))
    edge = upper.point(ring, top)
    # Round the opening from the heel over the left, the front and the right back to the heel, where boots have a seam.
    around = np.argsort(np.where(ring > 0, ring, 2 + ring))
    is_open = np.flatnonzero(top[around] < 0.9999)
    front = np.flatnonzero(np.diff(is_open) > 1)[0]
    kept = np.concatenate([is_open[: front + 1], is_open[front] + [1], is_open[front + 1] - [1], is_open[front + 1 :]])
    way = edge[around[kept]]
    way = np.vstack([way, way[:1]])
    hulls = [work.foot.level(height) for height in _SHAFT_LEVELS_MM]
    return Shaft(way, _SHAFT_LEVELS_MM, hulls, kind.shaft_mm, _SHAFT_EASE_MM)


def _depth(kind: Kind, local_mm: FloatArray) -> FloatArray:
    """Return the depth (n,) 0..1 of a foot's points inside a shoe: 1 well below the opening's edge, 0 above it."""
    if not kind.covers:
        return np.zeros(len(local_mm), np.float32)
    station = local_mm[:, 0] / FOOT_MM
    edge = at_knots(kind.shape.topline, station)
    edge += 60 * smoothstep(kind.shape.throat - 0.08, kind.shape.throat + 0.02, station)
    if kind.shaft_mm:
        edge[:] = kind.shaft_mm
    return np.asarray(smoothstep(0, 9, edge - local_mm[:, 2] - kind.shape.lift_mm), np.float32)


def _foot_of(side: float) -> IntArray:
    """Return the vertices of one foot and ankle; spots are those of the neutral body."""
    spot = load_anatomy().spot_mm
    return np.flatnonzero((spot[:, 0] * side > 0) & (spot[:, 2] < _ANKLE_MM))
