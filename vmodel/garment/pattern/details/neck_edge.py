"""Edge of a front's neck in its photo: landmarks give its rough place, the picture the exact one.

A landmark is off by a centimetre or two, and a neckband is two wide. A curve through three landmarks therefore cuts
bands off or shows the inside of the back. A network trained on edges drawn by eye predicts where the front ends, and
colours refine this to the pixel. Dynamic programming finds the smooth line on which both agree best.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.garment.imaging.contour import smooth_line
from vmodel.garment.recognition.network import load_network
from vmodel.garment.recognition.reader import read_neck
from vmodel.types import ByteArray, FloatArray, GarmentPhoto, Neckline, Sleeve

_POWERS: Final = {Neckline.V: 1.0, Neckline.CREW: 2.0, Neckline.BOAT: 2.0, Neckline.SCOOP: 2.2, Neckline.SQUARE: 6.0}
"""Exponents of the curves of necks whose edge is searched for: nothing stands round them or lies over them."""
_ROUNDER: Final = (2.0, 3.5)
"""Further exponents to try: a round neck is often read as pointed, and labels look like the edge of a pointed one."""
_DEPTHS: Final = (0.2, 0.45, 0.75)
"""Further depths to try, in widths of the neck: labels and seams are mistaken for its lowest point."""
_OWN: Final = 0.06
"""Bonus in the score for the neckline's own exponent."""
_OWN_DEPTH: Final = 0.2
"""Bonus in the score for the landmark's depth: where no edge is seen, the landmark decides."""
_USUAL: Final = {
    Neckline.CREW: (0.4, 0.12), Neckline.SCOOP: (0.47, 0.18), Neckline.V: (0.71, 0.32), Neckline.BOAT: (0.18, 0.09),
    Neckline.SQUARE: (0.48, 0.15),
}  # fmt: skip
_UNUSUAL: Final = 0.12
"""Depth of a neckline in photos, in widths of the neck, its deviation (of 1,070 labelled tops), and what each deviation
beyond the first costs: the edge of a yoke is no boat neck."""
_CORNERS: Final = ("left", "right", "front")
_STEPS: Final = 33
"""Places along the edge."""
_REACH: Final = 0.3
"""Search distance on either side of the curve, as a share of the neck's width."""
_OFFSETS: Final = 81
_SOFT: Final = 0.008
"""Blur before colours are compared, as a share of the neck's width."""
_BESIDE: Final = 3
"""Offsets on either side whose mean colours are compared."""
_LEAST_CONTRAST: Final = 4.0
"""Least CIELAB distance that counts as a full edge."""
_STRONGEST: Final = 92
"""Percentile of contrasts that counts as a full edge."""
_COLOURS: Final = 0.3
"""Weight of a contrast of colours, relative to the network's output."""
_NEAR: Final = 0.2
"""Weight of lying near the curve."""
_GROUND: Final = 2.0
"""Weight of having cloth on the garment's side."""
_BEND: Final = 0.15
"""Cost of moving by one offset between neighbouring places."""
_MOST_BEND: Final = 2


def neck_edge(photo: GarmentPhoto, rgb: ByteArray) -> FloatArray | None:
    """Find the edge of the front's neck, (33, 2) pixels from the left neck point to the right.

    There is none (None) where the garment's kind hides it.

    Args:
        photo: the garment as read.
        rgb: (H, W, 3) uint8 sRGB, the photo with its own light and ground.
    """
    own = _POWERS.get(photo.kind.neckline)
    is_covered = photo.opening is not None or photo.kind.sleeve == Sleeve.STRAP
    if own is None or is_covered or "neck_front" not in photo.points:
        return None
    told = read_neck(load_network(Settings().weights), rgb, [photo.points[f"neck_{name}"] for name in _CORNERS])
    best, line = -np.inf, None
    for front in _lowest_points(photo):
        for power in sorted({own, *_ROUNDER}):
            edge, score = _edge_near(replace(photo, points={**photo.points, "neck_front": front}), rgb, told, power)
            score += _OWN * (power == own) + _OWN_DEPTH * (front is photo.points["neck_front"])
            score -= _UNUSUAL * max(_unusual(photo.kind.neckline, edge) - 1, 0)
            if score > best:
                best, line = score, edge
    return line


def _lowest_points(photo: GarmentPhoto) -> list[FloatArray]:
    """Return candidates for the lowest point of the front's edge, (2,) each, the landmark first."""
    left, right, front = (photo.points[f"neck_{name}"] for name in _CORNERS)
    across = left - right
    down = np.array([-across[1], across[0]])
    return [front, *((left + right) / 2 + share * down for share in _DEPTHS)]


