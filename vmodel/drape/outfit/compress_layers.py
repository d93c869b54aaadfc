"""Pressing of inner cloth: it takes no more room than the body and what is worn over it leave.

The loose sleeve of a T-shirt lies folded against the arm under a jacket's sleeve, and what is caught between an arm and
the trunk is as thin as that gap. Neither pushes a jacket outwards.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags, eye
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from vmodel.body.mesh.measure import vertices_on
from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.body.model.body import Body
from vmodel.drape.geometry.raycast import first_hits
from vmodel.drape.geometry.signed_distance import distance_to_body, push_out
from vmodel.drape.solver.colliders import ARM_BONES, arm_vertices
from vmodel.types import BoolArray, Drape, FloatArray, IntArray, PosedBody

REACH_M = 0.09
"""Cloth further from the skin than this hangs free and is not pressed."""
_BETWEEN_M = 0.014
"""Room that a garment's two layers need between an arm and the trunk, in addition to what is worn under it."""
_RISE, _PAD_RISE = 2.0, 0.6
"""Rise in metres per metre of skin: of cloth that comes out from under a garment, and of cloth that holds one off."""
_BENEATH_M, _THINNEST = 0.004, 0.4
"""Distance of cloth beneath its cover, and the least share of a low cover's height that it keeps."""
_SKIN_M = 0.0008
_UNDER_M = 0.01
_CLOSE_M, _DEEP_M = 0.03, 0.04
"""Cloth is out of sight under a garment this close to the skin, and this far from where the garment is further off."""
_FURTHEST_M = 0.5
"""Largest distance of cloth from the trunk."""
_ROUNDS = 4
_HEM_RISE = 1.0
"""Metres that cloth comes out, per metre of its own, from under a hem that held it together."""
_VOTES, _NEAREST = 12, 48
_MOST_VERTICES = 1 << 31
TRUNK = 0
"""Index of the trunk, with head and legs, among the parts of a body."""


def clearance_m(body: Body, posed: PosedBody) -> FloatArray:
    """Return the thickness of worn cloth that may hold the next garment off.

    A sleeve lies flat between the arm and the sleeve over it: an arm grown by 4 mm tears a narrow jacket at the armpit.

    Args:
        body: for the bones of its skin.
        posed: the same body, with its padding if any.
    Returns:
        (V,) metres, at most ``REACH_M``: half of what lies between the trunk and an arm, and nothing on the arms.
    """
    skin = np.asarray(posed.vertices_m, np.float32)
    own = vertex_normals(skin, posed.faces)
    apart, _ = first_hits(skin, posed.faces, skin + 0.001 * own, own, 2 * REACH_M + _BETWEEN_M)
    free = np.where(vertices_on(body.surface, partial(_is_arm, "")), 0, np.maximum((apart - _BETWEEN_M) / 2, 0))
    return _eased(free, posed.vertices_m, posed.faces, _PAD_RISE)


def _is_arm(ending: str, bone: str) -> bool:
    return bone.startswith((*ARM_BONES, "upperarm01")) and bone.endswith(ending)


