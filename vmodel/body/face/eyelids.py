"""Edges of the eye openings as the camera sees them.

On some faces a fold of the upper lid hangs in front of its rim: lashes grow, and shadows fall, from the fold's edge.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from vmodel.body.mesh.anatomy_chart import closed_curve, load_anatomy
from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.mesh.head_surface import head_scale, scatter_roots
from vmodel.types import BoolArray, FloatArray, IntArray

_RIM_POINTS = 260
_SAMPLES, _CELL_MM, _FEWEST_CELLS = 60000, 0.7, 30
_CLOSEST_M = 0.0001


def is_upper_lid(rim_spot_mm: FloatArray) -> BoolArray:
    """Mark spots of the rim above the straight line from the inner to the outer corner of the eye: (n,) bool."""
    corner_height = np.interp(np.abs(rim_spot_mm[:, 0]), [16, 43], [-3.6, 0.4])
    return np.asarray(rim_spot_mm[:, 2] > corner_height)


def lid_rim(vertices_m: FloatArray, side: int) -> tuple[FloatArray, FloatArray]:
    """Return the rim of an eye opening.

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
    """Return the lower edge of what hangs over the eye from above, seen from the front: (m, 3) metres, by rising x.

    Skin and eyeball are sampled, and the foremost sample in each cell of a grid is the visible one.
    """
    anatomy, faces = load_anatomy(), load_surface().faces
    step = _CELL_MM * head_scale(vertices_m) / 1000
    spot = anatomy.spot_mm[faces].mean(axis=1)
    near = (np.abs(spot - anatomy.eye_centre_mm[side])[:, [0, 2]] < (24, 18)).all(axis=1) & (spot[:, 1] < 20)
    rng = np.random.default_rng(0)
    ball, skin = (
        scatter_roots(vertices_m, np.flatnonzero(chosen), _SAMPLES, rng).points_m
        for chosen in (anatomy.eye_faces == side + 1, near & (anatomy.eye_faces == 0))
    )
    samples = np.concatenate([ball, skin])
    is_ball = np.arange(len(samples)) < len(ball)
    cell = np.floor((samples[:, [0, 2]] - samples[:, [0, 2]].min(axis=0)) / step).astype(int)
    seen = _foremost(samples, cell)
    if is_ball[seen].sum() < _FEWEST_CELLS:  # eyes that are shut
        points, spots = lid_rim(vertices_m, side)
        return points[is_upper_lid(spots)][np.argsort(points[is_upper_lid(spots), 0])]
    middle = int(np.median(cell[seen[is_ball[seen]], 1]))
    edge = []
    for column in np.unique(cell[seen[is_ball[seen]], 0]):
        here = seen[cell[seen, 0] == column]
        open_rows = set(cell[here[is_ball[here]], 1].tolist())
        top = min(open_rows, key=lambda row: abs(row - middle))
        while top + 1 in open_rows:  # what shows further up shows through a gap between samples
            top += 1
        above = here[(cell[here, 1] > top) & (cell[here, 1] <= top + 2) & ~is_ball[here]]
        if len(above):
            edge.append(samples[above[samples[above, 2].argmin()]])
    line = np.array(edge)[np.argsort(np.array(edge)[:, 0])]
    line = ndimage.median_filter(line, (7, 1), mode="nearest")
    padded = np.pad(line, ((3, 3), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, axis], np.ones(7) / 7, mode="valid") for axis in range(3)], axis=1)


def _foremost(samples_m: FloatArray, cell: IntArray) -> IntArray:
    """Return the indices of the samples that are seen from the front, one per cell."""
    order = np.lexsort((samples_m[:, 1], cell[:, 1], cell[:, 0]))
    _, first = np.unique(cell[order], axis=0, return_index=True)
    return np.asarray(order[first])


def lash_roots(vertices_m: FloatArray, side: int) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the roots of lashes: the lower rim, and the visible edge of the upper lid.

    Args:
        vertices_m: (V, 3) of the body.
        side: 0 left, 1 right.
    Returns:
        (n, 3) points in metres, (n, 3) neutral spots of the rim in mm, and (n,) True for the upper lid.
    """
    rim_m, spots = lid_rim(vertices_m, side)
    upper, edge = is_upper_lid(spots), upper_lid_edge(vertices_m, side)
    on_edge = np.stack([np.interp(rim_m[:, 0], edge[:, 0], edge[:, axis]) for axis in range(3)], axis=1)
    kept = ~upper | ((rim_m[:, 0] >= edge[0, 0]) & (rim_m[:, 0] <= edge[-1, 0]))
    # In the corner of the eye the rim runs back under the fold: its points fall together on the edge.
    kept &= ~upper | (np.linalg.norm(on_edge - np.roll(on_edge, 1, axis=0), axis=1) > _CLOSEST_M)
    return np.where(upper[:, None], on_edge, rim_m)[kept], spots[kept], upper[kept]
