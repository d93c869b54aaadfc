"""The edges of the eye openings as the camera sees them.

On some faces a fold of the upper lid hangs before its rim: lashes grow, and shadows fall, from the fold's edge.
"""

from __future__ import annotations

import numpy as np

from vmodel.body.anny_model import load_surface
from vmodel.body.chart import closed_curve, load_anatomy
from vmodel.body.head_surface import head_scale, scatter_roots
from vmodel.types import BoolArray, FloatArray

_RIM_POINTS = 260


def is_upper_lid(rim_spot_mm: FloatArray) -> BoolArray:
    """(n,) bool: spots of the rim above the straight line from the inner to the outer corner of the eye."""
    corner_height = np.interp(np.abs(rim_spot_mm[:, 0]), [16, 43], [-3.6, 0.4])
    return np.asarray(rim_spot_mm[:, 2] > corner_height)


def lid_rim(vertices_m: FloatArray, side: int) -> tuple[FloatArray, FloatArray]:
    """The rim of an eye opening.

    Args:
        vertices_m: (V, 3) of the body.
        side: 0 left, 1 right.
    Returns:
        (n, 3) points on this body in metres and (n, 3) their neutral spots in mm.
    """
    anatomy = load_anatomy()
    rim = anatomy.lid_edge[side]
    return closed_curve(vertices_m[rim], _RIM_POINTS), closed_curve(anatomy.spot_mm[rim], _RIM_POINTS)


def upper_lid_edge(vertices_m: FloatArray, side: int) -> FloatArray:
    """(m, 3) metres: lower edge of whatever hangs over the eye from above, seen from the front."""
    points, spots = lid_rim(vertices_m, side)
    rim = points[is_upper_lid(spots)]
    return lowered_to_fold(rim, vertices_m, side)


def lowered_to_fold(rim_m: FloatArray, vertices_m: FloatArray, side: int) -> FloatArray:
    """Move points of the upper rim to the edge of the fold before them, where there is one.

    Args:
        rim_m: (m, 3) points of the upper rim.
        vertices_m: (V, 3) of the body.
        side: 0 left, 1 right.
    """
    anatomy, faces = load_anatomy(), load_surface().faces
    spot = anatomy.spot_mm[faces].mean(axis=1)
    out = np.abs(spot[:, 0] - anatomy.eye_centre_mm[side, 0])
    lid = (out < 20) & (spot[:, 2] > -4) & (spot[:, 2] < 14) & (spot[:, 1] < 12) & ~anatomy.hidden_faces
    lid &= anatomy.eye_faces == 0
    skin_m = scatter_roots(vertices_m, np.flatnonzero(lid), 5000, np.random.default_rng(0)).points_m
    unit = head_scale(vertices_m) / 1000
    column = np.abs(rim_m[:, None, 0] - skin_m[None, :, 0]) < 0.7 * unit
    before = skin_m[None, :, 1] < rim_m[:, None, 1] + 0.4 * unit
    # Only skin that comes from above: the lower lid is further down than the rim's own height less the opening.
    above = skin_m[None, :, 2] > rim_m[:, None, 2] - 4.0 * unit
    over = column & before & above & (skin_m[None, :, 2] > _middle_height(vertices_m, side) + 0.3 * unit)
    height = np.where(over, skin_m[None, :, 2], np.inf)
    lowest = height.argmin(axis=1)
    hangs = height[np.arange(len(rim_m)), lowest] < rim_m[:, 2] - 0.3 * unit
    moved = np.where(hangs[:, None], skin_m[lowest], rim_m)
    kernel = np.ones(9) / 9
    padded = np.pad(moved, ((4, 4), (0, 0)), mode="edge")
    smooth = np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in range(3)], axis=1)
    return np.asarray(np.where(hangs.any(), smooth, rim_m))


def _middle_height(vertices_m: FloatArray, side: int) -> float:
    points, _ = lid_rim(vertices_m, side)
    return float((points[:, 2].max() + points[:, 2].min()) / 2)
