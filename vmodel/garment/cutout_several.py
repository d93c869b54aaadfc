"""Does one cut-out hold two garments? Pieces that lie apart, pieces that touch, and one laid over the other's edge.

One garment of two colours is far commoner than two garments in a photo, so colours alone say nothing: only the outline
does, by a narrow neck between two bodies, or by the corners where a hem sticks out beside what lies over it.
"""

from __future__ import annotations

from typing import Final, Literal

import cv2
import numpy as np

from vmodel.errors import GarmentNotFound, SeveralGarments
from vmodel.garment.cutout_tidy import garment_parts
from vmodel.garment.outline import extent, trace_contour
from vmodel.types import BoolArray, FloatArray, IntArray

Verdict = Literal["one", "perhaps two", "two"]

DOUBT: Final = "the photo may show two garments; they are worn as one, so crop it to one garment or pass a mask"
"""What a seller is told where the outline does not settle it."""
_SIMILAR: Final = 0.35
"""Share of the larger piece's area from which on a smaller one is a garment as well."""
_LEFT_OUT: Final = 0.08
"""Share from which on it is worth a word that a piece was left out; labels, buttons and tape are smaller."""
_NECK: Final = 0.35
"""Widest contact of two bodies, relative to the smaller one's root of area; a waist's or a crotch's is above 0.5."""
_CORNER_DEG: Final = 48.0
"""Least turn inwards where cloth lies over cloth; a seam of one garment turns less, a waist by 10 to 30."""
_APART: Final = 22.0
"""Least distance of two cloths' colours, in Lab units."""


def only_garment(mask: BoolArray, name: str, lab: FloatArray | None = None) -> tuple[BoolArray, tuple[str, ...]]:
    """The garment of a mask, and what a seller should know of the rest.

    Args:
        mask: (H, W) bool, everything that stands out from the backdrop.
        name: of the photo, for messages.
        lab: (H, W, 3) float32 CIE Lab; without it only the outline is looked at.
    Returns:
        (H, W) bool, the largest piece; warnings.
    Raises:
        GarmentNotFound: the mask holds only specks.
        SeveralGarments: it surely holds more than one garment.
    """
    parts = garment_parts(mask)
    if not parts:
        raise GarmentNotFound(name)
    shares = [float(part.sum() / parts[0].sum()) for part in parts]
    similar = sum(share > _SIMILAR for share in shares)
    if similar > 1:
        raise SeveralGarments(name, similar)
    verdict = how_many(parts[0], lab)
    if verdict == "two":
        raise SeveralGarments(name, 2)
    warnings = [DOUBT] if verdict == "perhaps two" else []
    rest = [share for share in shares[1:] if share > _LEFT_OUT]
    if rest:
        what = "a second thing" if len(rest) == 1 else f"{len(rest)} further things"
        warnings.append(
            f"{what} beside the garment ({100 * max(rest):.0f} % of its area) left out; shoot every garment by itself"
        )
    return parts[0], tuple(warnings)


def how_many(mask: BoolArray, lab: FloatArray | None = None) -> Verdict:
    """Tell whether one connected piece is one garment.

    Args:
        mask: (H, W) bool.
        lab: (H, W, 3) float32 CIE Lab; None leaves colours out of account.
    """
    size = extent(mask)
    touching = _bodies(mask, size)
    if touching is not None:
        first, second = touching
        away = _centre(second) - _centre(first)
        if abs(away[0]) > abs(away[1]) or (lab is not None and _colour_distance(lab, first, second) > _APART):
            return "two"
        return "perhaps two"
    return "one" if lab is None else _laid_over(mask, lab, size)


def _bodies(mask: BoolArray, size: float) -> tuple[BoolArray, BoolArray] | None:
    """Two bodies of similar area that only touch: the neck between them is narrow, and short, which a string is not."""
    padded = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    for radius in np.arange(0.006, 0.1, 0.008) * size:
        count, labels, stats, _ = cv2.connectedComponentsWithStats((depth > radius).astype(np.uint8), connectivity=8)
        if count < 3:
            continue
        order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:2]
        cores = [np.asarray(labels == label) for label in order]
        nearest = [cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) for core in cores]
        lobes = (mask & (nearest[0] <= nearest[1]), mask & (nearest[0] > nearest[1]))
        areas = sorted(float(lobe.sum()) for lobe in lobes)
        gap = float(nearest[0][cores[1]].min()) - 2 * radius
        narrow = 2 * radius < _NECK * np.sqrt(areas[0])
        if areas[0] > _SIMILAR * areas[1] and narrow and gap < max(2 * radius, 0.02 * size):
            return lobes
    return None


