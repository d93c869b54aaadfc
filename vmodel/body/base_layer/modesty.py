"""Smooth skin under the base layer: no body shows more of chest and groin than seamless active wear would.

Some vertices of every body are moved onto a thin plate through their surroundings. On children this is done to the
whole chest, so it is flat whatever shape anny gives it. On adults the hollows of the front (navel, between
and under the breasts) are bridged as a fitted top bridges them; what stands out stays, so garments lie where they did.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse

from vmodel.body.base_layer.paint import must_be_covered
from vmodel.body.mesh.anatomy_chart import load_anatomy
from vmodel.body.mesh.anny_model import load_anny, load_surface
from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.types import BoolArray, FloatArray, IntArray

_MOVED_M = 2e-4
"""Distance beyond which a vertex moved by a shape change belongs to the region of that change."""
_BRIDGING_ROUNDS = 60
_NEUTRAL_ADULT = {"gender": 1.0, "age": 0.65}


@dataclass(frozen=True, eq=False)
class _Plate:
    """Vertices that are computed from others.

    Attributes:
        inside: (n,) vertices that are replaced.
        around: (m,) vertices that hold the plate.
        weights: (n, m) float32; positions inside = weights @ positions around.
    """

    inside: IntArray
    around: IntArray
    weights: torch.Tensor


def smooth_under_base_layer(vertices_m: torch.Tensor, is_child: bool) -> torch.Tensor:
    """Remove relief of nipples and groin; bridge the hollows of an adult's front, flatten a child's.

    Args:
        vertices_m: (B, V, 3) rest vertices in any unit.
        is_child: of the model.
    Returns:
        (B, V, 3); other vertices are unchanged.
    """
    smooth = vertices_m.clone()
    for plate in _plates(is_child):
        smooth[:, plate.inside] = torch.einsum("nm,bmc->bnc", plate.weights, smooth[:, plate.around])
    return smooth if is_child else _bridge_hollows(smooth)


def _bridge_hollows(vertices_m: torch.Tensor) -> torch.Tensor:
    """Lift (B, V, 3) vertices of the trunk's front to the level of a much smoothed front, where that lies outside."""
    inside, smoothing = _front_smoothing()
    bridged = vertices_m.clone()
    for body in bridged:
        front = body[inside].detach().numpy().astype(np.float64)
        normal = vertex_normals(body.detach().numpy(), load_surface().faces)[inside]
        # Smoothing in steps: a hollow fills from its rim, what stands out stays.
        for _ in range(_BRIDGING_ROUNDS):
            rise = np.einsum("nc,nc->n", smoothing @ front - front, normal)
            front = front + normal * np.maximum(rise, 0)[:, None]
        body[inside] = torch.from_numpy(front.astype(np.float32))
    return bridged


@functools.cache
def _front_smoothing() -> tuple[IntArray, Any]:
    """Return the vertices of the trunk's front and a sparse matrix that averages their neighbours; the rim stays."""
    anatomy, faces = load_anatomy(), load_surface().faces
    height = anatomy.spot_mm[:, 2]
    region = must_be_covered(anatomy.spot_mm) & (anatomy.normal[:, 1] < 0.1) & (height > -650)
    inside = np.flatnonzero(region)
    local = np.full(len(region), -1)
    local[inside] = np.arange(len(inside))
    whole = local[faces[region[faces].all(axis=1)]]
    rim = np.zeros(len(inside), bool)
    rim[local[np.intersect1d(faces[~region[faces].all(axis=1)], inside)]] = True
    pairs = np.unique(np.concatenate([whole[:, [0, 1]], whole[:, [1, 2]], whole[:, [2, 0]]]), axis=0)
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    pairs = pairs[~rim[pairs[:, 0]]]
    kept = np.flatnonzero(rim)
    rows, columns = np.append(pairs[:, 0], kept), np.append(pairs[:, 1], kept)
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(inside),) * 2)
    return inside, sparse.diags(1 / np.asarray(matrix.sum(axis=1)).ravel()) @ matrix


def smoothed_vertices(is_child: bool) -> tuple[IntArray, IntArray]:
    """Return the indices of the vertices of (chest, groin) that ``smooth_under_base_layer`` replaces."""
    chest, groin = _plates(is_child)
    return chest.inside, groin.inside


@functools.cache
def _plates(is_child: bool) -> tuple[_Plate, _Plate]:
    chest = _moved_by("nipple-size-incr")
    if is_child:
        chest |= _moved_by("breast-point-incr", "breast-volume-vert-up", "breast-trans-up") & _on_the_front()
    return _plate(chest, 1), _plate(_moved_by("bulge-incr"), 1)


def _shaped(**local_changes: float) -> FloatArray:
    rest: Any = load_anny()(phenotype_kwargs=_NEUTRAL_ADULT, local_changes_kwargs=local_changes)
    vertices: FloatArray = rest["rest_vertices"][0].detach().numpy()
    return vertices


def _moved_by(*changes: str) -> BoolArray:
    neutral = _shaped()
    moved = np.zeros(len(neutral), bool)
    for change in changes:
        moved |= np.linalg.norm(_shaped(**{change: 1.0}) - neutral, axis=1) > _MOVED_M
    return moved


def _on_the_front() -> BoolArray:
    """Mark vertices in front of the flank, below the collar bones and above the last rib."""
    neutral = _shaped()
    chest = neutral[_moved_by("breast-point-incr")]
    middle = float(np.median(chest[:, 2]))
    before = neutral[:, 1] < chest[:, 1].min() + 0.075
    return np.asarray(before & (np.abs(neutral[:, 2] - middle) < 0.115))


def _plate(region: BoolArray, rings: int) -> _Plate:
    """Fit a thin plate to a region grown by some rings of neighbours: the least bending that meets its surroundings."""
    faces = load_surface().faces
    for _ in range(rings):
        touched = region[faces].any(axis=1)
        region = region.copy()
        region[faces[touched]] = True
    near = region.copy()
    for _ in range(2):
        near[faces[near[faces].any(axis=1)]] = True
    used = np.flatnonzero(near)
    local = np.full(len(region), -1)
    local[used] = np.arange(len(used))
    laplacian, area = _cotangent_laplacian(_shaped()[used], local[faces[near[faces].all(axis=1)]])
    bending = laplacian.T @ (laplacian / area[:, None])
    inside, around = np.flatnonzero(region[used]), np.flatnonzero(~region[used])
    weights = -np.linalg.solve(bending[np.ix_(inside, inside)], bending[np.ix_(inside, around)])
    return _Plate(used[inside], used[around], torch.from_numpy(weights.astype(np.float32)))


def _cotangent_laplacian(vertices: FloatArray, faces: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the cotangent Laplacian (n, n) float64 and the vertex areas (n,) of a small mesh."""
    points = np.asarray(vertices, np.float64)
    laplacian = np.zeros((len(points), len(points)))
    area = np.full(len(points), 1e-9)
    for k in range(3):
        i, j, o = faces[:, (k + 1) % 3], faces[:, (k + 2) % 3], faces[:, k]
        a, b = points[i] - points[o], points[j] - points[o]
        double = np.linalg.norm(np.cross(a, b), axis=1)
        cotangent = np.clip(np.einsum("fc,fc->f", a, b) / np.maximum(double, 1e-12), 0.02, 20) / 2
        np.add.at(laplacian, (i, j), cotangent)
        np.add.at(laplacian, (j, i), cotangent)
        np.add.at(area, o, double / 6)
    laplacian -= np.diag(laplacian.sum(axis=1))
    return laplacian, area
