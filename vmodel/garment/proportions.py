"""Armpits and cuffs where tailors put them: landmarks that contradict the cut of sleeves and armholes are moved.

A sleeve's root, from the shoulder point to the armpit, measures 16 to 24 cm on adults, which is 0.4 to 0.65 of the span
of the shoulders; an armhole reaches 17 to 22 cm below the shoulder point, 0.35 to 0.62 of the flat chest width.
Children's patterns keep these proportions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vmodel.garment.outline import extent, trace_contour, turning
from vmodel.types import BoolArray, FloatArray, GarmentKind, Neckline, Sleeve

SIDES = ("left", "right")
ROOT = (0.40, 0.65)
USUAL_ROOT = 0.50
ARMHOLE = (0.34, 0.62)
USUAL_ARMHOLE = 0.46
OUTWARD = -0.05
NOTCH_TURN = 0.7
DOUBT = 0.42
WIDE_STRAP = 0.085
WIDEST_CUFF = 0.5
USUAL_CUFF = 0.24


def is_wide_strap(points: Mapping[str, FloatArray]) -> bool:
    """True if what holds the garment at the shoulder is cut cloth, 4 cm or more, and no strap."""
    chest = float(np.linalg.norm(points["armpit_left"] - points["armpit_right"]))
    widths = [float(np.linalg.norm(points[f"neck_{side}"] - points[f"shoulder_{side}"])) for side in SIDES]
    return min(widths) > WIDE_STRAP * chest


def mirror_doubtful(
    points: Mapping[str, FloatArray], confidence: Mapping[str, float], size: float
) -> dict[str, FloatArray]:
    """Ends of hems and cuffs that are doubtful on one side and far from the mirror image of the surer other side.

    Args:
        points: rough landmarks in photo pixels.
        confidence: name -> 0..1.
        size: extent of the garment in pixels.
    Returns:
        Moved landmarks only, name -> (2,) photo pixels.
    """
    axis = float(np.mean([points[f"{name}_{side}"][0] for name in ("neck", "shoulder") for side in SIDES]))
    moved = {}
    for name in ("hem", "cuff_outer", "cuff_inner"):
        for side, other in (SIDES, SIDES[::-1]):
            here, there = f"{name}_{side}", f"{name}_{other}"
            image = np.array([2 * axis - points[there][0], points[there][1]])
            doubtful = confidence[here] < DOUBT and confidence[there] > confidence[here] + 0.1
            if doubtful and np.linalg.norm(image - points[here]) > 0.1 * size:
                moved[here] = image
    return moved


def mend_cuffs(kind: GarmentKind, points: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Inner ends of the cuffs of long sleeves, where they were sought at the armpit because the sleeve hides it.

    A cuff measures 9 to 12 cm, a fifth of the sleeve and a quarter of the span of the shoulders; the end of a trumpet
    sleeve is half as wide as it is long.

    Args:
        kind: only long sleeves are mended.
        points: rough landmarks in photo pixels.
    Returns:
        Moved landmarks only, name -> (2,) photo pixels.
    """
    if not kind.category.covers_upper or kind.sleeve != Sleeve.LONG:
        return {}
    moved: dict[str, FloatArray] = {}
    span = float(np.linalg.norm(points["shoulder_left"] - points["shoulder_right"]))
    for side, inward in (("left", -1.0), ("right", 1.0)):
        outer, sleeve = points[f"cuff_outer_{side}"], points[f"cuff_outer_{side}"] - points[f"shoulder_{side}"]
        length = max(float(np.linalg.norm(sleeve)), 1.0)
        if np.linalg.norm(points[f"cuff_inner_{side}"] - outer) > WIDEST_CUFF * length:
            across = np.array([sleeve[1], -sleeve[0]]) / length * inward
            moved[f"cuff_inner_{side}"] = outer + USUAL_CUFF * span * across
    return moved


