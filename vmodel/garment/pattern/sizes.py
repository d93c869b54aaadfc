"""Sizes in centimetres of a garment on a photo: one bounded least-squares fit of what the photo and the body say.

Everything is a logarithm, so that a measure is its size plus the photo's scale, and the fit is linear. Widths have a
factor of their own: on a form a photo shows a body's projection, and cloth that lies folded is narrower than it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import lsq_linear

from vmodel.types import BodyMeasurements, BoolArray, FloatArray

NARROWED: Final[Mapping[str, tuple[float, float]]] = {
    "flat": (0.95, 0.2), "hanger": (0.93, 0.2), "held": (0.92, 0.2), "form": (1.0, 0.12), "worn": (1.0, 0.12),
}  # fmt: skip
"""How a garment was photographed -> width in the photo over what it is, and how far that may be off: a body's
projection is taken for a garment that lies flat now and then, and shoulders, which it leaves as they are, tell."""
_ON_BODY: Final[Mapping[str, float]] = {
    "chest": 0.61, "waist": 0.68, "hip": 0.74, "opening": 0.72, "neck": 1.04, "depth": 0.84, "drop": 0.76,
    "sleeve": 1.06, "cuff": 0.67, "rise": 0.94, "inseam": 1.05,
}  # fmt: skip
"""Size in a picture of a body or form over size lying flat, with the whole length as it is: medians of 49 garments that
``pipelines.training.reader.forms`` photographed. Widths go round, necklines and armholes over a chest."""
_KNEE: Final = 0.27
_WIDTH_AT_KNEE: Final = 0.64
"""Height over the body's, and width there as in ``_ON_BODY``: of a circle, which a skirt is nearly, 2 over pi."""
SAMPLE_CHEST: Final = 0.525
"""Chest of those whom samples are cut for, as a share of their height; much the same for women, men and children."""
SAMPLE_HIP: Final = 0.56
_GRADED_BY, _GRADED_SPREAD = 0.75, 0.25
"""How much of a wearer's girth a sample lacks, and how far that may be off, as shares of its logarithm."""
_DOUBTED: Final = 2.5
"""Deviations from which on a reading counts less and less: a landmark that is wrong must not move all the others."""
_ROUNDS: Final = 12
"""Of weighing the readings anew: sizes of 99 in 100 labelled garments are then within 0.5 % of where they end."""
STATED_SPREAD: Final = 0.004
"""Deviation of a size that the seller stated, as a logarithm."""


@dataclass(frozen=True)
class Size:
    """One size to be found.

    Attributes:
        name: of the size.
        pixels: as the photo has it; None where it does not show it.
        spread: deviation of that reading, as a share.
        usual: in cm, what a garment of the kind has on this body.
        usual_spread: deviation of that, as a share.
        low, high: in cm, bounds of what this body can wear.
        is_width: it goes round the body, so that a projection narrows it; shoulders keep their width.
        follows: how much of what other widths lose or gain it does: ends of legs are hardly graded, nor stretched.
    """

    name: str
    pixels: float | None
    spread: float
    usual: float
    usual_spread: float
    low: float
    high: float
    is_width: bool = False
    follows: float = 1.0


def shown_of(size: str, laid: str) -> float:
    """What a photo shows of a size, as a share of it: less on a form, where widths go round."""
    return _ON_BODY.get(size, 1.0) if laid in {"form", "worn"} else 1.0


def shown_of_width(height_cm: FloatArray | float, laid: str, body: BodyMeasurements) -> FloatArray:
    """The same of a garment's width at heights above the floor."""
    heights = [_KNEE * body.height, body.hip_height, body.waist_height, body.chest_height]
    widths = [_WIDTH_AT_KNEE, *(_ON_BODY[name] for name in ("hip", "waist", "chest"))]
    shown = np.interp(height_cm, heights, widths)
    return np.asarray(shown if laid in {"form", "worn"} else np.ones_like(shown))


def solve_sizes(
    sizes: Sequence[Size],
    laid: str,
    stated_cm: Mapping[str, float] | None = None,
    trust: float = 1.0,
    graded: float = 1.0,
) -> tuple[dict[str, float], float]:
    """Find all sizes and the photo's scale.

    Args:
        sizes: what is to be found.
        laid: how the garment was photographed, see ``NARROWED``.
        stated_cm: sizes that the seller stated; they replace what is usual, and the bounds give way to them.
        trust: in the photo, 0..1; at less than 1 the garment becomes more like others of its kind.
        graded: girth of the wearer over that of sellers' samples, at the same height. Larger sizes are cut wider and
            hardly longer, and a photo mostly shows a sample.
    Returns:
        Name -> cm, and cm a pixel along the garment.
    """
    stated = stated_cm or {}
    rows: list[FloatArray] = []
    goals: list[float] = []
    count = len(sizes) + 2  # the sizes, the scale, what widths lose

    read: list[bool] = []

    def say(coefficients: Mapping[int, float], goal: float, spread: float, is_read: bool = False) -> None:
        row = np.zeros(count)
        for place, value in coefficients.items():
            row[place] = value / spread
        rows.append(row)
        goals.append(goal / spread)
        read.append(is_read)

    scale, narrowed = len(sizes), len(sizes) + 1
    usual, off = NARROWED.get(laid, NARROWED["flat"])
    wider = float(np.log(graded))
    say({narrowed: 1}, float(np.log(usual)) - _GRADED_BY * wider, float(np.hypot(off, _GRADED_SPREAD * wider)))
    low, high = np.full(count, -np.inf), np.full(count, np.inf)
    for place, size in enumerate(sizes):
        if size.pixels is not None and size.pixels > 1:
            across = {narrowed: size.follows} if size.is_width else {}
            seen = shown_of(size.name, laid)
            say({place: 1, scale: -1, **across}, float(np.log(size.pixels / seen)), size.spread / trust, True)
        if size.name in stated:
            say({place: 1}, float(np.log(stated[size.name])), STATED_SPREAD)
            continue
        say({place: 1}, float(np.log(size.usual)), size.usual_spread)
        low[place], high[place] = np.log(size.low), np.log(max(size.high, size.low * 1.0001))
    say({scale: 1}, 0.0, 1e3)  # keeps the fit determined where a photo shows no size
    found = _robust(np.array(rows), np.array(goals), np.array(read), low, high)
    return {size.name: float(np.exp(found[i])) for i, size in enumerate(sizes)}, float(np.exp(found[scale]))


def _robust(rows: FloatArray, goals: FloatArray, read: BoolArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Solve bounded least squares with Cauchy's loss for what was read from the photo, by reweighting."""
    weights = np.ones(len(rows))
    for _ in range(_ROUNDS):
        found = lsq_linear(rows * weights[:, None], goals * weights, bounds=(low, high)).x
        off = (rows @ found - goals)[read] / _DOUBTED
        weights[read] = 1 / np.sqrt(1 + off**2)
    return np.asarray(found)
