"""Layers of garments on one body: outer ones collide with the body and inner ones, then all are joined into one.

The body is padded by the garments it already wears, so the solver needs no second kind of collision for outer ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.spatial import cKDTree

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.body.model.body import Body
from vmodel.drape.outfit.compress_layers import TRUNK, clearance_m, drop_triangles, part_under
from vmodel.types import BoolArray, Category, Drape, FloatArray, Garment, GarmentKind, IntArray, Pose, PosedBody

THICKEST_M = 0.06
"""Largest padding: cloth further out hangs free and does not affect what is worn over it."""
ROOM_M = 0.0025
"""Room between the inner garment and the body's new surface."""
FLAT_M = 0.004
"""Thickness of cloth that is pressed flat by the waistband that it is tucked into, or by a sleeve."""
_BESIDE_M = 0.016
_SUNK_M, _LIFTED_M = 0.004, 0.0005
_DEEPEST_M = 0.03
_NEIGHBOURS = 8
_EDGE_M = 0.006
"""Height over an outer garment's edge from which on inner cloth comes out from under it, and does not lift it."""
_INSIDE_M, _WIDENS = 0.007, 0.7
"""Distance of a tucked top from the band at its edge, inside it, and how far it widens over the height above."""
_SINK_ROUNDS = 12
_EDGE_RINGS = 2
_LEAVE_ROUNDS = 4

_LOWER = (Category.TROUSERS, Category.SHORTS, Category.SKIRT)


@dataclass(frozen=True, eq=False)
class PaddedBody(Body):
    """A body padded by the garments that it wears.

    Attributes:
        padding_m: (V,) along the normals.
    """

    padding_m: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)

    def posed(self, pose: Pose) -> PosedBody:
        """Return ``Body.posed``, padded."""
        return padded(super().posed(pose), self.padding_m)

    def posed_between(self, start: Pose, end: Pose, t: float) -> PosedBody:
        """Return ``Body.posed_between``, padded."""
        return padded(super().posed_between(start, end, t), self.padding_m)

    def posed_path(self, start: Pose, end: Pose, steps: int) -> FloatArray:
        """Return ``Body.posed_path``, padded."""
        faces = self.rest.faces
        path = super().posed_path(start, end, steps)
        return np.stack([_grown(vertices, faces, self.padding_m) for vertices in path])


def pad_body(body: Body, posed: PosedBody, worn: Drape, thickest_m: float = THICKEST_M) -> PaddedBody:
    """Pad the body by a garment on it, for the next garment to collide with.

    Args:
        body: the wearer, maybe padded already.
        posed: the same body in the pose of ``worn``.
        worn: the garment.
        thickest_m: bound on what the garment adds.
    """
    cover = np.minimum(np.minimum(cover_m(posed, worn), thickest_m), clearance_m(body, posed)).astype(np.float32)
    before = body.padding_m if isinstance(body, PaddedBody) else np.zeros(len(cover), np.float32)
    plain = {name: getattr(body, name) for name in ("model", "measurements", "surface", "_shape")}
    rest = padded(body.rest, cover)
    return PaddedBody(rest=rest, padding_m=(before + cover).astype(np.float32), **plain)


def padded(posed: PosedBody, padding_m: FloatArray) -> PosedBody:
    """Return a posed body whose vertices are moved outwards by (V,) metres."""
    return replace(posed, vertices_m=_grown(posed.vertices_m, posed.faces, padding_m))


def _grown(vertices_m: FloatArray, faces: IntArray, padding_m: FloatArray) -> FloatArray:
    normals = vertex_normals(np.asarray(vertices_m, np.float32), faces)
    return np.asarray(vertices_m + normals * padding_m[:, None], np.float32)


