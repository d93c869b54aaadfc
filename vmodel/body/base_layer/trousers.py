"""Tailoring of the long lower base layer: seams, pockets and the creases of slim trousers, as tone and relief.

Everything is a function of the spot on the neutral body (``vmodel.body.mesh.anatomy_chart``), so all bodies wear the
same cut.
"""

from __future__ import annotations

import numpy as np

from vmodel.body.mesh.anatomy_chart import smoothstep
from vmodel.types import FloatArray

WAISTBAND_MM = 36.0

# Height, then the middle (x, y) and the radius of one leg of the neutral body there, mm.
_LEG_MM = np.array(
    [
        (-1412, 180, 117, 32),
        (-1300, 173, 116, 42),
        (-1240, 167, 120, 50),
        (-1120, 150, 103, 54),
        (-1060, 135, 82, 55),
        (-1000, 123, 73, 59),
        (-880, 108, 73, 69),
        (-760, 92, 88, 87),
        (-640, 82, 98, 88),
        (-436, 66, 75, 70),
    ],
    float,
)


def tailor(spot_mm: FloatArray, waist_mm: float, hem_mm: float) -> tuple[FloatArray, FloatArray]:
    """Compute shade and relief of slim trousers.

    Args:
        spot_mm: (n, 3) spots of the neutral body.
        waist_mm: height of the upper edge.
        hem_mm: height of the leg hems.
    Returns:
        tone: (n,) factor of the cloth's albedo, about 0.7 to 1.5: worn thighs are paler, seams darker.
        height_mm: (n,) relief, about -1 to 3.
    """
    x, y, z = spot_mm[:, 0], spot_mm[:, 1], spot_mm[:, 2]
    middle_x, middle_y, radius = (np.interp(z, _LEG_MM[:, 0], column) for column in _LEG_MM[:, 1:].T)
    turn = np.arctan2(y - middle_y, np.abs(x) - middle_x)  # 0 outside, negative in front, positive behind
    along = turn * radius
    front = smoothstep(0.15, -0.15, np.sin(turn))
    side = np.sign(x)
    lines = _lines(x, along, front, z, waist_mm)
    band = smoothstep(waist_mm - WAISTBAND_MM - 0.8, waist_mm - WAISTBAND_MM + 0.8, z)
    hem = smoothstep(hem_mm + 17.5, hem_mm + 16.5, z)
    folds = _folds(turn, along, front, z, hem_mm, side) * (1 - band)
    worn = np.exp(-(((turn + 1.3) / 0.8) ** 2)) * np.exp(-(((z + 900) / 150) ** 2))
    tone = (1 - 0.28 * lines) * (1 + 0.75 * worn + 0.16 * np.clip(folds - 0.6, 0, 1)) * (1 - 0.08 * hem)
    return tone, folds + 0.7 * band + 0.5 * hem - 0.5 * lines


def _lines(x: FloatArray, along: FloatArray, front: FloatArray, z: FloatArray, waist_mm: float) -> FloatArray:
    """Return the darkness (n,) of seams and stitched edges, 0..1."""
    below = waist_mm - WAISTBAND_MM - z
    outseam = _line(along, 1.1)
    middle = _line(x, 1.1) * (z > -760)
    curve = np.hypot(22.0, np.maximum(below - 90, 0))
    fly = _line(np.hypot(x - 2, np.maximum(below - 90, 0)) - curve, 0.8) * front * (x > 0) * (below > 0) * (below < 115)
    pocket = _line((np.hypot(along / 66, np.maximum(below, 0) / 112) - 1) * 70, 1.2) * front * (along < 0)
    across, down = np.abs(np.abs(x) - 74), below - 62
    patch = np.maximum(across - 58 + 0.08 * down, np.maximum(-down, down - 128 - 0.25 * (58 - across)))
    behind = _line(patch, 1.1) * (1 - front)
    band = np.maximum(_line(below, 1.0), _line(waist_mm - 3 - z, 0.8))
    return np.asarray(np.maximum.reduce([outseam, middle, fly, pocket * (below > 0), behind, band]))


def _line(distance_mm: FloatArray, width_mm: float) -> FloatArray:
    return np.asarray(np.exp(-((distance_mm / width_mm) ** 2)))


def _folds(
    turn: FloatArray, along: FloatArray, front: FloatArray, z: FloatArray, hem_mm: float, side: FloatArray
) -> FloatArray:
    """Return creases (n,) in mm at the top of the thigh, round the knee and above the hem."""
    wobble = 5 * np.sin(2 * turn + 0.9 * side) + 3 * np.sin(3 * turn - z / 41 + 2 * side)
    thigh = _ridges(z + 0.62 * along + wobble, 31) * front * _bump(z, -772, 50) * smoothstep(-2.9, -2.0, turn)
    behind_knee = _ridges(z + 0.25 * along + wobble, 27) * (1 - front) * _bump(z, -1075, 55)
    beside_knee = _ridges(z + 0.8 * np.abs(along + 70) + wobble, 38) * front * _bump(z, -1120, 50)
    stack = _ridges(z + 7 * np.sin(turn + side) + wobble, 29) * _bump(z, hem_mm + 62, 52)
    return np.asarray(0.9 * thigh + 1.6 * behind_knee + 1.3 * beside_knee + 2.0 * stack)


def _ridges(phase_mm: FloatArray, wavelength_mm: float) -> FloatArray:
    return np.asarray((0.5 + 0.5 * np.cos(2 * np.pi * phase_mm / wavelength_mm)) ** 1.6)


def _bump(value: FloatArray, centre: float, width: float) -> FloatArray:
    return np.asarray(np.exp(-(((value - centre) / width) ** 2)))
