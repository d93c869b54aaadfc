"""What a front shows besides its outline: a gap between two fronts, a closing down to the hem, buttons, quilting.

All is looked for in the straightened torso: the line from neck to hem upright in the middle, the chest 200 pixels wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import find_peaks

from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

CHEST = 200
HALF = 130
"""Columns on either side of the middle."""
LEAST_STEP = 2.8
"""Lab: how much the inside that a gap shows differs from both fronts."""
UNDER_NECK = 0.08
"""In chest widths: how far below the neckline the search begins."""
GAP_WIDTH = (0.05, 0.6)
"""In chest widths: narrower is a placket, wider is no gap."""
LEAST_GAP, WIDEST_ZIP = 0.6, 0.13
"""Share of the rows that a gap parts, and the width in chest widths up to which it is a zip or a placket."""
SMALL_BUTTON, LARGE_BUTTON, LEAST_BUTTONS, MANY_BUTTONS = 0.036, 0.048, 4, 8
"""With their rim a shirt's buttons measure up to 1.8 cm where a chest lies 50 cm wide, a coat's 2.5 cm and more."""
OF_SHIRTS = -2.5
"""Log odds that small buttons add against outerwear."""
CLEAR_LINE, QUILTED = 0.45, 0.25
LAPEL_DEPTH = 0.28
"""In chest widths: a neckline from which lapels fold."""
LEAST_IN_ROW, LEAST_SPOT = 3, 2.2
"""Buttons a row, and how much each stands out from the cloth round it, in Lab units."""
MOST_LEVEL = 0.65
"""Share of rows that quilting covers at most."""
LINE_STEP = 2.2
"""Lab: how much a seam, zip or placket's edge stands out from the cloth beside it."""


@dataclass(frozen=True)
class FrontReading:
    """What closes or parts the front.

    Attributes:
        gap: share of the rows from neck to hem in which two smooth edges part the front.
        gap_width: its median width in chest widths; a zip is narrow.
        gap_is_darker: the gap is darker than the fronts, as shaded lining is.
        line: how much clearer a line in the middle goes down to the hem than lines beside it, 0..1.
        buttons: how many lie in each row.
        rows: of buttons: 0, 1 or 2.
        button_size: diameter in chest widths.
        quilting: level or slanting lines that repeat down both fronts, 0..1.
        depth: of the neckline below the neck points, in chest widths.
        length: from neck to hem, in chest widths.
    """

    gap: float
    gap_width: float
    gap_is_darker: bool
    line: float
    buttons: int
    rows: int
    button_size: float
    quilting: float
    depth: float
    length: float

    @property
    def is_parted(self) -> bool:
        """True if inside or ground shows between two fronts down to the hem."""
        return (
            self.gap > LEAST_GAP and self.gap_width > WIDEST_ZIP and not (self.rows and self.buttons >= LEAST_BUTTONS)
        )

    @property
    def odds_of_outerwear(self) -> float:
        """Log odds that the front adds for a coat, jacket or cardigan against a top or dress.

        Coats have large buttons or two rows of them, shirts and dresses small ones; a zip down to the hem, and fronts
        that lie open, are a jacket's. Under lapels and on quilts a closing says more.
        """
        buttoned = self.rows == 1 and self.buttons >= LEAST_BUTTONS
        if self.gap > LEAST_GAP and not buttoned:
            return 2.5 if self.is_parted else 2.0
        if self.quilting > QUILTED and self.line > CLEAR_LINE:
            return 3.0
        if buttoned and (self.buttons >= MANY_BUTTONS or self.line < CLEAR_LINE):
            return OF_SHIRTS if self.buttons >= MANY_BUTTONS or self.button_size < LARGE_BUTTON else -0.3
        return self._odds_of_closing if self.line > CLEAR_LINE else -0.3

    @property
    def _odds_of_closing(self) -> float:
        more = 1.0 * (self.depth > LAPEL_DEPTH)
        if self.rows == 2:
            return 2.5 + more
        if self.buttons < LEAST_BUTTONS:
            return 1.2 + more
        return float(np.interp(self.button_size, (SMALL_BUTTON, LARGE_BUTTON), (OF_SHIRTS, 1.2 + more)))


