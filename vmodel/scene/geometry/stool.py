"""Plain studio plinth under seated poses."""

from __future__ import annotations

import numpy as np

from vmodel.types import FloatArray, IntArray, PosedBody

_RADIUS_M = 0.19
_BEVEL_M = 0.008
_SIDES = 96


def stool_mesh(posed: PosedBody) -> tuple[FloatArray, IntArray]:
    """Build the plinth that carries a seated body.

    Args:
        posed: the body; only a pose marked ``seated`` gets a plinth.
    Returns:
        (n, 3) float32 vertices in metres and (t, 3) int32 triangles; both empty for standing poses.
    """
    if not posed.pose.seated:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)
    body = np.asarray(posed.vertices_m)
    hips = 0.5 * (np.asarray(posed.joints_m["upperleg01.L"]) + np.asarray(posed.joints_m["upperleg01.R"]))
    close = body[np.linalg.norm(body[:, :2] - hips[:2], axis=1) < 0.11]
    seat_z = float(close[:, 2].min()) + 0.006
    # The weight rests behind the hip joints, and the shins keep clear of the front.
    centre = hips[:2] + np.array([0.0, 0.02])
    return _cylinder(centre, max(seat_z, 0.05))


def _cylinder(centre: FloatArray, height: float) -> tuple[FloatArray, IntArray]:
    """Build a closed cylinder whose upper rim is rounded in three steps.

    Its rings go from the floor to the middle of the seat.
    """
    bends = np.radians([0, 30, 60, 90])
    radii = np.concatenate(
        [[_RADIUS_M, _RADIUS_M], _RADIUS_M - _BEVEL_M * (1 - np.cos(bends)), [0.5 * _RADIUS_M, 1e-4]]
    )
    heights = np.concatenate([[0.0, 0.5 * height], height - _BEVEL_M * (1 - np.sin(bends)), [height, height]])
    turn = np.arange(_SIDES) * 2 * np.pi / _SIDES
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    rings = [np.column_stack([circle * r + centre, np.full(_SIDES, z)]) for r, z in zip(radii, heights, strict=True)]
    here = np.arange(_SIDES)
    after = (here + 1) % _SIDES
    triangles = []
    for ring in range(len(rings) - 1):
        low, high = ring * _SIDES, (ring + 1) * _SIDES
        triangles.append(np.stack([low + here, low + after, high + here], axis=1))
        triangles.append(np.stack([low + after, high + after, high + here], axis=1))
    return np.concatenate(rings).astype(np.float32), np.concatenate(triangles).astype(np.int32)