def compress_under(inner: Drape, outer: Drape, body: Body, posed: PosedBody) -> Drape:
    """Press the inner garment towards the skin, beneath the outer one where that lies over it.

    Cloth that comes out from under the outer garment rises from there evenly. Cloth that lies close between the skin
    and the outer garment, out of sight from every opening, is removed: it would show through between the vertices.

    Args:
        inner: the garment beneath.
        outer: the garment over it, on the same body.
        body: for the bones of its skin.
        posed: the bare body beneath them.
    """
    above = _height_of(outer, posed)
    if above.min() >= REACH_M:
        return inner
    skin, faces = posed.vertices_m, posed.faces
    most = _eased(
        np.where(above < REACH_M, np.maximum(above - _BENEATH_M, _THINNEST * above), REACH_M), skin, faces, _RISE
    )
    # Distance over the skin from where the cloth can be seen.
    hidden = _eased(np.where(above < _CLOSE_M, REACH_M, 0), skin, faces, 1.0) > _DEEP_M
    points, gone = np.array(inner.vertices_m, np.float32), np.zeros(len(inner.vertices_m), bool)
    lies_on, tree = part_under(inner, body, posed), cKDTree(posed.vertices_m)
    for part, part_faces in enumerate(_parts(body)):
        mine = np.flatnonzero(lies_on == part)
        if not len(mine):
            continue
        height, foot = distance_to_body(points[mine], skin, part_faces)
        apart, nearest = tree.query(foot, k=4)
        share = 1 / np.maximum(apart, 1e-5)
        limit = (share * most[nearest]).sum(axis=1) / share.sum(axis=1)
        gone[mine] = hidden[nearest].all(axis=1) & (height < REACH_M)
        low = (height > limit) & (height < REACH_M)
        to = foot + (points[mine] - foot) * (limit / np.maximum(height, 1e-6))[:, None]
        points[mine[low]] = to[low]
    points = push_out(points, posed, _SKIN_M).astype(np.float32)
    return drop_triangles(replace(inner, vertices_m=points), gone)


def pull_under(inner: Drape, outer: Drape, body: Body, posed: PosedBody) -> Drape:
    """Bring the inner garment beneath the outer one where it stands out from the trunk past it, however far.

    A wide skirt under a straight coat is held together by it, and comes out evenly at its hem.

    Args:
        inner: the garment beneath.
        outer: the garment over it, on the same body.
        body: for the bones of its skin.
        posed: the bare body beneath them.
    """
    for _ in range(_ROUNDS):  # brought in, a vertex may stand out from another part of the trunk
        past, height, foot, cover = _past(inner, outer, body, posed)
        if not past.any():
            break
        points = np.array(inner.vertices_m, np.float32)
        free = np.where(past, np.maximum(cover - _BENEATH_M, _SKIN_M), _FURTHEST_M)
        limit = _eased(free, points, inner.triangles, _HEM_RISE)
        moved = (part_under(inner, body, posed) == TRUNK) & (height > limit)
        to = foot + (points - foot) * (limit / np.maximum(height, 1e-6))[:, None]
        points[moved] = to[moved]
        inner = replace(inner, vertices_m=push_out(points, posed, _SKIN_M).astype(np.float32))
    return inner


def overhang_share(inner: Drape, outer: Drape, body: Body, posed: PosedBody) -> float:
    """Return the share of the inner garment's vertices that stand out from the trunk past the outer garment."""
    return float(_past(inner, outer, body, posed)[0].mean())


def _past(
    inner: Drape, outer: Drape, body: Body, posed: PosedBody
) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray]:
    """Return a mask of vertices with the other garment between them and the trunk, height, foot and its height."""
    points = np.asarray(inner.vertices_m, np.float32)
    height, foot = distance_to_body(points, posed.vertices_m, _parts(body)[TRUNK], _FURTHEST_M)
    way = (points - foot) / np.maximum(np.abs(height), 1e-6)[:, None]
    cover, facing = first_hits(np.asarray(outer.vertices_m), outer.triangles, foot, way, _FURTHEST_M)
    past = (part_under(inner, body, posed) == TRUNK) & (height > _SKIN_M) & (cover < height) & (facing > 0)
    return past, height, foot, cover


def drop_triangles(garment: Drape, gone: BoolArray) -> Drape:
    """Remove triangles all of whose vertices are gone, (N,) bool, and what belonged to these alone."""
    kept = ~gone[garment.triangles].all(axis=1)
    if kept.all():
        return garment
    used, triangles = np.unique(garment.triangles[kept], return_inverse=True)
    number = np.full(len(gone), -1)
    number[used] = np.arange(len(used))
    rest, rims = number[garment.rest_edges], number[garment.open_edges]
    stays = (rest >= 0).all(axis=1)
    return replace(
        garment,
        vertices_m=garment.vertices_m[used],
        triangles=triangles.reshape(-1, 3).astype(garment.triangles.dtype),
        texture_px=garment.texture_px[kept],
        texture=garment.texture[kept],
        panel=garment.panel[kept],
        rest_edges=rest[stays].astype(garment.rest_edges.dtype),
        rest_lengths_m=garment.rest_lengths_m[stays],
        open_edges=rims[(rims >= 0).all(axis=1)].astype(garment.open_edges.dtype),
    )


