"""Cap sleeves: too short to go round the arm, they are cut in one with the trunk, as longer shoulders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.contour import SIDES, outline_across
from vmodel.garment.imaging.warp import Pairs
from vmodel.types import FloatArray, GarmentPhoto, Neckline, Sleeve

_SHORTEST_SLEEVE: Final = 0.19
"""Length of a sleeve, armhole to cuff, below which it is a cap, as a share of the span between the shoulders."""
_CAP_CM: Final = 2.0, 12.0
"""Bounds of the length of a cap's upper edge."""
_CAP_ANGLE: Final = 15.0, 60.0
"""Bounds of the angle below the horizontal at which this edge leaves the shoulder, degrees."""
_EDGE_SHARES: Final = (1 / 3, 2 / 3)
_REACH: Final = 0.3
"""Search distance for a cap's edge beside a straight line, as a share of the line's length."""


def has_caps(photo: GarmentPhoto) -> bool:
    """Return whether both sleeves of a photo are caps."""
    if photo.kind.sleeve != Sleeve.SHORT or photo.kind.neckline in {Neckline.OFF_SHOULDER, Neckline.ASYMMETRIC}:
        return False
    roots, ends = (
        [_middle(photo.points, *names, side) for side in SIDES]
        for names in (("shoulder", "armpit"), ("cuff_outer", "cuff_inner"))
    )
    runs = np.linalg.norm(np.subtract(ends, roots), axis=1)
    return float(runs.max()) < _SHORTEST_SLEEVE * 2 * photo.half("shoulder")


def cap_cm(photo: GarmentPhoto, scale: float) -> tuple[float, float] | None:
    """Return how far the left cap's outer end lies beside and below the shoulder point, cm; None without caps.

    Args:
        photo: the garment as read.
        scale: cm per pixel.
    """
    if not has_caps(photo):
        return None
    ways = [photo.points[f"cuff_outer_{side}"] - photo.points[f"shoulder_{side}"] for side in SIDES]
    across, down = np.mean([(abs(way[0]), way[1]) for way in ways], axis=0)
    turn = np.radians(np.clip(np.degrees(np.arctan2(down, across)), *_CAP_ANGLE))
    long = np.clip(scale * photo.distance("shoulder", "cuff_outer"), *_CAP_CM)
    return float(long * np.cos(turn)), float(long * np.sin(turn))


def cap_pairs(photo: GarmentPhoto, block: Block, side: str) -> Pairs:
    """Pair places of one cap in the block with their places in the photo."""
    marks, points = block.landmarks_cm, photo.points
    outer, armpit = f"cuff_outer_{side}", f"armpit_{side}"
    pairs: Pairs = [(marks[outer], points[outer], 1.0)]
    for share in _EDGE_SHARES:
        spot = outline_across(photo.mask, points[outer], points[armpit], share, photo.middle("armpit"), _REACH)
        pairs.append(((1 - share) * marks[outer] + share * marks[armpit], spot, 0.6))
    return pairs


def _middle(points: Mapping[str, FloatArray], first: str, second: str, side: str) -> FloatArray:
    return np.asarray((points[f"{first}_{side}"] + points[f"{second}_{side}"]) / 2)
