"""Parts of a drawn garment, and the curves that it is drawn with.

Lengths are centimetres of an adult garment, x to the photo's right, y down, the neck (or waist) at y = 0. "left" is the
wearer's left on a front, hence always the viewer's right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np

from vmodel.types import FloatArray

SIDES: Final = (("left", 1.0), ("right", -1.0))


@dataclass(frozen=True, eq=False)
class Layer:
    """An area painted over earlier layers.

    Attributes:
        part: one of ``PARTS``; "background" cuts a hole.
        outline: (n, 2).
        tone: "cloth", "second" (another cloth of the same garment), "lining", "hanger", "metal" or "ground"; "label"
            paints nothing and only assigns pixels of legs to its part.
        grain: degrees by which the cloth is turned from hanging straight down.
        lift: strength from 0 to 1 with which its edges stand out from the layers below.
    """

    part: str
    outline: FloatArray
    tone: str = "cloth"
    grain: float = 0.0
    lift: float = 1.0


@dataclass(frozen=True, eq=False)
class Mark:
    """Something drawn on the cloth that changes no part.

    Attributes:
        kind: "seam", "stitch", "zip", "edge", "cord", "button", "label" or "metal".
        curve: (n, 2); a button's is its middle.
        width: of the line, or of the button.
    """

    kind: str
    curve: FloatArray
    width: float = 0.5


@dataclass
class Drawing:
    """One garment: its items in painting order, its landmarks and its attributes."""

    choices: dict[str, str]
    items: list[Layer | Mark] = field(default_factory=list)
    points: dict[str, FloatArray] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    """Landmarks that are only estimated."""
    late: list[Layer | Mark] = field(default_factory=list)
    """Items to paint once the cloth below them is painted."""
    gap: float = 0.0
    """Half the distance between the edges of an open front, at the neckline."""

    def fill(
        self,
        part: str,
        outline: FloatArray,
        tone: str = "cloth",
        grain: float = 0.0,
        place: int | None = None,
        lift: float = 1.0,
    ) -> None:
        """Add a layer on top, or at a place in the order."""
        self.items.insert(len(self.items) if place is None else place, Layer(part, outline, tone, grain, lift))

    def below_legs(self) -> int:
        """Return the place in the order below the legs' layers."""
        for place, item in enumerate(self.items):
            if isinstance(item, Layer) and item.part.startswith("leg_"):
                return place
        return len(self.items)

    def flush(self) -> None:
        """Paint the items that have waited."""
        self.items += self.late
        self.late = []

    def mark(self, kind: str, curve: FloatArray, width: float = 0.5) -> None:
        """Add a line or an object on the cloth."""
        self.items.append(Mark(kind, np.atleast_2d(curve), width))


@dataclass
class Plan:
    """Attributes of the garment to draw.

    Attributes:
        category, sleeve, neckline, closure, laid, face: as in ``CHOICES``.
        lower: lower end of a garment for the torso: "hem", "skirt", "legs", "shorts" or "brief".
        style: a cut's name, as "wrap" or "flare"; empty for an ordinary one.
        is_child: shorter and wider.
    """

    category: str
    sleeve: str = "none"
    neckline: str = "crew"
    closure: str = "none"
    laid: str = "flat"
    face: str = "front"
    lower: str = "hem"
    style: str = ""
    is_child: bool = False


def pick(rng: np.random.Generator, weights: dict[str, float]) -> str:
    """Choose a name at random, in proportion to its weight."""
    share = np.array(list(weights.values()))
    return list(weights)[int(rng.choice(len(share), p=share / share.sum()))]


def point(x: float, y: float) -> FloatArray:
    """Return (2,) float64."""
    return np.array([x, y], np.float64)


def joined(*pieces: FloatArray) -> FloatArray:
    """Concatenate curves and points."""
    return np.concatenate([np.atleast_2d(piece) for piece in pieces])


@lru_cache(maxsize=64)
def shares(count: int, has_end: bool = True) -> FloatArray:
    """Return (count, 1) even steps from 0 to 1; callers must not change them."""
    return np.linspace(0, 1, count, endpoint=has_end)[:, None]


def line(start: FloatArray, end: FloatArray, count: int = 8) -> FloatArray:
    """Return a straight line, with points between for the warp."""
    t = shares(count)
    return np.asarray(start * (1 - t) + end * t)


def arc(start: FloatArray, end: FloatArray, bulge: float = 0.0, count: int = 14) -> FloatArray:
    """Return a quadratic curve from start to end, its middle pushed left of the way by bulge x length / 2."""
    chord = end - start
    control = (start + end) / 2 + bulge * np.array([chord[1], -chord[0]])
    t = shares(count)
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)


def smooth(*points: FloatArray, count: int = 8) -> FloatArray:
    """Return a Catmull-Rom curve through the points, with count points between each two."""
    p = np.stack([points[0], *points, points[-1]])
    t = shares(count, False)
    pieces = []
    for i in range(1, len(p) - 2):
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*pieces, p[-1:]])


def wavy(curve: FloatArray, amplitude: float, waves: float, phase: float) -> FloatArray:
    """Add ruffles to a curve: a sine across its own direction; its ends stay."""
    dense = np.stack([np.interp(np.linspace(0, len(curve) - 1, 60), np.arange(len(curve)), c) for c in curve.T], 1)
    way = np.gradient(dense, axis=0)
    normal = np.stack([way[:, 1], -way[:, 0]], 1) / (np.linalg.norm(way, axis=1, keepdims=True) + 1e-9)
    t = shares(60)[:, 0]
    fade = np.clip(np.minimum(t, 1 - t) * 10, 0, 1)
    return np.asarray(dense + normal * (amplitude * fade * np.sin(2 * np.pi * waves * t + phase))[:, None])


def ribbon(curve: FloatArray, start: float, end: float | None = None) -> FloatArray:
    """Return the outline of a band along a curve, with a width at its start and one at its end."""
    way = np.gradient(curve, axis=0)
    normal = np.stack([way[:, 1], -way[:, 0]], 1) / (np.linalg.norm(way, axis=1, keepdims=True) + 1e-9)
    half = np.linspace(start, start if end is None else end, len(curve))[:, None] / 2
    return np.concatenate([curve + normal * half, (curve - normal * half)[::-1]])


def circle(centre: FloatArray, radius: float, flat: float = 1.0, count: int = 16) -> FloatArray:
    """Return the outline of a disc, its height times flat."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.asarray(centre + radius * np.stack([np.cos(t), flat * np.sin(t)], 1))


def flip(points: FloatArray, sign: float) -> FloatArray:
    """Return the points of a wearer's left side (sign 1), or mirrored to the right side (sign -1)."""
    return np.asarray(points * np.array([sign, 1.0]))