def read_front(rgb: ByteArray, mask: BoolArray, points: Mapping[str, FloatArray]) -> FrontReading:
    """Look for what closes or parts the front of a garment that hangs from the shoulders.

    Args:
        rgb: (H, W, 3) uint8 photo.
        mask: (H, W) bool cut-out.
        points: rough landmarks in photo pixels: necks, armpits, hems.
    """
    lab, cloth, first, _ = _straightened(rgb, mask, points)
    if len(lab) - first < CHEST // 3:
        return FrontReading(0.0, 0.0, False, 0.0, 0, 0, 0.0, 0.0, first / CHEST, len(lab) / CHEST)
    depth, length = first / CHEST - UNDER_NECK, len(lab) / CHEST
    lab, cloth = lab[first:], cloth[first:]
    gap, width, darker, _ = _gap(lab, cloth)
    rows, buttons, size = _buttons(lab)
    line = _middle_line(_lines(lab))
    quilting = _quilting(lab) if _level(lab).mean() < MOST_LEVEL else 0.0  # more is stripes
    return FrontReading(gap, width, darker, line, buttons, rows, size, quilting, depth, length)


def between_fronts(rgb: ByteArray, mask: BoolArray, points: Mapping[str, FloatArray]) -> BoolArray:
    """(H, W) bool: what shows between two fronts that lie open down to the hem; nothing where none do.

    Args:
        rgb: (H, W, 3) uint8 photo.
        mask: (H, W) bool cut-out.
        points: landmarks in photo pixels: necks, armpits, hems.
    """
    lab, cloth, first, affine = _straightened(rgb, mask, points)
    between = np.zeros(mask.shape, np.uint8)
    if len(lab) - first < CHEST // 3:
        return between > 0
    share, width, _, runs = _gap(lab[first:], cloth[first:])
    if share > LEAST_GAP and width > WIDEST_ZIP:
        rows = np.arange(first, first + len(runs))[:, None]
        sides = [np.hstack([runs[:, [column]], rows]) for column in (0, 1)]
        loop = np.concatenate([sides[0], sides[1][::-1]])
        back = cv2.invertAffineTransform(affine)
        cv2.fillPoly(between, [np.rint(loop @ back[:, :2].T + back[:, 2]).astype(np.int32)], 1)
    return between > 0