def cover_m(posed: PosedBody, worn: Drape) -> FloatArray:
    """Return (V,) metres from each body vertex out to the garment above it; 0 where there is none."""
    body, cloth = np.asarray(posed.vertices_m, np.float32), np.asarray(worn.vertices_m, np.float32)
    own, outward = vertex_normals(body, posed.faces), vertex_normals(cloth, worn.triangles)
    distance, nearest = cKDTree(cloth).query(body, k=24, distance_upper_bound=THICKEST_M)
    height = np.zeros(len(body), np.float32)
    for rank in range(distance.shape[1]):
        reached = np.flatnonzero(np.isfinite(distance[:, rank]))
        index = nearest[reached, rank]
        offset = cloth[index] - body[reached]
        above = (offset * own[reached]).sum(axis=1)
        beside = np.linalg.norm(offset - above[:, None] * own[reached], axis=1)
        # Cloth that an arm merely hangs beside turns its outside to the arm.
        same_way = (own[reached] * outward[index]).sum(axis=1) > 0.2
        fits = same_way & (beside < _BESIDE_M) & (above > 0)
        height[reached] = np.maximum(height[reached], np.where(fits, above + ROOM_M, 0))
    return _evened(height, posed.faces)


def _evened(height: FloatArray, faces: IntArray) -> FloatArray:
    """Fill gaps from their neighbours, then smooth: cloth bridges hollows."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    both = np.concatenate([pairs, pairs[:, ::-1]])
    count = len(height)
    links = coo_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), (count, count)).tocsr()
    links.data[:] = 1.0
    degree = np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1)
    values = np.asarray(height, np.float64)
    for _ in range(2):
        values = np.maximum(values, 0.9 * (links @ values) / degree)
    for _ in range(3):
        values = 0.5 * values + 0.5 * (links @ values) / degree
    return values.astype(np.float32)


def in_order(kinds: Sequence[GarmentKind], tucked: bool) -> list[int]:
    """Order garments from the skin outwards: swimwear, trousers, tops and dresses, open ones, coats; return indices.

    Args:
        kinds: of the worn garments.
        tucked: tops go under what is worn on the legs.
    """
    return sorted(range(len(kinds)), key=lambda index: _rank(kinds[index], tucked))


def _rank(kind: GarmentKind, tucked: bool) -> int:
    if kind.category == Category.SWIMWEAR:
        return -1
    if kind.category == Category.OUTERWEAR:
        return 4
    if kind.open_front:
        return 3
    if kind.category in _LOWER:
        return 2 if tucked else 0
    return 1


def is_lower(kind: GarmentKind) -> bool:
    """Return whether a garment is worn on the legs, held at the waist."""
    return kind.category in _LOWER


def hangs_beside(inner: Drape, outer: Drape, body: Body, posed: PosedBody) -> BoolArray:
    """Return the (N,) vertices of a garment's sleeves that hang beside another garment, which cannot cover them.

    Args:
        inner: the garment with the sleeves.
        outer: the other one; it covers a sleeve where its own cloth lies on the same arm close by.
        body: the wearer of both.
        posed: the same body in the pose.
    """
    lies_on = part_under(inner, body, posed)
    hangs = lies_on != TRUNK
    if not hangs.any():
        return np.asarray(hangs)
    over = part_under(outer, body, posed)
    for arm in np.unique(lies_on[hangs]):
        cover, mine = np.asarray(outer.vertices_m)[over == arm], lies_on == arm
        if len(cover):
            reached, _ = cKDTree(cover).query(np.asarray(inner.vertices_m)[mine], distance_upper_bound=_DEEPEST_M)
            hangs[mine] = np.isinf(reached)
    return np.asarray(hangs)


def push_under(inner: Drape, outer: Drape, beside: BoolArray) -> Drape:
    """Return the inner garment with what pokes through the outer one pressed beneath it.

    Args:
        inner: the garment beneath.
        outer: the garment over it.
        beside: (N,) vertices of the inner garment that the outer one cannot cover, see ``hangs_beside``.
    """
    points, cover = np.asarray(inner.vertices_m, np.float32), np.asarray(outer.vertices_m, np.float32)
    facing, outward = vertex_normals(points, inner.triangles), vertex_normals(cover, outer.triangles)
    depth = _above(points, facing, cover, outward)
    moved = points.copy()
    for _ in range(_SINK_ROUNDS):  # pressed in, a vertex may lie nearest to another part of the cover
        index, height, near = depth
        push = np.where(near & ~beside & (height > -_SUNK_M), height + _SUNK_M, 0)
        moved = np.asarray(moved - outward[index] * push[:, None], np.float32)
        depth = _above(moved, facing, cover, outward)
    return replace(inner, vertices_m=moved)


def push_out_over(outer: Drape, inner: Drape, beside: BoolArray) -> Drape:
    """Lift the outer garment over what still pokes through it; garments further out are lifted next.

    See ``push_under`` for the arguments.
    """
    points, cover = np.asarray(inner.vertices_m, np.float32), np.asarray(outer.vertices_m, np.float32)
    facing, outward = vertex_normals(points, inner.triangles), vertex_normals(cover, outer.triangles)
    at_edge = np.zeros(len(cover), bool)
    at_edge[outer.open_edges.ravel()] = True
    for _ in range(_SINK_ROUNDS):
        index, height, near = _above(points, facing, cover, outward)
        through = near & ~beside & (height > -_LIFTED_M) & ~(at_edge[index] & (height > _EDGE_M))
        raised = np.zeros(len(cover), np.float32)
        np.maximum.at(raised, index[through], height[through] + _LIFTED_M)
        cover = np.asarray(cover + outward * raised[:, None], np.float32)
    return replace(outer, vertices_m=cover)


def drop_poking_triangles(inner: Drape, outer: Drape, beside: BoolArray) -> Drape:
    """Remove the inner garment's triangles that still show through the outer one, away from its open edges.

    Sinking and lifting do not resolve creases, so hidden triangles are removed there. Cloth that comes out from under
    an edge stays. See ``push_under`` for the arguments.
    """
    cover = np.asarray(outer.vertices_m, np.float32)
    outward, at_edge = vertex_normals(cover, outer.triangles), np.zeros(len(cover), bool)
    at_edge[outer.open_edges.ravel()] = True
    for _ in range(_EDGE_RINGS):
        at_edge[outer.triangles[at_edge[outer.triangles].any(axis=1)]] = True
    for _ in range(_LEAVE_ROUNDS):  # removed triangles change the normals of the cloth beside them
        points = np.asarray(inner.vertices_m, np.float32)
        facing = vertex_normals(points, inner.triangles)
        middles, their_facing = points[inner.triangles].mean(axis=1), facing[inner.triangles].mean(axis=1)
        vertices, triangles = (
            near & (height > 0) & ~at_edge[index]
            for index, height, near in (
                _above(points, facing, cover, outward),
                _above(middles, their_facing, cover, outward),
            )
        )
        poking = (vertices[inner.triangles].any(axis=1) | triangles) & ~beside[inner.triangles].any(axis=1)
        if not poking.any():
            break
        gone = np.zeros(len(points), bool)
        gone[inner.triangles[poking]] = True
        beside = beside[np.unique(inner.triangles[~gone[inner.triangles].all(axis=1)])]
        inner = drop_triangles(inner, gone)
    return inner


def poke_through_share(inner: Drape, outer: Drape, beside: BoolArray) -> float:
    """Return the share of the inner garment's vertices that lie outside the outer garment where that covers them.

    See ``push_under`` for the arguments.
    """
    points, cover = np.asarray(inner.vertices_m, np.float32), np.asarray(outer.vertices_m, np.float32)
    facing, outward = vertex_normals(points, inner.triangles), vertex_normals(cover, outer.triangles)
    _, height, near = _above(points, facing, cover, outward)
    return float((near & ~beside & (height > 0)).mean())


def _above(
    points: FloatArray, facing: FloatArray, cover: FloatArray, outward: FloatArray
) -> tuple[IntArray, FloatArray, BoolArray]:
    """Return the nearest covering vertex, the height over it along its normal, and a mask of points right over it.

    Only vertices whose cloth faces the same way count: a sleeve that hangs beside a skirt turns its outside to it and
    covers nothing of it.
    """
    distance, nearest = cKDTree(cover).query(points, k=_NEIGHBOURS, distance_upper_bound=_DEEPEST_M)
    nearest = np.where(np.isfinite(distance), nearest, 0)
    alike = np.isfinite(distance) & ((facing[:, None] * outward[nearest]).sum(axis=2) > 0)
    rows, rank = np.arange(len(points)), alike.argmax(axis=1)
    index, near = nearest[rows, rank], alike[rows, rank]
    offset = points - cover[index]
    height = (offset * outward[index]).sum(axis=1)
    beside = np.linalg.norm(offset - height[:, None] * outward[index], axis=1)
    return index, height.astype(np.float32), near & (beside < _BESIDE_M)


def cut_below_band(top: Drape, lower: Drape, body: Body, posed: PosedBody) -> Drape:
    """Remove the part of a tucked top that is inside the waistband of what is worn on the legs.

    Above the band it widens evenly from there: cloth that hung over the band would end outside it.

    Args:
        top: in the pose.
        lower: the garment that it is tucked into.
        body: the wearer of both; the sleeves hang beside the band, not in it.
        posed: the same body in the pose.
    """
    rim = np.unique(lower.open_edges)
    points = np.asarray(lower.vertices_m)
    band = rim[points[rim, 2] > points[:, 2].max() - 0.12]
    near_m, nearest = cKDTree(points[band][:, :2]).query(top.vertices_m[:, :2])
    beneath = (top.vertices_m[:, 2] < points[band][nearest, 2] - 0.012) & (near_m < 0.09)
    reached, _ = cKDTree(points).query(top.vertices_m, distance_upper_bound=0.09)
    trunk = part_under(top, body, posed) == TRUNK
    gone = beneath & np.isfinite(reached) & trunk
    outward = vertex_normals(np.asarray(points, np.float32), lower.triangles)[band][nearest] * (1, 1, 0)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    away = top.vertices_m - points[band][nearest]
    past = (away * outward).sum(axis=1) - _WIDENS * np.maximum(away[:, 2], 0) + _INSIDE_M
    over = trunk & (near_m < 0.09) & (np.abs(away[:, 2]) < 0.09)
    gathered = top.vertices_m - outward * (np.maximum(past, 0) * over)[:, None]
    return drop_triangles(replace(top, vertices_m=np.asarray(gathered, np.float32)), gone)


def merge_garments(garments: Sequence[Garment], drapes: Sequence[Drape], main: int) -> tuple[Garment, Drape]:
    """Join all garments into one, for the scene.

    Args:
        garments: the patterns.
        drapes: how they lie, in the same order.
        main: index of the garment on sale; its kind, report and landmarks stand for the whole.
    """
    vertices = np.cumsum([0, *(len(drape.vertices_m) for drape in drapes)])
    textures = np.cumsum([0, *(len(garment.textures) for garment in garments)])
    panels = np.cumsum([0, *(len(garment.panels) for garment in garments)])
    joined = replace(
        drapes[main],
        vertices_m=np.concatenate([drape.vertices_m for drape in drapes]),
        triangles=_shifted([drape.triangles for drape in drapes], vertices),
        texture_px=np.concatenate([drape.texture_px for drape in drapes]),
        texture=_shifted([drape.texture for drape in drapes], textures),
        panel=_shifted([drape.panel for drape in drapes], panels),
        rest_edges=_shifted([drape.rest_edges for drape in drapes], vertices),
        rest_lengths_m=np.concatenate([drape.rest_lengths_m for drape in drapes]),
        open_edges=_shifted([drape.open_edges for drape in drapes], vertices),
        texture_materials=tuple(
            material
            for drape, garment in zip(drapes, garments, strict=True)
            for material in drape.texture_materials or (drape.material,) * len(garment.textures)
        ),
        warnings=tuple(dict.fromkeys(warning for drape in drapes for warning in drape.warnings)),
    )
    whole = replace(
        garments[main],
        panels=tuple(
            replace(panel, texture=panel.texture + int(start))
            for garment, start in zip(garments, textures, strict=False)
            for panel in garment.panels
        ),
        textures=tuple(texture for garment in garments for texture in garment.textures),
        warnings=tuple(dict.fromkeys(warning for garment in garments for warning in garment.warnings)),
    )
    return whole, joined


def _shifted(parts: Sequence[Any], starts: IntArray) -> Any:
    """Concatenate index arrays, each counting from its own start; of the first one's type."""
    return np.concatenate([part + part.dtype.type(start) for part, start in zip(parts, starts, strict=False)])
