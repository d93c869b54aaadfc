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

from vmodel.types import FloatArray

NARROWED: Final[Mapping[str, tuple[float, float]]] = {
    "flat": (0.95, 0.2), "hanger": (0.93, 0.2), "held": (0.92, 0.2), "form": (0.8, 0.07), "worn": (0.8, 0.1),
}  # fmt: skip
"""How a garment was photographed -> width in the photo over its width lying flat, and how far that may be off: a body's
projection is taken for a garment that lies flat now and then, and shoulders, which it leaves as they are, tell."""
SAMPLE_CHEST: Final = 0.525
"""Chest of those whom samples are cut for, as a share of their height; much the same for women, men and children."""
SAMPLE_HIP: Final = 0.56
_GRADED_BY, _GRADED_SPREAD = 0.75, 0.25
"""How much of a wearer's girth a sample lacks, and how far that may be off, as shares of its logarithm."""
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
    """

    name: str
    pixels: float | None
    spread: float
    usual: float
    usual_spread: float
    low: float
    high: float
    is_width: bool = False


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

    def say(coefficients: Mapping[int, float], goal: float, spread: float) -> None:
        row = np.zeros(count)
        for place, value in coefficients.items():
            row[place] = value / spread
        rows.append(row)
        goals.append(goal / spread)

    scale, narrowed = len(sizes), len(sizes) + 1
    usual, off = NARROWED.get(laid, NARROWED["flat"])
    wider = float(np.log(graded))
    say({narrowed: 1}, float(np.log(usual)) - _GRADED_BY * wider, float(np.hypot(off, _GRADED_SPREAD * wider)))
    low, high = np.full(count, -np.inf), np.full(count, np.inf)
    for place, size in enumerate(sizes):
        if size.pixels is not None and size.pixels > 1:
            across = {narrowed: 1.0} if size.is_width else {}
            say({place: 1, scale: -1, **across}, float(np.log(size.pixels)), size.spread / trust)
        if size.name in stated:
            say({place: 1}, float(np.log(stated[size.name])), STATED_SPREAD)
            continue
        say({place: 1}, float(np.log(size.usual)), size.usual_spread)
        low[place], high[place] = np.log(size.low), np.log(max(size.high, size.low * 1.0001))
    say({scale: 1}, 0.0, 1e3)  # keeps the fit determined where a photo shows no size
    found = lsq_linear(np.array(rows), np.array(goals), bounds=(low, high)).x
    return {size.name: float(np.exp(found[i])) for i, size in enumerate(sizes)}, float(np.exp(found[scale]))