def mend_armpits(mask: BoolArray, kind: GarmentKind, points: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Armpits at plausible places; the ones given where they already are.

    Args:
        mask: (H, W) bool cut-out.
        kind: decides between sleeve roots and armholes; others keep their armpits.
        points: rough landmarks in photo pixels.
    Returns:
        armpit_left, armpit_right -> (2,) photo pixels; empty where the kind has none to mend.
    """
    if not kind.category.covers_upper or kind.neckline == Neckline.STRAPLESS or kind.sleeve == Sleeve.STRAP:
        return {}
    if kind.sleeve == Sleeve.NONE:
        return _armholes(mask, points)
    return _roots(mask, points)


def _roots(mask: BoolArray, points: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Armpits of sleeves: the notch of the outline if it shows, else the guess, else the other side's or the usual."""
    span = float(np.linalg.norm(points["shoulder_left"] - points["shoulder_right"]))
    contour, size = trace_contour(mask), extent(mask)
    notches = _notches(contour, size)
    found: dict[str, FloatArray] = {}
    sure: dict[str, bool] = {}
    for side in SIDES:
        shoulder, guess = points[f"shoulder_{side}"], points[f"armpit_{side}"]
        near = [n for n in notches if _is_root(n, shoulder, span) and np.linalg.norm(n - guess) < 0.14 * size]
        # where the cuff lies against the side, the notch tells where the sleeve ends, not where it begins
        near = [n for n in near if np.linalg.norm(n - points[f"cuff_inner_{side}"]) > 0.12 * span]
        if near:
            guess = min(near, key=lambda n: float(np.linalg.norm(n - guess)))
        found[side], sure[side] = guess, bool(near)
    return {f"armpit_{side}": point for side, point in _agreed(points, found, sure, span).items()}


def _notches(contour: FloatArray, size: float) -> FloatArray:
    """(k, 2) concave corners that open downwards."""
    spacing = float(np.linalg.norm(contour[1] - contour[0]))
    reach = max(2, round(0.025 * size / spacing))
    bend = turning(contour, reach)
    window = np.stack([np.roll(bend, k) for k in range(-reach, reach + 1)])
    corner = (bend == window.min(0)) & (bend < -NOTCH_TURN)
    ahead, behind = np.roll(contour, -reach, 0) - contour, np.roll(contour, reach, 0) - contour
    way = ahead + behind
    opens_down = way[:, 1] > np.abs(way[:, 0])
    return np.asarray(contour[corner & opens_down])


def _is_root(armpit: FloatArray, shoulder: FloatArray, span: float) -> bool:
    far = float(np.linalg.norm(armpit - shoulder))
    return bool(armpit[1] > shoulder[1] and ROOT[0] * span <= far <= 1.2 * ROOT[1] * span)


def _agreed(
    points: Mapping[str, FloatArray], found: Mapping[str, FloatArray], sure: Mapping[str, bool], span: float
) -> dict[str, FloatArray]:
    """Both sides alike: a doubtful side takes the other's place, mirrored; two doubtful ones meet halfway."""
    inward = {"left": -1.0, "right": 1.0}
    offsets = {}
    for side in SIDES:
        way = found[side] - points[f"shoulder_{side}"]
        offsets[side] = np.array([way[0] * inward[side], way[1]])
    good = {
        side: _is_root(found[side], points[f"shoulder_{side}"], span) and offsets[side][0] > OUTWARD * span
        for side in SIDES
    }
    usual = np.array([0.04 * span, USUAL_ROOT * span])
    known = [side for side in SIDES if sure[side]] or [side for side in SIDES if good[side]]
    shared = np.mean([offsets[side] for side in known], axis=0) if known else usual
    mended = {}
    for side in SIDES:
        close = np.linalg.norm(offsets[side] - shared) < 0.05 * span
        offset = offsets[side] if sure[side] or (good[side] and close) else shared
        mended[side] = points[f"shoulder_{side}"] + offset * np.array([inward[side], 1.0])
    return mended


def _armholes(mask: BoolArray, points: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Armpits of sleeveless garments: on the side of the outline, at a depth in proportion to the chest."""
    depths = {}
    chest = float(np.median(_chest_widths(mask, points)))
    for side in SIDES:
        depth = float(points[f"armpit_{side}"][1] - points[f"shoulder_{side}"][1])
        depths[side] = depth if ARMHOLE[0] * chest <= depth <= ARMHOLE[1] * chest else np.nan
    known = [depth for depth in depths.values() if np.isfinite(depth)]
    shared = float(np.mean(known)) if known else USUAL_ARMHOLE * chest
    mended = {}
    for side in SIDES:
        depth = depths[side] if np.isfinite(depths[side]) and abs(depths[side] - shared) < 0.08 * chest else shared
        if depth == depths[side]:
            mended[f"armpit_{side}"] = points[f"armpit_{side}"]
            continue
        row = int(np.clip(points[f"shoulder_{side}"][1] + depth, 0, mask.shape[0] - 1))
        columns = np.nonzero(mask[row])[0]
        x = float(columns[-1] + 1 if side == "left" else columns[0]) if len(columns) else points[f"armpit_{side}"][0]
        mended[f"armpit_{side}"] = np.array([x, row + 0.5])
    return mended


def _chest_widths(mask: BoolArray, points: Mapping[str, FloatArray]) -> FloatArray:
    """Widths of the outline at the heights where armpits may be."""
    shoulder = float(np.mean([points[f"shoulder_{side}"][1] for side in SIDES]))
    span = float(np.linalg.norm(points["shoulder_left"] - points["shoulder_right"]))
    rows = np.clip(np.linspace(shoulder + 0.35 * span, shoulder + 0.6 * span, 9).astype(int), 0, mask.shape[0] - 1)
    return np.asarray([float(np.ptp(np.nonzero(mask[r])[0])) if mask[r].any() else span for r in rows])
