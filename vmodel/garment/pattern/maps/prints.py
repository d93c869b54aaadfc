"""Placed prints of a garment: where a cut has them, and how large they are there."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.contour import SIDES, distance_to_edge
from vmodel.garment.imaging.inpaint import extent
from vmodel.garment.imaging.warp import Prints
from vmodel.types import BoolArray, FloatArray, GarmentPhoto

_STEP_PX: Final = 8
"""Distance of the places at which a print is looked up."""
_AT_EDGE: Final = 0.02
"""Distance from the outline within which nothing counts as placed, as a share of the garment's extent: trims lie there,
and what lies there has to meet the cut's edge."""
_ONE_PRINT: Final = 0.08
"""Gap below which parts belong to one print, as a share of the distance between the armpits."""
_BUTTON: Final = 0.04
"""Extent up to which a mark keeps no height of its own, as a share of that distance."""
_BESIDE: Final = 3.0, 0.6
"""Most and least width of the cloth beside a print, over that in the photo at the print's own size. Of 56 prints cut
for a chest of 122 cm, 14 are more than 1.05 times as wide as they are at 3; at 2 it is 19.
"""
_CORNERS: Final = ("neck", "shoulder", "armpit", "waist", "hem", "hip", "leg_outer")


def printed_places(photo: GarmentPhoto, placed: BoolArray | None, block: Block, which: str) -> Prints | None:
    """Locate placed prints in a block by a first rough map.

    A print is as large as the photo's length says: a cut for a stout wearer, or of cloth that hung in folds, has more
    cloth beside it. It lies as far down the way from the neck's edge to the hem as in the photo: necks are cut deeper
    than they lie there.

    Args:
        photo: upright.
        placed: (H, W) bool, what is printed on the photo's garment; None where a pattern covers it.
        block: fitted to the photo.
        which: "front" or "back".
    """
    if placed is None:
        return None
    step = np.s_[::_STEP_PX, ::_STEP_PX]
    seen = placed[step] & (distance_to_edge(photo.mask)[step] > _AT_EDGE * extent(photo.mask))
    if not seen.any():
        return None
    affine, wide_px = _rough_map(photo, block), 2 * photo.half("armpit" if photo.has("armpit") else "waist")
    across, along = abs(float(affine[0, 0])), abs(float(affine[1, 1]))
    neck_to_hem = _neck_to_hem(photo, block, which)
    near = 2 * max(round(_ONE_PRINT * wide_px / _STEP_PX / 2), 1) + 1
    count, group = cv2.connectedComponents(cv2.dilate(seen.astype(np.uint8), np.ones((near, near), np.uint8)))
    places, sizes, heights = [], [], []
    for number in range(1, count):
        spots = (np.argwhere(seen & (group == number))[:, ::-1] + 0.5) * _STEP_PX
        widened = _widened(spots[:, 0], wide_px, across / along)
        middle = (spots.min(axis=0) + spots.max(axis=0)) / 2
        middle_cm = np.append(middle, 1.0) @ affine
        if neck_to_hem is not None and np.ptp(spots, axis=0).max() > _BUTTON * wide_px:
            middle_cm[1] = np.interp(middle[1], *neck_to_hem)
            heights.append((middle_cm, float(middle[1])))
        places.append(middle_cm + (spots - middle) * along * (widened, -1))
        sizes.append(np.tile([1 / (along * widened), 1 / along], (len(spots), 1)))
    return Prints(np.concatenate(places), np.concatenate(sizes), heights)


def _rough_map(photo: GarmentPhoto, block: Block) -> FloatArray:
    """Return the (3, 2) affine map from the photo's (x, y, 1) to the block's cm that fits the landmarks best."""
    corners = [name for name in _CORNERS if photo.has(name) and f"{name}_left" in block.landmarks_cm]
    there = np.array([photo.points[f"{name}_{side}"] for name in corners for side in SIDES])
    target = np.array([block.landmarks_cm[f"{name}_{side}"] for name in corners for side in SIDES])
    affine, *_ = np.linalg.lstsq(np.column_stack([there, np.ones(len(there))]), target, rcond=None)
    return np.asarray(affine)


def _widened(columns: FloatArray, wide_px: float, across: float) -> float:
    """Return how much wider a print is cut than it is, so that the cloth beside it is neither spread nor squeezed.

    Args:
        columns: (n,) pixels of its places.
        wide_px: width of the photo's garment.
        across: width of the cut over that of the photo's garment at the photo's scale.
    """
    low, high = np.percentile(columns, (10, 90))  # a spot beside a print makes it no wider
    share = min((float(high - low) / 0.8 + _STEP_PX) / wide_px, 1.0)
    least, most = ((across - beside * (1 - share)) / share for beside in _BESIDE)
    return min(max(1.0, least), most)


def _neck_to_hem(photo: GarmentPhoto, block: Block, which: str) -> tuple[list[float], list[float]] | None:
    """Return the heights of a side's neck and hem in pixels and in cm; None where it lacks one of them."""
    marks, neck = block.landmarks_cm, f"neck_{which}"
    if photo.collar is not None:  # its fold line is paired with the photo, and its own leaves count as printed
        return None
    if neck not in photo.points or neck not in marks or not photo.has("hem") or "hem_left" not in marks:
        return None
    hem_cm = (marks["hem_left"] + marks["hem_right"]) / 2
    return [photo.points[neck][1], photo.middle("hem")[1]], [marks[neck][1], hem_cm[1]]
