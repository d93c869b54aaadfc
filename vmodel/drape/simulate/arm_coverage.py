"""Check for arms outside their sleeves, as when the solver has pulled the cloth through a stout arm.

A path runs from the trunk along the arm's bone and out to its skin. If the arm is inside its sleeve, the path crosses
no cloth; otherwise it crosses the cloth once. Skin that a short sleeve or a gaping armhole shows counts as inside.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from vmodel.body.mesh.measure import vertices_on
from vmodel.body.model.body import Body
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.geometry.raycast import first_hits
from vmodel.types import FloatArray, PosedBody

TORN_LIMIT = 0.03
"""Largest share of an arm's skin that may lie outside the cloth: a visible tear at an elbow takes 0.05."""
TORN_AT_FIRST = 0.12
"""The same before the cloth has moved with the body, when cloth pinched at an armpit can still come free."""
ARM_BONES = ("upperarm02", "lowerarm01", "lowerarm02")
FROM_SHOULDER = 0.3
"""Share of the upper arm that is not tested: near the shoulder, arm and trunk share their skin."""
SKIN_M = 0.006
"""Cloth may dent the skin by this much between its particles."""
_STEP_M = 1e-4
_MOST_LAYERS = 8


def torn_share(cloth: Cloth, positions_m: FloatArray, body: Body, posed: PosedBody) -> float:
    """Return the share of the worse arm's skin that lies outside the cloth though the arm begins inside.

    Args:
        cloth: the triangles of a garment that hangs from the shoulders.
        positions_m: (N, 3) of its particles.
        body: for the bones of its skin.
        posed: the body under the cloth.
    Returns:
        0..1; 0 for garments without sleeves.
    """
    skin = np.asarray(posed.vertices_m, float)
    joints = {name: np.asarray(at, float) for name, at in posed.joints_m.items()}
    trunk = (joints["upperarm01.L"] + joints["upperarm01.R"]) / 2 - (0, 0, 0.03)
    worst = 0.0
    cuffs = {edge for _, edge in cloth.edge_particles if edge.startswith("cuff")}
    # Cloth without a sleeve lies beside its arm, and is pinched into it where the arm hangs.
    for side in (short for name, short in (("cuff_left", "L"), ("cuff_right", "R")) if name in cuffs):
        line = np.stack([trunk, *(joints[f"{bone}.{side}"] for bone in ("upperarm01", "lowerarm01", "wrist"))])
        bones = {f"{bone}.{side}" for bone in ARM_BONES}
        arm = skin[vertices_on(body.surface, bones.__contains__)]
        along, foot = _feet(arm, line[1:])
        wanted = along > FROM_SHOULDER * float(np.linalg.norm(line[2] - line[1]))
        arm, along, foot = arm[wanted], along[wanted], foot[wanted]
        crossed = _crossings_along(positions_m, cloth, line, along) + _crossings(positions_m, cloth, foot, arm)
        worst = max(worst, float((crossed != 0).mean()))
    return worst


def _feet(points: FloatArray, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Find the point of a polyline nearest to each of (P, 3) points; return its distance along the line, and it."""
    best, along, foot = np.full(len(points), np.inf), np.zeros(len(points)), np.zeros_like(points)
    before = 0.0
    for tail, head in pairwise(line):
        way = head - tail
        length = float(np.linalg.norm(way))
        share = np.clip((points - tail) @ way / length**2, 0, 1)
        at = tail + share[:, None] * way
        apart = np.linalg.norm(points - at, axis=1)
        nearer = apart < best
        best[nearer], along[nearer], foot[nearer] = apart[nearer], before + share[nearer] * length, at[nearer]
        before += length
    return along, foot


def _crossings_along(positions_m: FloatArray, cloth: Cloth, line: FloatArray, along: FloatArray) -> FloatArray:
    """Return (P,) net exits from the cloth on the way from the line's start to a length along its later legs."""
    counted, before = np.zeros(len(along), int), -float(np.linalg.norm(line[1] - line[0]))
    for tail, head in pairwise(line):
        length = float(np.linalg.norm(head - tail))
        for at, sign in _layers(positions_m, cloth, tail[None], head[None]):
            counted += int(sign[0]) * (along >= before + at[0])
        before += length
    return counted


def _crossings(positions_m: FloatArray, cloth: Cloth, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Return (P,) net exits from the cloth on the way from each start to just before its end; entries count -1."""
    way = ends - starts
    length = np.linalg.norm(way, axis=1, keepdims=True)
    ends = starts + way * np.maximum(1 - SKIN_M / np.maximum(length, 1e-9), 0)
    counted = np.zeros(len(starts), int)
    for _, sign in _layers(positions_m, cloth, starts, ends):
        counted += sign
    return counted


def _layers(
    positions_m: FloatArray, cloth: Cloth, starts: FloatArray, ends: FloatArray
) -> list[tuple[FloatArray, FloatArray]]:
    """List cloth layers on the ways from (S, 3) starts to their ends: distance, and 1 out of it, -1 in, 0 none."""
    length = np.linalg.norm(ends - starts, axis=1)
    unit = (ends - starts) / np.maximum(length, 1e-9)[:, None]
    gone, found = np.zeros(len(starts)), list[tuple[FloatArray, FloatArray]]()
    reach = float(length.max()) + _STEP_M
    for _ in range(_MOST_LAYERS):
        far, facing = first_hits(positions_m, cloth.triangles, starts + gone[:, None] * unit, unit, reach)
        at = gone + far
        met = (far < reach) & (at < length)
        if not met.any():
            break
        found.append((at, np.where(met, np.sign(facing), 0).astype(int)))
        gone = np.where(met, at + _STEP_M, length + _STEP_M)
    return found
