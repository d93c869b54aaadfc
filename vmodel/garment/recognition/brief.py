"""Leg openings and crotch of swimwear, from its outline: the network has seen drawn ones only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from vmodel.garment.imaging.contour import gap_row
from vmodel.types import BoolArray, FloatArray, IntArray

_HEIGHT_PX: Final = 480
"""Height of the upright mask in which the outline is followed."""
_GUSSET: Final = 0.03
"""Height above its lowest point at which the width of the crotch is measured, as a share of the garment's height."""
_NARROWS: Final = 0.55
"""Largest width of a crotch over that between the leg lines' outer ends."""
_LEAST_LEG_LINE: Final = 0.15
"""Least height of these ends above the crotch, over the width between them."""
_BESIDE: Final = 0.015
"""Largest distance of the crotch from the middle, as a share of the height."""
_FEWEST_ROWS: Final = 40


def leg_points(mask: BoolArray, points: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Find the corners of the leg openings.

    Args:
        mask: (H, W) bool, a one-piece, or a top and a brief below it.
        points: of the network, photo pixels.
    Returns:
        "crotch", and for both sides "leg_outer" (where side and leg line meet) and "leg_inner" (the crotch's end);
        empty where too little cloth lies below the neck.
    """
    neck, armpit = (_middle(points, stem) for stem in ("neck", "armpit"))
    way = points["crotch"] - neck
    angle = float(np.arctan2(way[0], way[1]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rows, columns = np.nonzero(mask)
    spots = np.stack([columns, rows], axis=1) @ turn.T
    low, high = spots.min(0), spots.max(0)
    scale = _HEIGHT_PX / max(float(high[1] - low[1]), 1.0)
    affine = np.column_stack([scale * turn, -scale * low])
    size = (int(np.ceil(scale * (high[0] - low[0]))) + 2, _HEIGHT_PX + 2)
    upright = cv2.warpAffine(mask.astype(np.uint8), affine, size, flags=cv2.INTER_AREA) > 0
    gap = gap_row(upright)
    start = affine[1, :2] @ armpit + affine[1, 2] if gap is None else gap
    ends = _middle_run(upright, float(affine[0, :2] @ neck + affine[0, 2]), int(np.clip(start, 0, _HEIGHT_PX - 8)))
    if len(ends) < _FEWEST_ROWS:
        return {}
    found = {"crotch": np.array([ends[-1, 1:].mean(), ends[-1, 0] + 1])}
    gusset = ends[np.flatnonzero(ends[:, 0] <= ends[-1, 0] - _GUSSET * _HEIGHT_PX)[-1]]
    for side, column in (("left", 2), ("right", 1)):
        line = ends[ends[:, 0] <= gusset[0]][:, [column, 0]]
        chord = line[-1] - line[0]
        beyond = (line - line[0]) @ np.array([chord[1], -chord[0]]) * (1 if side == "left" else -1)
        found[f"leg_outer_{side}"] = line[int(beyond.argmax())]
        found[f"leg_inner_{side}"] = np.array([gusset[column], ends[-1, 0]])
    back = cv2.invertAffineTransform(affine)
    return {name: back[:, :2] @ spot + back[:, 2] for name, spot in found.items()}


def has_brief(points: Mapping[str, FloatArray]) -> bool:
    """Return whether what ``leg_points`` found narrows to a crotch; a top's hem and a short leg's end are wide."""
    inner, outer = (np.linalg.norm(points[f"{n}_left"] - points[f"{n}_right"]) for n in ("leg_inner", "leg_outer"))
    below = points["crotch"] - _middle(points, "leg_outer")
    return bool(inner < _NARROWS * outer and np.linalg.norm(below) > _LEAST_LEG_LINE * outer)


def _middle(points: Mapping[str, FloatArray], stem: str) -> FloatArray:
    return np.asarray((points[f"{stem}_left"] + points[f"{stem}_right"]) / 2)


def _middle_run(mask: BoolArray, x: float, first: int) -> FloatArray:
    """Return (n, 3) row, first and last column of the cloth round the middle, from a row down to the lowest one."""
    found: list[tuple[float, float, float]] = []
    for row in range(first, mask.shape[0]):
        columns: IntArray = np.flatnonzero(mask[row])
        if not len(columns):
            continue
        runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
        run = min(runs, key=lambda each: max(each[0] - x, x - each[-1], 0.0))
        if not run[0] - _BESIDE * _HEIGHT_PX < x < run[-1] + _BESIDE * _HEIGHT_PX:
            if found:
                break  # between the legs of a longer brief
            continue  # a waist may be hollow
        found.append((row, run[0], run[-1]))
    return np.array(found, np.float64)
