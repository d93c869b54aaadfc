"""What a drawn garment is made of, and the curves that it is drawn with."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vmodel.types import Category, FloatArray, Neckline, Sleeve

SIDES = (("left", 1.0), ("right", -1.0))


@dataclass
class Drawing:
    """One garment: layers painted in order, and where its landmarks are.

    Attributes:
        layers: (role, (n, 2) outline); role is "cloth", "back" (painted first), "inside" (visible
            inside of the back), "detail" (drawn only within the cloth).
        lines: (n, 2) polylines of seams and plackets; closing: of zips and button fronts, always visible.
    """

    category: Category
    sleeve: Sleeve = Sleeve.NONE
    neckline: Neckline = Neckline.NONE
    open_front: bool = False
    layers: list[tuple[str, FloatArray]] = field(default_factory=list)
    lines: list[FloatArray] = field(default_factory=list)
    closing: list[FloatArray] = field(default_factory=list)
    landmarks: dict[str, FloatArray] = field(default_factory=dict)


def point(x: float, y: float) -> FloatArray:
    """(2,) float64."""
    return np.array([x, y], np.float64)


def arc(start: FloatArray, end: FloatArray, bulge: float = 0.0, count: int = 14) -> FloatArray:
    """Quadratic curve from start to end, its middle pushed to the left of the way by bulge x length / 2."""
    chord = end - start
    control = (start + end) / 2 + bulge * np.array([chord[1], -chord[0]])
    t = np.linspace(0, 1, count)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)


def wavy(curve: FloatArray, amplitude: float, waves: float, phase: float) -> FloatArray:
    """The curve with ruffles: a sine across its own direction."""
    dense = np.stack([np.interp(np.linspace(0, len(curve) - 1, 60), np.arange(len(curve)), c) for c in curve.T], 1)
    way = np.gradient(dense, axis=0)
    normal = np.stack([way[:, 1], -way[:, 0]], 1) / (np.linalg.norm(way, axis=1, keepdims=True) + 1e-9)
    t = np.linspace(0, 1, 60)
    return np.asarray(dense + normal * (amplitude * np.sin(2 * np.pi * waves * t + phase))[:, None])


def flip(points: FloatArray, sign: float) -> FloatArray:
    """The points of a wearer's left side (sign 1), or mirrored to the right side (sign -1)."""
    return np.asarray(points * np.array([sign, 1.0]))
