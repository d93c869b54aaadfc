"""Eyeballs, painted on their part of the texture as a function of the direction from the eye's centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vmodel.body.face.face_params import Look
from vmodel.body.mesh.anatomy_chart import Anatomy, smoothstep
from vmodel.types import FloatArray

IRIS_DEG = 22.8
"""Angular radius of the iris: 12.5 mm across on the mesh's eyeball of 16 mm radius, human size against the lids."""
_GAZE = np.array([[0.012, -1.0, 0.005], [-0.012, -1.0, 0.005]])


@dataclass(frozen=True, eq=False)
class PaintedEyes:
    """Texels of one eyeball; albedo (n, 3), roughness (n,)."""

    albedo: FloatArray
    roughness: FloatArray


def gaze_of(side: int) -> FloatArray:
    """Return the unit direction (3,) in which an eye of the neutral body looks; side 0 is the left one."""
    return np.asarray(_GAZE[side] / np.linalg.norm(_GAZE[side]))


def paint_eye(
    spot_mm: FloatArray, lid_gap_mm: FloatArray, side: int, anatomy: Anatomy, look: Look, age: float, seed: int
) -> PaintedEyes:
    """Paint sclera, limbal ring, iris with radial fibres and pupil of one eye.

    Args:
        spot_mm: (n, 3) spots of the eyeball's texels.
        lid_gap_mm: (n,) distance of each texel from the edge of the upper lid on the body that is painted.
        side: 0 left, 1 right.
        anatomy: centres of the eyeballs.
        look: colour of the iris.
        age: years; the whites yellow with age.
        seed: of the model; both eyes share colour but not fibres.
    """
    rng = np.random.default_rng([seed, 41, side])
    direction = spot_mm - anatomy.eye_centre_mm[side]
    direction = direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    gaze = gaze_of(side)
    across = np.cross(gaze, [0.0, 0.0, 1.0])
    up = np.cross(across, gaze)
    u, v = direction @ across, direction @ up
    angle = np.degrees(np.arccos(np.clip(direction @ gaze, -1, 1)))
    turn = np.arctan2(v, u)
    radius = angle / IRIS_DEG
    iris = _iris(radius, turn, np.array(look.eyes), rng)
    sclera = _sclera(direction, u, v, angle, side, age, rng)
    edge = smoothstep(1.05, 0.93, radius)[:, None]
    albedo = sclera * (1 - edge) + iris * edge
    # Lids and lashes keep light from the upper part of the ball; in the inner corner the nose's shadow does already.
    lid = 1 - 0.8 * smoothstep(0.15, 0.45, u if side == 0 else -u)
    lid_shade = (1 - 0.62 * lid * np.exp(-((lid_gap_mm / 2.6) ** 2))) * (
        1 - 0.30 * lid * np.exp(-((lid_gap_mm / 6.0) ** 2))
    )
    albedo = albedo * lid_shade[:, None]
    return PaintedEyes(albedo.astype(np.float32), np.full(len(albedo), 0.06, np.float32))


def _iris(radius: FloatArray, turn: FloatArray, colour: FloatArray, rng: np.random.Generator) -> FloatArray:
    fibres = np.zeros(len(radius))
    for count, strength in ((17, 0.16), (41, 0.22), (83, 0.18), (131, 0.12)):
        phase, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-2, 2)
        fibres += strength * np.cos(count * turn + phase + bend * radius)
    collarette = np.exp(-(((radius - 0.48 - 0.02 * np.cos(9 * turn)) / 0.09) ** 2))
    light = 1.05 + fibres + 0.40 * collarette
    # Light enters from above and gathers on the far, lower side of the iris.
    light = light * (1 - 0.32 * np.sin(turn) * np.clip(radius, 0, 1))
    warm = np.array([1.35, 1.0, 0.62]) ** 0.9
    tinted = colour * (1 + (warm - 1) * (0.9 * collarette)[:, None]) * light[:, None]
    ring = 1 - 0.80 * smoothstep(0.76, 1.0, radius)
    pupil = smoothstep(0.36, 0.43, radius)
    return np.asarray(np.clip(tinted, 0.004, 1) * (ring * pupil)[:, None] + 0.002)


def _sclera(
    direction: FloatArray,
    u: FloatArray,
    v: FloatArray,
    angle: FloatArray,
    side: int,
    age: float,
    rng: np.random.Generator,
) -> FloatArray:
    white = np.array([0.60, 0.54, 0.505]) * (1 - np.array([0.02, 0.06, 0.16]) * np.clip((age - 25) / 60, 0, 1))
    inner = u if side == 0 else -u
    # ``across`` points to the wearer's right, so the left eye's inner corner lies at positive u.
    pink = 0.6 * smoothstep(0.45, 0.80, inner) + 0.25 * smoothstep(0.62, 0.9, -inner)
    turn = np.arctan2(v, u)
    veins = np.zeros(len(u))
    for _ in range(14):
        heading, wiggle, phase = rng.uniform(-np.pi, np.pi), rng.uniform(0.03, 0.09), rng.uniform(0, 6.3)
        offset = turn - heading - wiggle * np.sin(angle / 3.2 + phase)
        offset = np.arctan2(np.sin(offset), np.cos(offset))
        veins += rng.uniform(0.2, 0.7) * np.exp(-((offset * angle / 0.9) ** 2)) * smoothstep(30, 52, angle)
    blood = np.clip(0.05 + pink + 0.45 * veins, 0, 1.4)
    shade = 1 - 0.26 * smoothstep(27, 62, angle)
    del direction
    return np.asarray(white * np.exp(-blood[:, None] * [0.08, 0.62, 0.55]) * shade[:, None])
