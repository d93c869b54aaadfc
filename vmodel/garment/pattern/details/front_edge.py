"""End of a front at its waist or its hem: behind it the inside of the back, a lining or a label show.

A photo's outline goes round all of them, and a landmark is off by a centimetre or two. A network trained on edges drawn
by eye over close-ups predicts what is the front; the rest does not count as garment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.garment.recognition.network import NECK_SIZE, load_network
from vmodel.garment.recognition.reader import read_edge
from vmodel.garment.recognition.views import to_photo
from vmodel.types import BoolArray, ByteArray, Category, FloatArray, GarmentPhoto, Landmarks

_REACH: Final = 0.35
"""Search distance for an edge from the line of its ends, as a share of their distance."""
_MOST_BEYOND: Final = {"waist": 0.15, "hem": 0.08}
"""Largest share of a garment that may lie beyond its edge; a larger one is misread."""
_LEAST_FOREIGN: Final = 0.5
"""Least mean probability, beyond a hem, of not being the cloth's outer face."""
WAIST_SHARES: Final = (0.4, 0.75)
"""Shares of the way from a waist's middle to its end at which it is followed."""
_STEPS: Final = 81
"""Places across an edge at which the front is searched for."""
_AS_GUESSED: Final = 0.15
"""Distance from its guessed place within which an edge is followed, as a share of half its width; further away, it is
another edge."""


def front_alone(
    rgb: ByteArray, mask: BoolArray, landmarks: Landmarks, category: Category, foreign: FloatArray | None
) -> tuple[BoolArray, Mapping[str, FloatArray]]:
    """Remove from a garment what lies beyond its front's waist and hem, as far as its kind has them.

    Args:
        rgb: (H, W, 3) uint8 sRGB, the photo.
        mask: (H, W) bool, the garment.
        landmarks: of it; those that the seller stated stay.
        category: what it is.
        foreign: (H, W) float32, how likely a place is not the outer face of the cloth. At a hem it must agree with the
            network: the stitches of a hem look like an edge. None where nothing is known: hems stay then.
    Returns:
        The remaining mask, and the landmarks; "waist_front" lies where the front begins.
    """
    points = landmarks.points_px
    if not category.covers_upper:
        mask, points = _from_waist(rgb, mask, landmarks)
    if not category.has_legs and foreign is not None:
        mask = _to_hem(rgb, mask, points, foreign)
    return mask, points


def _from_waist(rgb: ByteArray, mask: BoolArray, landmarks: Landmarks) -> tuple[BoolArray, Mapping[str, FloatArray]]:
    points = landmarks.points_px
    left, right = points["waist_left"], points["waist_right"]
    told, affine = read_edge(load_network(Settings().weights), rgb, left, right)
    beyond = mask & _beyond(told, affine, left, right, mask.shape)
    if beyond.sum() > _MOST_BEYOND["waist"] * mask.sum():
        return mask, points
    is_stated = landmarks.confidence.get("waist_front") == 1
    front = None if is_stated else _crossing(told, affine, left, right)
    return mask & ~beyond, points if front is None else {**points, "waist_front": front}


def _to_hem(rgb: ByteArray, mask: BoolArray, points: Mapping[str, FloatArray], foreign: FloatArray) -> BoolArray:
    left, right = points["hem_right"], points["hem_left"]  # the garment lies above a hem: seen upside down
    told, affine = read_edge(load_network(Settings().weights), rgb, left, right)
    beyond = mask & _beyond(told, affine, left, right, mask.shape)
    if not 0 < beyond.sum() <= _MOST_BEYOND["hem"] * mask.sum() or foreign[beyond].mean() < _LEAST_FOREIGN:
        return mask
    return mask & ~beyond


def _beyond(
    told: FloatArray, affine: FloatArray, left: FloatArray, right: FloatArray, shape: tuple[int, ...]
) -> BoolArray:
    """Find what is not the front, near an edge and between its ends, (H, W) bool."""
    cells = len(told)
    ends = np.stack([left, right]) @ affine[:, :2].T + affine[:, 2]
    reach = _REACH * float(np.linalg.norm(ends[0] - ends[1]))
    first, last = sorted(ends[:, 0])
    row = float(ends[:, 1].mean())
    y, x = np.mgrid[:cells, :cells] + 0.5
    asked = (x > first) & (x < last) & (np.abs(y - row) < reach)
    share = np.where(asked, told, 1.0).astype(np.float32)
    back = to_photo(affine * (NECK_SIZE / cells), NECK_SIZE // cells)
    front = cv2.warpAffine(share, back, shape[1::-1], flags=cv2.INTER_LINEAR, borderValue=1.0)
    return np.asarray(front < 0.5)


def _crossing(told: FloatArray, affine: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray | None:
    """Return the (2,) pixels in an edge's middle where the front begins, or None if that is not seen."""
    middle, across = (left + right) / 2, left - right
    down = np.array([-across[1], across[0]])
    places = middle + np.linspace(-_REACH, _REACH, _STEPS)[:, None] * down
    x, y = ((places @ affine[:, :2].T + affine[:, 2] - 0.5).astype(np.float32)[:, n : n + 1] for n in (0, 1))
    front = cv2.remap(told, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel() > 0.5
    return None if front.all() or not front.any() else np.asarray(places[int(np.argmax(front))])


def waist_spot(photo: GarmentPhoto, side: str, share: float) -> FloatArray:
    """Find a place on a front's waist, which hangs in a bow below the back's.

    Args:
        photo: of the garment's side, upright; its mask begins at the front's waist.
        side: "left" or "right".
        share: of the way from the middle to that end.
    Returns:
        (2,) pixels where the garment begins near the bow through the landmarks; on the bow where it does not.
    """
    points = photo.points
    middle = points.get("waist_front", photo.middle("waist"))
    chord, way = points["waist_left"] - points["waist_right"], points[f"waist_{side}"] - middle
    along = (way @ chord) * chord / max(float(chord @ chord), 1.0)
    guess = middle + share * along + share**2 * (way - along)
    down = np.array([-chord[1], chord[0]])
    offsets = np.linspace(-_AS_GUESSED, _AS_GUESSED, _STEPS) / 2
    columns, rows = np.round(guess + offsets[:, None] * down).astype(int).T
    inside = (rows >= 0) & (rows < photo.mask.shape[0]) & (columns >= 0) & (columns < photo.mask.shape[1])
    cloth = np.zeros(_STEPS, bool)
    cloth[inside] = photo.mask[rows[inside], columns[inside]]
    begins = np.flatnonzero(cloth[1:] & ~cloth[:-1]) + 1
    return guess if not len(begins) else np.asarray(guess + offsets[begins[-1]] * down)
