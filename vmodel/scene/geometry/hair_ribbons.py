"""Coarse ribbons of hair for ray tracing: shadows and indirect light; strands are rasterised separately.

Traced light and the photographs for training share the ribbons, so that both agree on the shadow of each lock.
"""

from __future__ import annotations

import numpy as np

from vmodel.types import FloatArray, IntArray, Strands

_RIBBONS, _RIBBON_POINTS, _WIDEST = 6000, 16, 6
_BARE_ROOT = 0.15
"""Share of a head strand, from its root, that casts no shadow: a ribbon on the skin would draw a jagged hairline."""


def hair_ribbons(hair: Strands | None, head: bool) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return hair as flat ribbons, few and wide on the head: good enough for its shadow and the light that it reflects.

    Args:
        hair: posed strands, or None.
        head: True for the head's strands, thinned; False for brows, lashes and beard, not thinned.
    Returns:
        Vertices (n, 3) in metres, triangles (m, 3) int32, and a linear-light colour per vertex (n, 3).
    """
    chosen = np.flatnonzero((hair.kind == 0) == head) if hair is not None else np.zeros(0, int)
    if hair is None or not len(chosen):
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32)
    step = max(1, len(chosen) // _RIBBONS) if head else 1
    chosen = chosen[::step]
    count = hair.points_m.shape[1]
    first = _BARE_ROOT * (count - 1) if head else 0.0
    keep = np.unique(np.linspace(first, count - 1, min(count, _RIBBON_POINTS)).round().astype(int))
    points = np.asarray(hair.points_m[chosen][:, keep], np.float32)
    along = np.gradient(points, axis=1)
    turn = np.arange(len(points)) * 2.399963
    axis = np.stack([np.cos(turn), np.sin(turn), 0.3 * np.sin(3 * turn)], axis=1)[:, None]
    across = np.cross(along, axis)
    width = hair.radius_m[chosen][:, keep, None] * min(step, _WIDEST)
    across *= width / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
    vertices = np.stack([points - across, points + across], axis=2).reshape(-1, 3)
    strands, knots = points.shape[:2]
    corner = 2 * (np.arange(strands)[:, None] * knots + np.arange(knots - 1)[None]).reshape(-1)
    triangles = np.concatenate(
        [np.stack([corner, corner + 1, corner + 2], axis=1), np.stack([corner + 1, corner + 3, corner + 2], axis=1)]
    )
    colour = np.repeat(hair.colour[chosen], 2 * knots, axis=0)
    return vertices.astype(np.float32), triangles.astype(np.int32), colour
