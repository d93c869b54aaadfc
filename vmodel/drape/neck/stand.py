"""Stand of a collar: the strip that goes up from the cloth's edge along the neck, to the line where the leaf folds."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.drape.geometry.nearest import nearest_on_mesh
from vmodel.garment.imaging.contour import smooth_line
from vmodel.types import FloatArray, PosedBody

STAND_STEPS: Final = 4
_FULL_CM, _NONE_CM = -2.5, -8.0
"""Heights over the base of the neck from which on a collar stands fully, and below which it lies flat."""
_HIGH_CM: Final = ((0.0, 0.0), (0.4, 1.4), (1.0, 2.0))
"""Share of the way from a collar's front end to the back's middle, and the height there of its stand over the cloth's
edge: in front the cut's neck is the line of the fold."""
_OFF_SKIN_CM: Final = 0.6
"""Distance of the line where the leaf folds from the skin."""
_AROUND_M: Final = 0.25
"""Distance from the base of the neck within which the skin is looked at."""
_NEAREST: Final = 4


def stand_up(line: FloatArray, share: FloatArray, posed: PosedBody, unit: float) -> tuple[FloatArray, FloatArray]:
    """Lead a neck's edge up along the skin.

    Args:
        line: (n, 3) metres, the cloth's edge round the neck from its left front end to the right one.
        share: (n,) of the way from its nearer end to its middle.
        posed: the wearer.
        unit: metres per centimetre of a neck of the usual girth, scaled to this one.
    Returns:
        (n, steps + 1, 3) metres, the edge first and the line of the fold last; (n, 3) unit vectors away from the skin
        there.
    """
    base, above = (np.asarray(posed.joints_m[name], float) for name in ("neck01", "neck02"))
    axis = (above - base) / np.linalg.norm(above - base)
    vertices = np.asarray(posed.vertices_m, np.float64)
    normals = vertex_normals(np.asarray(posed.vertices_m, np.float32), posed.faces)
    faces = posed.faces[(np.linalg.norm(vertices - base, axis=1) < _AROUND_M)[posed.faces].all(axis=1)]

    def over_skin(points: FloatArray) -> tuple[FloatArray, FloatArray]:
        triangles, weights, _ = nearest_on_mesh(points, vertices, faces, _NEAREST)
        corners = faces[triangles]
        places, facing = (np.einsum("nk,nkc->nc", weights, each[corners]) for each in (vertices, normals))
        facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9)
        return ((points - places) * facing).sum(axis=1), facing

    stands = np.clip(((line - base) @ axis / unit - _NONE_CM) / (_FULL_CM - _NONE_CM), 0, 1)
    behind = (share - share.min()) / max(float(np.ptp(share)), 1e-6)
    high = unit * stands * np.interp(behind, *np.transpose(_HIGH_CM))
    high = gaussian_filter1d(high, 3.0, mode="nearest")
    rows, point = [line], line
    off, facing = over_skin(point)
    for step in range(1, STAND_STEPS + 1):
        up = axis - facing * (facing @ axis)[:, None]
        up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-6)
        point = point + up * (high / STAND_STEPS)[:, None]
        now, facing = over_skin(point)
        wanted = off + (np.minimum(off, unit * _OFF_SKIN_CM) - off) * stands * step / STAND_STEPS
        point = point + facing * (wanted - now)[:, None]
        rows.append(point)
    sheet = smooth_line(np.stack(rows, axis=1), 8)
    facing = gaussian_filter1d(facing, 3.0, axis=0, mode="nearest")
    return np.asarray(sheet), np.asarray(facing / np.linalg.norm(facing, axis=1, keepdims=True))