def _straightened(
    rgb: ByteArray, mask: BoolArray, points: Mapping[str, FloatArray]
) -> tuple[FloatArray, BoolArray, int, FloatArray]:
    """The torso's Lab (rows, 261, 3), its mask, the first row below the neckline, and the affine from the photo."""
    neck, hem, chest = ((points[f"{name}_left"] + points[f"{name}_right"]) / 2 for name in ("neck", "hem", "armpit"))
    across = points["armpit_left"] - points["armpit_right"]
    scale = CHEST / max(float(np.linalg.norm(across)), 1.0)
    down = (hem - neck) / max(float(np.linalg.norm(hem - neck)), 1.0)
    # The middle of the chest is surer than that of a neck that lies askew.
    middle = neck + down * float((chest - neck) @ down)
    middle = 0.5 * (middle + chest)
    rows = round(float(np.linalg.norm(hem - neck)) * scale)
    turn = np.array([[down[1], -down[0]], [down[0], down[1]]]) * scale
    offset = np.array([HALF + 0.5, float((middle - neck) @ down) * scale]) - turn @ middle
    affine = np.column_stack([turn, offset + turn @ [0.5, 0.5] - 0.5])
    soft = cv2.GaussianBlur(rgb, (0, 0), max(0.3, 0.35 / scale))
    size = (2 * HALF + 1, int(np.clip(rows, 1, 6 * CHEST)))
    flat = cv2.warpAffine(soft, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cloth = cv2.warpAffine(mask.astype(np.uint8), affine, size, flags=cv2.INTER_NEAREST) > 0
    front = float(((points["neck_front"] - neck) @ down) * scale)
    first = int(np.clip(front + UNDER_NECK * CHEST, 0, size[1]))
    lab = cv2.cvtColor(flat.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab), np.asarray(cloth), first, affine


def _gap(lab: FloatArray, cloth: BoolArray) -> tuple[float, float, bool, FloatArray]:
    """A run unlike both fronts between two smooth edges: share of its rows, width, whether it is darker, its edges."""
    low, high = round(0.22 * CHEST), round(0.42 * CHEST)
    fronts = [np.median(lab[:, HALF + a : HALF + b], axis=1) for a, b in ((-high, -low), (low, high))]
    fronts = [cv2.blur(front[:, None], (1, 41))[:, 0] for front in fronts]
    soft = cv2.blur(lab, (3, 9))
    away = np.minimum(*(np.linalg.norm(soft - front[:, None], axis=2) for front in fronts))
    usual = np.concatenate([away[:, HALF - high : HALF - low], away[:, HALF + low : HALF + high]], axis=1)
    least = max(LEAST_STEP, 2.2 * float(np.percentile(usual, 80)))
    runs = np.array([_middle_run(row) for row in (away > least) | ~cloth])
    width = (runs[:, 1] - runs[:, 0]) / CHEST
    known = (width > GAP_WIDTH[0]) & (width < GAP_WIDTH[1])
    edges = runs.astype(np.float64)
    if known.mean() < 0.3:
        return 0.0, 0.0, False, edges
    rows = np.arange(len(runs))
    off = np.zeros(len(runs))
    for column in (0, 1):
        edges[:, column] = np.polyval(np.polyfit(rows[known], runs[known, column], 3), rows)
        off = np.maximum(off, np.abs(edges[:, column] - runs[:, column]) / CHEST)
    smooth = known & (off < 0.045)
    # At the hem the back's rib shows in the fronts' own colour.
    last = smooth[int(0.65 * len(rows)) : int(0.85 * len(rows))]
    if last.mean() < 0.6:
        return 0.0, 0.0, False, edges
    inner = [soft[row, runs[row, 0] : runs[row, 1], 0].mean() for row in rows[smooth]]
    outer = np.minimum(fronts[0][smooth, 0], fronts[1][smooth, 0])
    return float(smooth.mean()), float(np.median(width[smooth])), bool(np.median(inner - outer) < -3), edges


def _middle_run(row: BoolArray) -> tuple[int, int]:
    """Start and end of the run nearest to the middle; small holes in it do not count."""
    near = row[HALF - 90 : HALF + 91]
    steps = np.flatnonzero(np.diff(near.astype(np.int8), prepend=0, append=0))
    starts, ends = steps[::2], steps[1::2]
    if not len(starts):
        return HALF, HALF
    joins = starts[1:] - ends[:-1] <= 4
    starts, ends = starts[np.r_[True, ~joins]], ends[np.r_[~joins, True]]
    wide = ends - starts >= 4
    if not wide.any():
        return HALF, HALF
    starts, ends = starts[wide], ends[wide]
    away = np.maximum(np.maximum(starts - 90, 90 - ends), 0)
    best = int((away - 0.1 * (ends - starts)).argmin())
    return int(starts[best]) + HALF - 90, int(ends[best]) + HALF - 90


def _lines(lab: FloatArray) -> FloatArray:
    """(columns,) share of rows in which an upright line or edge stands out in each column."""
    soft = cv2.blur(lab, (1, 9))
    beside = 4
    ahead, behind = np.roll(soft, -beside, 1), np.roll(soft, beside, 1)
    ridge = np.linalg.norm(soft - (ahead + behind) / 2, axis=2)
    step = np.linalg.norm(ahead - behind, axis=2) * 0.6
    seen = np.maximum(ridge, step) > LINE_STEP
    seen = cv2.dilate(seen.astype(np.uint8), np.ones((1, 3), np.uint8)) > 0
    # A line is upright for a while: folds lean and end.
    long_ = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((31, 1), np.uint8)) > 0
    return np.asarray(long_.mean(0))


def _middle_line(lines: FloatArray) -> float:
    middle = slice(HALF - round(0.2 * CHEST), HALF + round(0.2 * CHEST) + 1)
    beside = np.r_[lines[HALF - 90 : HALF - 45], lines[HALF + 46 : HALF + 91]]
    return float(np.clip(lines[middle].max() - np.percentile(beside, 90), 0, 1))