def _height_of(outer: Drape, posed: PosedBody) -> FloatArray:
    """Return (V,) metres from the skin to the garment over it; ``REACH_M`` where that is far or nowhere."""
    skin = np.asarray(posed.vertices_m, np.float32)
    own = vertex_normals(skin, posed.faces)
    # Between its vertices cloth may lie beneath the skin.
    start = skin - _UNDER_M * own
    way, facing = first_hits(np.asarray(outer.vertices_m), outer.triangles, start, own, REACH_M + _UNDER_M)
    height = np.maximum(way - _UNDER_M, _SKIN_M)
    # The outside of a sleeve that hangs beside the trunk covers nothing of it.
    return np.where(facing > 0, height, REACH_M)


def _eased(limit_m: FloatArray, points_m: FloatArray, faces: IntArray, rise: float) -> FloatArray:
    """Return (V,) limits on heights that rise by at most ``rise`` per metre of mesh and exceed no given limit."""
    points, links = np.asarray(points_m, float), _pairs(faces)
    count, away = len(points), np.linalg.norm(points[links[:, 0]] - points[links[:, 1]], axis=1)
    # An additional source node is linked to each vertex, with the vertex's limit as the distance.
    ends = np.concatenate([links, np.stack([np.full(count, count), np.arange(count)], axis=1)])
    lengths = np.maximum(np.concatenate([rise * away, limit_m]), 1e-7)
    graph = csr_matrix((lengths, (ends[:, 0], ends[:, 1])), (count + 1, count + 1))
    return np.asarray(dijkstra(graph, indices=count)[:count])


def part_under(inner: Drape, body: Body, posed: PosedBody) -> IntArray:
    """Return the (N,) index in ``_parts`` of the part that each vertex of a garment lies on; neighbours agree."""
    skin, cloth = np.asarray(posed.vertices_m, np.float32), np.asarray(inner.vertices_m, np.float32)
    own, outward = vertex_normals(skin, posed.faces), vertex_normals(cloth, inner.triangles)
    _, nearest = cKDTree(skin).query(cloth, k=_NEAREST)
    alike = (own[nearest] * outward[:, None]).sum(axis=2) > 0.2
    index = nearest[np.arange(len(cloth)), alike.argmax(axis=1)]
    limbs = [vertices_on(body.surface, partial(_is_arm, ending)) for ending in (".L", ".R")]
    votes = np.eye(3)[np.select(limbs, [1, 2], 0)[index]]
    ends = _pairs(inner.triangles)
    links = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (len(cloth),) * 2).tocsr() + eye(len(cloth))
    mean = diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links
    for _ in range(_VOTES):
        votes = mean @ votes
    return np.asarray(votes.argmax(axis=1))


def _parts(body: Body) -> list[IntArray]:
    """Return faces of the trunk with head and legs, of the left and of the right arm; shoulders belong to several."""
    trunk = ~vertices_on(body.surface, lambda bone: bone.startswith(ARM_BONES))
    limbs = [arm_vertices(body, side) for side in ("L", "R")]
    faces = body.surface.faces
    return [faces[chosen[faces].all(axis=1)] for chosen in (trunk, *limbs)]


def _pairs(faces: IntArray) -> IntArray:
    """Return (P, 2) vertices that share an edge, each pair both ways, once."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    # As single numbers, pairs are sorted many times faster than as rows.
    numbers = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64) @ np.array([_MOST_VERTICES, 1])
    return np.stack(np.divmod(np.unique(numbers), _MOST_VERTICES), axis=1)
