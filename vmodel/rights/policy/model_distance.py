"""Distance of two virtual models from being the same person, in millimetres of the face.

A model's face follows from numbers: anny's local changes of the head, its ancestry, gender and age. Each number has a
weight: the millimetres by which the points of the face move, root mean square, when it changes by 1. The weights were
measured on roster models, with their faces scaled to one size and aligned (``benchmarks/identity.py``). The distance
of two models is the root of the sum of squares. Skin and hair count too, but so little that one face in another
colour or under another hair style never passes for another person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from vmodel.types import VirtualModel

TOO_CLOSE_MM = 1.5
"""Distance below which two models count as one person; docs/rights.md says how it was chosen."""

FACE_MM: Mapping[str, float] = {
    "cheek-bones-incr": 0.62,
    "cheek-inner-incr": 0.58,
    "cheek-volume-incr": 1.12,
    "chin-bones-incr": 1.26,
    "chin-height-incr": 3.7,
    "chin-jaw-drop-incr": 0.44,
    "chin-prominent-incr": 1.48,
    "chin-width-incr": 1.13,
    "ear-scale-incr": 1.91,
    "eye-corner1-up": 0.49,
    "eye-corner2-up": 0.67,
    "eye-epicanthus-out": 0.66,
    "eye-height2-incr": 0.58,
    "eye-push1-out": 1.24,
    "eye-scale-incr": 1.23,
    "eye-trans-out": 2.48,
    "eyebrows-angle-up": 1.18,
    "eyebrows-trans-up": 1.22,
    "forehead-scale-vert-incr": 2.76,
    "forehead-temple-incr": 0.81,
    "head-fat-incr": 1.86,
    "head-scale-horiz-incr": 7.29,
    "head-scale-vert-incr": 7.26,
    "measure-neck-circ-incr": 0.45,
    "mouth-angles-up": 1.49,
    "mouth-cupidsbow-incr": 0.15,
    "mouth-lowerlip-height-incr": 0.41,
    "mouth-lowerlip-volume-incr": 0.36,
    "mouth-scale-horiz-incr": 1.91,
    "mouth-upperlip-height-incr": 0.4,
    "mouth-upperlip-volume-incr": 0.33,
    "nose-curve-convex": 0.51,
    "nose-hump-incr": 0.77,
    "nose-nostrils-width-incr": 0.76,
    "nose-point-up": 0.9,
    "nose-scale-horiz-incr": 0.97,
    "nose-scale-vert-incr": 1.94,
    "nose-volume-incr": 0.3,
    "nose-width1-incr": 0.19,
    "nose-width2-incr": 0.27,
}
ANCESTRY_MM = 4.2
PHENOTYPE_MM: Mapping[str, float] = {"gender": 4.5, "age": 7.0, "muscle": 1.3, "weight": 0.4}
_SKIN_MM_A_DELTA_E = 0.1
_MOST_SKIN_MM = 1.0
_MOST_HAIR_MM = 0.6
_STYLE_MM = 0.4
_HAIR_MM_A_DELTA_E = 0.02
_ANCESTRIES = ("african", "asian", "caucasian")
_SKIN, _HAIR = ("skin L", "skin a", "skin b"), ("hair L", "hair a", "hair b")
_WEIGHTS = (*FACE_MM.items(), *PHENOTYPE_MM.items(), *((name, ANCESTRY_MM) for name in _ANCESTRIES))


def identity_of(model: VirtualModel) -> dict[str, float | str]:
    """Return the numbers that distinguish a model from others, as plain values that can be stored.

    Args:
        model: of the roster or of a seller's own file.
    """
    changes = model.local_changes
    whole = sum(model.phenotype.get(name, 0.0) for name in _ANCESTRIES) or 1.0
    found: dict[str, float | str] = {name: changes.get(name, changes.get(f"l-{name}", 0.0)) for name in FACE_MM}
    found |= {name: model.phenotype.get(name, 0.0) for name in PHENOTYPE_MM}
    found |= {name: model.phenotype.get(name, 0.0) / whole for name in _ANCESTRIES}
    found |= {f"skin {axis}": value for axis, value in zip("Lab", _lab(model.skin_tone), strict=True)}
    found |= {f"hair {axis}": value for axis, value in zip("Lab", _lab(model.hair.colour), strict=True)}
    return {name: round(float(value), 4) for name, value in found.items()} | {"hair": model.hair.style}


def identity_distance(one: Mapping[str, float | str], other: Mapping[str, float | str]) -> float:
    """Return the distance of two models in millimetres; 0 for the same person.

    Args:
        one: of ``identity_of``.
        other: of ``identity_of``; a number that one of them lacks counts as 0.
    """

    def apart(name: str) -> float:
        return float(one.get(name, 0.0)) - float(other.get(name, 0.0))

    face = [weight * apart(name) for name, weight in _WEIGHTS]
    skin = _SKIN_MM_A_DELTA_E * math.hypot(*(apart(name) for name in _SKIN))
    hair = _HAIR_MM_A_DELTA_E * math.hypot(*(apart(name) for name in _HAIR))
    hair += _STYLE_MM * (one.get("hair") != other.get("hair"))
    return math.hypot(*face, min(skin, _MOST_SKIN_MM), min(hair, _MOST_HAIR_MM))


def _lab(linear: tuple[float, float, float]) -> tuple[float, float, float]:
    """Convert a linear-light sRGB colour to CIELAB (D65)."""
    to_xyz = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
    ratio = to_xyz @ np.asarray(linear, np.float64) / (0.9505, 1.0, 1.089)
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(np.maximum(ratio, 0)), (24389 / 27 * ratio + 16) / 116)
    return float(116 * y - 16), float(500 * (x - y)), float(200 * (y - z))