def _unusual(neckline: Neckline, edge: FloatArray) -> float:
    """Return how many deviations an edge is deeper or shallower than others of its kind."""
    across = edge[0] - edge[-1]
    down = np.array([-across[1], across[0]]) / max(float(across @ across), 1.0)
    usual, spread = _USUAL[neckline]
    return abs(float((edge[len(edge) // 2] - (edge[0] + edge[-1]) / 2) @ down) - usual) / spread


def edge_profile(edge: FloatArray) -> FloatArray:
    """Normalise a neck's edge, (33, 2) pixels from its left end to its right one, and make it symmetric.

    Returns:
        (33, 2) position across the neck, 1 to -1, and fall as a share of the drop; the edge nowhere rises towards the
        middle.
    """
    half = len(edge) // 2 + 1
    middle = (edge[0] + edge[-1]) / 2
    ways = (edge[0] - edge[-1]) / 2, edge[half - 1] - middle
    across, fallen = ((edge - middle) @ way / max(float(way @ way), 1.0) for way in ways)
    across, fallen = (across - across[::-1])[:half] / 2, (fallen + fallen[::-1])[:half] / 2
    across = np.minimum.accumulate(np.r_[1.0, np.clip(across[1:-1], 0, 1), 0.0])
    fallen = np.maximum.accumulate(np.r_[0.0, np.clip(fallen[1:-1], 0, 1), 1.0])
    return np.stack([np.r_[across, -across[-2::-1]], np.r_[fallen, fallen[-2::-1]]], axis=1)


def _edge_near(
    photo: GarmentPhoto, rgb: ByteArray, told: tuple[FloatArray, FloatArray], power: float
) -> tuple[FloatArray, float]:
    """Find the edge near a curve through the landmarks, and its mean score; ``told`` is from ``read_neck``."""
    left, right, front = (photo.points[f"neck_{name}"] for name in _CORNERS)
    middle, wide = (left + right) / 2, max(float(np.linalg.norm(left - right)), 8.0)
    share = np.linspace(1, -1, _STEPS)[:, None]
    curve = middle + share * (left - right) / 2 + (1 - np.abs(share) ** power) * (front - middle)
    inwards = _normals(curve, middle - front)
    offsets = np.linspace(-_REACH, _REACH, _OFFSETS) * wide
    places = curve[:, None] + offsets[:, None] * inwards[:, None]
    score = _scores(photo, rgb, told, places, wide)
    path = _best_path(score)
    moved = smooth_line(offsets[path][:, None], 3)
    return curve + moved * inwards, float(score[np.arange(_STEPS), path].mean())


def _normals(curve: FloatArray, towards: FloatArray) -> FloatArray:
    along = np.gradient(curve, axis=0)
    normals = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    normals = smooth_line(normals * (np.sign(normals[_STEPS // 2] @ towards) or 1.0), 4)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6))


def _scores(
    photo: GarmentPhoto, rgb: ByteArray, told: tuple[FloatArray, FloatArray], places: FloatArray, wide: float
) -> FloatArray:
    """Score how much each place looks like the edge, (33, 81); offsets rise towards the opening."""
    low = np.maximum(np.floor(places.min((0, 1))).astype(int) - 8, 0)
    high = np.ceil(places.max((0, 1))).astype(int) + 8
    part = rgb[low[1] : high[1], low[0] : high[0]]
    cloth = photo.mask[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    if not part.size:
        return np.zeros(places.shape[:2])
    soft = cv2.GaussianBlur(part, (0, 0), max(_SOFT * wide, 0.6)).astype(np.float32) / 255
    colours, inside = (_at(each, places - low) for each in (cv2.cvtColor(soft, cv2.COLOR_RGB2LAB), cloth))
    shares, affine = told
    front = _at(shares, places @ affine[:, :2].T + affine[:, 2])
    (outer, inner), (on_cloth, _), (below, above) = (
        _beside(each) for each in (colours, inside[..., None], front[..., None])
    )
    contrast = np.linalg.norm(outer - inner, axis=2)
    contrast = cv2.GaussianBlur(contrast, (1, 5), 0)
    contrast = np.minimum(contrast / max(float(np.percentile(contrast, _STRONGEST)), _LEAST_CONTRAST), 1)
    offset = np.linspace(-1, 1, _OFFSETS)
    seen = (below - above)[..., 0] + _COLOURS * contrast
    return np.asarray(seen - _NEAR * offset**2 - _GROUND * (on_cloth[..., 0] < 0.5))


def _at(picture: FloatArray, places: FloatArray) -> FloatArray:
    """Return the values of a picture at places (..., 2) in its pixels."""
    x, y = (places[..., axis].astype(np.float32) - 0.5 for axis in (0, 1))
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _beside(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the means of the offsets before and of those after each, (33, 81, C) both."""
    padded = np.pad(values, ((0, 0), (_BESIDE, _BESIDE), (0, 0)), "edge")
    before, after = (
        np.mean([padded[:, first + step : first + step + _OFFSETS] for step in range(_BESIDE)], axis=0)
        for first in (0, _BESIDE + 1)
    )
    return before, after


def _best_path(score: FloatArray) -> FloatArray:
    """Return the (33,) index of the offset at each place: the smooth line of the highest sum."""
    moves = range(-_MOST_BEND, _MOST_BEND + 1)
    total, came_by = score[0], []
    for row in score[1:]:
        padded = np.pad(total, _MOST_BEND, constant_values=-np.inf)
        reached = np.stack(
            [padded[_MOST_BEND - by : _MOST_BEND - by + _OFFSETS] - _BEND * abs(by) ** 1.5 for by in moves]
        )
        came_by.append(reached.argmax(0))
        total = reached.max(0) + row
    path = [int(total.argmax())]
    for best in reversed(came_by):
        path.append(path[-1] - (int(best[path[-1]]) - _MOST_BEND))
    return np.array(path[::-1])