def _laid_over(mask: BoolArray, lab: FloatArray, size: float) -> Verdict:
    """Two cloths, each in one place, whose border meets the outline in corners on both sides."""
    cloths = _two_cloths(mask, lab, size)
    if cloths is None:
        return "one"
    corners = _corners(mask, cloths[0], size)
    if len(corners) != 2 or max(corners) < _CORNER_DEG:
        return "one"
    lower = max(cloths, key=lambda cloth: float(_centre(cloth)[1]))
    if min(corners) < _CORNER_DEG:
        return "perhaps two" if _has_legs(lower) else "one"
    return "two" if _has_legs(lower) else "perhaps two"


def _two_cloths(mask: BoolArray, lab: FloatArray, size: float) -> tuple[BoolArray, BoolArray] | None:
    """Split a mask by its two main colours; None where they are alike, or one of them lies in several places."""
    soft = cv2.GaussianBlur(lab, (0, 0), max(1.0, 0.004 * size))
    # Shade of folds counts less than hue.
    colours = np.asarray(soft[mask] * np.array([0.7, 1.3, 1.3]), np.float32)
    sample = colours[:: max(1, len(colours) // 20_000)]
    cv2.setRNGSeed(1)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.1)
    _, _, centres = cv2.kmeans(sample, 2, None, criteria, 3, cv2.KMEANS_PP_CENTERS)
    if float(np.linalg.norm(centres[0] - centres[1])) < _APART:
        return None
    first = np.zeros(mask.shape, np.float32)
    first[mask] = np.linalg.norm(colours - centres[0], axis=1) < np.linalg.norm(colours - centres[1], axis=1)
    # A print's spots drown in the cloth around them.
    radius = 0.015 * size
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), radius)
    share = cv2.GaussianBlur(first, (0, 0), radius) / np.maximum(weight, 1e-6)
    split = [mask & (share >= 0.5), mask & (share < 0.5)]
    cloths = [_largest(part) for part in split]
    whole = float(mask.sum())
    if min(float(cloth.sum()) for cloth in cloths) < 0.12 * whole:
        return None
    if any(float(cloth.sum()) < 0.9 * float(part.sum()) for cloth, part in zip(cloths, split, strict=True)):
        return None
    pure = [float(first[cloths[0]].mean()), 1 - float(first[cloths[1]].mean())]
    return (cloths[0], cloths[1]) if min(pure) > 0.8 else None


def _corners(mask: BoolArray, cloth: BoolArray, size: float) -> list[float]:
    """How sharp a hem sticks out at each place where the outline passes to other cloth, in degrees.

    There it turns inwards, and outwards again at the hem's own end close by: the lesser of both turns counts.
    """
    contour = trace_contour(mask)
    inner = np.clip(np.rint(contour - 0.5).astype(int), 0, np.array(mask.shape[::-1]) - 1)
    near = cv2.distanceTransform((~cloth).astype(np.uint8), cv2.DIST_L2, 5)
    other = cv2.distanceTransform((~(mask & ~cloth)).astype(np.uint8), cv2.DIST_L2, 5)
    side = near[inner[:, 1], inner[:, 0]] < other[inner[:, 1], inner[:, 0]]
    changes = np.flatnonzero(side != np.roll(side, 1))
    turn = _turning_deg(contour, size)
    inwards, hem = (max(2, round(share * size / _step(contour))) for share in (0.03, 0.1))
    return [min(-_around(turn, place, inwards).min(), _around(turn, place, hem).max()) for place in changes.tolist()]


def _around(values: FloatArray, place: int, reach: int) -> FloatArray:
    return np.asarray(np.take(values, np.arange(place - reach, place + reach + 1), mode="wrap"))


def _turning_deg(contour: FloatArray, size: float) -> FloatArray:
    """Change of direction at each point of a loop, in degrees; positive where it is convex."""
    arm = max(2, round(0.014 * size / _step(contour)))
    before, after = contour - np.roll(contour, arm, 0), np.roll(contour, -arm, 0) - contour
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    angle = np.degrees(np.arctan2(cross, (before * after).sum(1)))
    return np.asarray(angle * np.sign(angle.sum()))


def _step(contour: FloatArray) -> float:
    return float(np.linalg.norm(contour[1] - contour[0]))


def _has_legs(cloth: BoolArray) -> bool:
    """Two runs of similar width, side by side, over a third of the height or more, down to its end."""
    rows = np.flatnonzero(cloth.any(1))
    low = rows[len(rows) // 2 :]
    parted = [_is_parted(cloth[row]) for row in low]
    return len(parted) > 0 and float(np.mean(parted)) > 0.66


def _is_parted(row: BoolArray) -> bool:
    steps: IntArray = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0))
    widths = np.sort(steps[1::2] - steps[::2])[::-1]
    return len(widths) > 1 and float(widths[1]) > 0.4 * float(widths[0])


def _colour_distance(lab: FloatArray, first: BoolArray, second: BoolArray) -> float:
    return float(np.linalg.norm(np.median(lab[first], axis=0) - np.median(lab[second], axis=0)))


def _centre(mask: BoolArray) -> FloatArray:
    """(x, y) of the centre of area, in pixels."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def _largest(mask: BoolArray) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))) if count > 1 else mask
