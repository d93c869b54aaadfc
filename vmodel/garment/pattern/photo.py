"""Where the outline of a garment runs in its photo."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.types import BoolArray, FloatArray, IntArray

SIDES: Final = ("left", "right")


def row_ends(mask: BoolArray, y: float) -> IntArray:
    """Columns of the mask in the row at a height, or in the nearest one of the picture."""
    row = int(np.clip(round(y), 0, mask.shape[0] - 1))
    return np.flatnonzero(mask[row])


def outline_beside(mask: BoolArray, at: FloatArray, reach_px: float, outwards: float) -> float:
    """Where the garment ends near a place, along its row.

    Args:
        mask: (H, W) bool.
        at: (2,) pixels, near the outline.
        reach_px: how far it is looked for.
        outwards: +1 where the garment ends to the right, -1 to the left.
    Returns:
        x of the end; that of the place where none is near.
    """
    columns = row_ends(mask, float(at[1]))
    if not len(columns):
        return float(at[0])
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    inside = at[0] - 0.5 * outwards * reach_px
    # a sleeve that hangs beside the trunk is a run of its own
    run = min(runs, key=lambda each: max(each[0] - inside, inside - each[-1], 0.0))
    end = float(run[-1] + 1 if outwards > 0 else run[0])
    return end if abs(end - at[0]) < 0.98 * reach_px else float(at[0])


def outline_across(mask: BoolArray, start: FloatArray, end: FloatArray, share: float, inner: FloatArray) -> FloatArray:
    """(2,) where the outline runs beside a straight line, at a share of it; on the line where it is not near.

    Args:
        mask: (H, W) bool, the garment.
        start: (2,) pixels, one end of the line.
        end: the other.
        share: 0..1.
        inner: (2,) pixels, a place on the garment's side of the line.
    """
    at = (1 - share) * start + share * end
    way = end - start
    length = max(float(np.linalg.norm(way)), 1.0)
    outwards = np.array([-way[1], way[0]]) / length
    if (inner - at) @ outwards > 0:
        outwards = -outwards
    steps = np.arange(-0.12 * length, 0.12 * length, 0.5)
    line = at + steps[:, None] * outwards
    columns, rows = (np.clip(np.round(line[:, i]).astype(int), 0, mask.shape[1 - i] - 1) for i in (0, 1))
    inside = mask[rows, columns]
    if not inside.any() or inside[-1]:
        return np.asarray(at)
    return np.asarray(line[int(np.flatnonzero(inside).max())])