def _buttons(lab: FloatArray) -> tuple[int, int, float]:
    """Rows of buttons, how many lie in one, and their diameter in chest widths."""
    best, strongest = (0, 0, 0.0), 0.0
    level = _level(lab)
    for radius in (2, 3, 5):
        spots = _spots(lab, radius)
        if level.mean() < MOST_LEVEL:  # more of them are stripes or checks, between which buttons count
            spots[level] = 0
        columns = range(HALF - round(0.2 * CHEST), HALF + round(0.2 * CHEST) + 1)
        found = {x: _regular(spots[:, x]) for x in columns}
        single = max(found, key=lambda x: (len(found[x][0]) >= LEAST_IN_ROW, found[x][1]))
        peaks, strength = found[single]
        if len(peaks) < LEAST_IN_ROW or strength <= strongest:
            continue
        twins = [x for x in found if abs(len(found[x][0]) - len(peaks)) <= 1 and found[x][1] > 0.6 * strength]
        twins = [x for x in twins if abs(x - single) > 0.12 * CHEST and abs(x + single - 2 * HALF) < 0.12 * CHEST]
        best, strongest = (2 if twins else 1, len(peaks), _diameter(lab, peaks, single)), strength
    return best


def _diameter(lab: FloatArray, peaks: IntArray, column: int) -> float:
    """Median diameter in chest widths of the spots at some rows of a column."""
    reach, found = 9, []
    for row in peaks:
        top, left = max(0, int(row) - reach), column - reach
        patch = lab[top : int(row) + reach + 1, left : column + reach + 1]
        rim = np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]])
        away = np.linalg.norm(patch - np.median(rim, axis=0), axis=2)
        y, x = np.mgrid[: patch.shape[0], : patch.shape[1]]
        near = np.hypot(y + top - row, x - reach) < reach
        seen = near & (away > 0.5 * float(np.percentile(away[near], 97)))
        found.append(2 * np.sqrt(float(seen.sum()) / np.pi) / CHEST)
    return float(np.median(found))


def _spots(lab: FloatArray, radius: int) -> FloatArray:
    """(rows, columns) how much a round spot stands out from what is above, below and beside it."""
    soft = cv2.GaussianBlur(lab, (0, 0), 0.6 * radius)
    reach = round(2.2 * radius)
    around = [np.roll(soft, shift, axis) for axis in (0, 1) for shift in (-reach, reach)]
    away = [np.linalg.norm(soft - other, axis=2) for other in around]
    return np.asarray(np.min(away, axis=0))


def _regular(column: FloatArray) -> tuple[IntArray, float]:
    """Rows of spots that repeat at even distances down a column, and how clearly; none where they do not."""
    nothing = (np.zeros(0, int), 0.0)
    ground = median_filter(column, 41)
    peaks, found = find_peaks(column - ground, height=LEAST_SPOT, distance=round(0.09 * CHEST))
    heights = found["peak_heights"]
    if len(heights):
        clear = heights > 0.5 * np.median(heights)
        peaks, heights = peaks[clear], heights[clear]
    if len(peaks) < LEAST_IN_ROW or len(peaks) > 16:
        return nothing
    apart = np.diff(peaks)
    even = np.abs(apart - np.median(apart)) < 0.15 * np.median(apart)
    if even.mean() < 0.7 or np.ptp(peaks) < 0.35 * CHEST:
        return nothing
    return peaks, float(np.median(heights))


def _level(lab: FloatArray) -> BoolArray:
    """(rows,) where a line lies across both fronts, whose crossing with a zip looks like a button."""
    ridge = _across(lab)
    beside = [ridge[:, HALF + a : HALF + b] for a, b in ((-80, -25), (26, 81))]
    seen = np.minimum(*(np.median(part, axis=1) for part in beside)) > 2.0
    return np.asarray(cv2.dilate(seen.astype(np.uint8)[:, None], np.ones((7, 1), np.uint8))[:, 0] > 0)


def _across(lab: FloatArray) -> FloatArray:
    """(rows, columns) how much a level line stands out."""
    soft = cv2.blur(lab, (9, 1))
    return np.asarray(np.linalg.norm(soft - (np.roll(soft, -5, 0) + np.roll(soft, 5, 0)) / 2, axis=2))


def _quilting(lab: FloatArray) -> float:
    """Share of columns on both fronts in which lines across repeat at even distances."""
    ridge = _across(lab)
    columns = [*range(HALF - 80, HALF - 29, 5), *range(HALF + 30, HALF + 81, 5)]
    return float(np.mean([len(_regular(ridge[:, x])[0]) >= LEAST_BUTTONS for x in columns]))
