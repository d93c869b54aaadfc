"""Sizes in centimetres of a garment on a photo: one bounded least-squares fit to the photo and the body.

All quantities are logarithms: a size is its pixels plus the photo's scale, so that the fit is linear. Widths have an
additional factor: on a form a photo shows a body's projection, and folded cloth looks narrower than it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import lsq_linear

from vmodel.types import BodyMeasurements, BoolArray, Category, FloatArray, GarmentKind

_NARROWED: Final[Mapping[str, tuple[float, float]]] = {
    "flat": (0.95, 0.2), "hanger": (0.93, 0.2), "held": (0.92, 0.2), "form": (1.0, 0.12), "worn": (1.0, 0.12),
}  # fmt: skip
"""How a garment was photographed -> width in the photo over the true width, and the deviation of that ratio. A body's
projection is sometimes mistaken for a flat garment; shoulders, whose width it does not change, reveal that."""
_NARROWED_TOPS: Final[Mapping[str, Mapping[Category, tuple[float, float]]]] = {
    "flat": {Category.TOP: (0.95, 0.06), Category.DRESS: (0.92, 0.06), Category.OUTERWEAR: (0.9, 0.06)},
    "hanger": {Category.TOP: (0.77, 0.1), Category.DRESS: (0.75, 0.1), Category.OUTERWEAR: (0.75, 0.1)},
}
"""The same of what hangs from the shoulders. The ratios make the medians of 1,482 tops, 155 dresses and 196 jackets
that were labelled lying flat, and of 218 tops and 134 jackets on hangers, as wide as is usual; cloth that hangs falls
in folds at its sides. The deviations are what widths over lengths and over shoulders vary more on hangers."""
_ON_BODY: Final[Mapping[str, float]] = {
    "chest": 0.61, "waist": 0.68, "hip": 0.74, "opening": 0.72, "neck": 1.04, "depth": 0.84, "drop": 0.76,
    "sleeve": 1.06, "cuff": 0.67, "rise": 0.94, "inseam": 1.05,
}  # fmt: skip
"""Size in a picture of a body or form over size lying flat, with the whole length as it is: medians of 49 garments that
``pipelines.training.reader.forms`` photographed. Widths go round the body, necklines and armholes over a chest."""
_KNEE: Final = 0.27
_WIDTH_AT_KNEE: Final = 0.64
"""Height of the knee over the body's, and width there as in ``_ON_BODY``: 2 over pi as of a circle, which a skirt
nearly is."""
SAMPLE_CHEST: Final = 0.525
"""Chest of the people for whom samples are cut, over their height; much the same for women, men and children."""
SAMPLE_HIP: Final = 0.56
_GRADED_BY, _GRADED_SPREAD = 0.75, 0.25
"""Part of a wearer's girth that a sample lacks, and the deviation of that part, as shares of its logarithm."""
_DOUBTED: Final = 2.5
"""Deviations beyond which a reading counts less and less: a wrong landmark must not move all the others."""
_ROUNDS: Final = 12
"""Rounds of reweighting the readings: sizes of 99 in 100 labelled garments are then within 0.5 % of convergence."""
STATED_SPREAD: Final = 0.004
"""Deviation of a size that the seller stated, as a logarithm."""


@dataclass(frozen=True)
class Size:
    """One size to be found.

    Attributes:
        name: of the size.
        pixels: of the size in the photo; None where the photo does not show it.
        spread: deviation of that reading, as a share.
        usual: in cm, of a garment of the kind on this body.
        usual_spread: deviation of that, as a share.
        low, high: in cm, bounds of what this body can wear.
        is_width: it goes round the body, so that a projection narrows it; shoulders keep their width.
        follows: share of the other widths' loss or gain that it follows: ends of legs are hardly graded or stretched.
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
    """Return the share of a size that a photo shows: less on a form, where widths go round the body."""
    return _ON_BODY.get(size, 1.0) if laid in {"form", "worn"} else 1.0


def shown_of_width(height_cm: FloatArray | float, laid: str, body: BodyMeasurements) -> FloatArray:
    """Return the share of a garment's width that a photo shows at heights above the floor."""
    heights = [_KNEE * body.height, body.hip_height, body.waist_height, body.chest_height]
    widths = [_WIDTH_AT_KNEE, *(_ON_BODY[name] for name in ("hip", "waist", "chest"))]
    shown = np.interp(height_cm, heights, widths)
    return np.asarray(shown if laid in {"form", "worn"} else np.ones_like(shown))


def shown_narrower(kind: GarmentKind) -> float:
    """Return the width that a photo usually shows over the true one, for what hangs from the shoulders."""
    return (_NARROWED_TOPS.get(kind.laid, {}).get(kind.category) or _NARROWED.get(kind.laid, _NARROWED["flat"]))[0]


def solve_sizes(
    sizes: Sequence[Size],
    kind: GarmentKind,
    stated_cm: Mapping[str, float] | None = None,
    trust: float = 1.0,
    graded: float = 1.0,
) -> tuple[dict[str, float], float]:
    """Find all sizes and the photo's scale.

    Args:
        sizes: those to find.
        kind: of the garment; how it was photographed decides what its widths say.
        stated_cm: sizes that the seller stated; they replace the usual ones and override the bounds.
        trust: in the photo, 0..1; at less than 1 the garment becomes more like others of its kind.
        graded: girth of the wearer over that of sellers' samples, at the same height. Larger sizes are cut wider and
            hardly longer, and a photo mostly shows a sample.
    Returns:
        Name -> cm, and cm per pixel along the garment.
    """
    stated = stated_cm or {}
    rows: list[FloatArray] = []
    goals: list[float] = []
    count = len(sizes) + 2  # the sizes, the scale, the narrowing of widths

    read: list[bool] = []

    def say(coefficients: Mapping[int, float], goal: float, spread: float, is_read: bool = False) -> None:
        row = np.zeros(count)
        for place, value in coefficients.items():
            row[place] = value / spread
        rows.append(row)
        goals.append(goal / spread)
        read.append(is_read)

    scale, narrowed = len(sizes), len(sizes) + 1
    usual, off = _NARROWED_TOPS.get(kind.laid, {}).get(kind.category) or _NARROWED.get(kind.laid, _NARROWED["flat"])
    wider = float(np.log(graded))
    off = float(np.hypot(off, _GRADED_SPREAD * wider))
    say({narrowed: 1}, float(np.log(usual)) - _GRADED_BY * wider, off, True)
    low, high = np.full(count, -np.inf), np.full(count, np.inf)
    for place, size in enumerate(sizes):
        if size.pixels is not None and size.pixels > 1:
            across = {narrowed: size.follows} if size.is_width else {}
            seen = shown_of(size.name, kind.laid)
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
