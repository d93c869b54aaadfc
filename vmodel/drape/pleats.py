"""Opening pleats that cloth was pinched into: sharp folds of two or three triangles that the solver cannot undo.

Where a wide sleeve is pushed up a narrow arm, more cloth arrives than the mesh can lay in soft folds. It doubles up
within one triangle's length, often through itself, and looks like a cut round the arm. Seams between front and back
keep a ridge and pointed corners where the photo lay flat.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse

from vmodel.drape.cloth import Cloth
from vmodel.drape.ease import strain
from vmodel.drape.outside import push_out
from vmodel.drape.start import spread
from vmodel.drape.straps import on_strap
from vmodel.types import BoolArray, FloatArray, IntArray, PosedBody

SHARP: Final = 0.2
"""Cosine between the normals of two neighbouring triangles below which the cloth is pinched, not bent."""
RINGS: Final = 2
ROUNDS: Final = 8
STRAINED: Final = 1.17
"""99th percentile of the strain above which opened cloth is nearly refused as too tight."""
TAUT: Final = 1.12
"""Strain beyond which no edge of such cloth is stretched further to open a pleat."""
PASSES: Final = 2


def open_pleats(cloth: Cloth, positions_m: FloatArray, posed: PosedBody, room_m: float = 0.002) -> FloatArray:
    """Smooth the cloth where it is pinched, and a little around; soft folds stay as they are.

    Hems and cuffs are smoothed along their edges only, so that they keep their place.

    Args:
        cloth: particles and their neighbours.
        positions_m: (N, 3).
        posed: the body, through which no smoothing pulls the cloth.
        room_m: distance that it keeps from the skin.
    Returns:
        (N, 3) float64; the same positions where nothing is pinched.
    """
    opened = np.asarray(positions_m, float)
    neighbours, mean, wide = _neighbours(cloth), _averaging(cloth), ~on_strap(cloth)
    for _ in range(PASSES):
        pinched = _pinched(cloth, neighbours, opened) & wide
        if not pinched.any():
            break
        share = np.asarray(pinched, float)
        for _ in range(RINGS):
            share = np.asarray(spread(cloth, share, 1) > 0, float)
        share = spread(cloth, share, 1) * wide
        near = np.flatnonzero(share)
        for _ in range(ROUNDS):
            opened = opened + share[:, None] * (mean @ opened - opened)
            opened[near] = push_out(opened[near], posed, room_m)
    return _unstretched(cloth, np.asarray(positions_m, float), opened)


def _unstretched(cloth: Cloth, positions_m: FloatArray, opened_m: FloatArray) -> FloatArray:
    """(N, 3) the opened cloth; a narrow sleeve that is taut already is opened less where that would stretch it."""
    already, share = strain(cloth, positions_m), np.ones(cloth.count)
    pulled, before = (float(np.percentile(each, 99)) for each in (strain(cloth, opened_m), already))
    if pulled <= max(STRAINED, before):
        return opened_m
    result = opened_m
    for _ in range(ROUNDS):
        now = strain(cloth, result)
        stretched = (now > TAUT) & (now > already + 0.01)
        if not stretched.any():
            break
        share[cloth.edges[stretched].ravel()] *= 0.5
        share = np.minimum(share, spread(cloth, share, 1))
        result = positions_m + share[:, None] * (opened_m - positions_m)
    return result


def _averaging(cloth: Cloth) -> sparse.csr_matrix:
    """(N, N) mean of each particle and its neighbours; on an open edge, of those along the edge only."""
    rim = cloth.rim
    pairs = np.concatenate([cloth.edges, cloth.edges[:, ::-1]])
    along = np.concatenate([cloth.open_edges, cloth.open_edges[:, ::-1]])
    pairs = np.concatenate([pairs[~rim[pairs[:, 0]]], along])
    links = sparse.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (cloth.count, cloth.count)).tocsr()
    links += sparse.eye(cloth.count)
    return sparse.csr_matrix(sparse.diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links)


def _neighbours(cloth: Cloth) -> IntArray:
    """(P, 2) triangles that share an edge."""
    ends = np.concatenate([cloth.triangles[:, [i, j]] for i, j in ((0, 1), (1, 2), (2, 0))])
    owner = np.tile(np.arange(len(cloth.triangles)), 3)
    code = np.sort(ends, axis=1).astype(np.int64) @ np.array([cloth.count, 1])
    order = np.argsort(code, kind="stable")
    twice = np.flatnonzero(code[order][1:] == code[order][:-1])
    return np.stack([owner[order][twice], owner[order][twice + 1]], axis=1)


def _pinched(cloth: Cloth, neighbours: IntArray, positions_m: FloatArray) -> BoolArray:
    """(N,) True for particles of two neighbouring triangles that nearly lie on each other."""
    a, b, c = (positions_m[cloth.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    cosine = (normal[neighbours[:, 0]] * normal[neighbours[:, 1]]).sum(axis=1)
    found = np.zeros(cloth.count, bool)
    found[cloth.triangles[neighbours[cosine < SHARP]]] = True
    return found
