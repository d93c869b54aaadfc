"""Photos whose sleeves are laid across the front, made of photos whose sleeves lie free: their places are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from vmodel.garment.imaging.inpaint import fill_mirrored
from vmodel.types import BoolArray, ByteArray, FloatArray

_LIES, _BESIDE = 0.35, 0.12
"""Shares of a sleeve's cloth on the trunk from which it counts as lying there, and up to which it lies beside it."""
_LEAST: Final = 0.03
"""Least area of a sleeve that can be moved, as a share of the garment's."""
_ELBOW: Final = (0.3, 0.62)
"""Where a sleeve is bent, as a share of its length."""
_SHAPES: Final = ("pocket", "band", "scarf", "crease")


@dataclass(frozen=True, eq=False)
class Laid:
    """Photo with sleeves that lie on its front.

    Attributes:
        rgb: (H, W, 3) uint8.
        garment: (H, W) bool.
        lying: (2, H, W) bool, cloth of the left and the right sleeve where it lies on the front.
        unsure: (H, W) bool, sleeves that lie half on the front, half beside it.
    """

    rgb: ByteArray
    garment: BoolArray
    lying: BoolArray
    unsure: BoolArray


def fold(rgb: ByteArray, garment: BoolArray, sleeves: BoolArray, corners: FloatArray, rng: np.random.Generator) -> Laid:
    """Lay free sleeves across the front.

    Args:
        rgb: (H, W, 3) uint8.
        garment: (H, W) bool.
        sleeves: (2, H, W) bool, the left and the right one.
        corners: (2, 4, 2) pixels of each sleeve's shoulder, armpit, and outer and inner corner of its end.
        rng: decides which sleeves are moved, and how.
    """
    moved = [bool(each.sum() > _LEAST * garment.sum()) and rng.random() < 0.65 for each in sleeves]
    picture, cloth = rgb, garment.copy()
    for each in sleeves[np.array(moved)]:
        picture, cloth = _without(picture, cloth, each)
    trunk = cloth & ~sleeves.any(0)
    lying, unsure = np.zeros_like(sleeves), np.zeros_like(garment)
    for number in rng.permutation(2):
        if not moved[number]:
            continue
        pieces = _bent(rgb, sleeves[number], corners[number], 1.0 if number == 0 else -1.0, rng)
        place = np.maximum(pieces[0][1], pieces[-1][1]) > 0.5
        share = float((place & trunk).sum()) / max(float(place.sum()), 1.0)
        for colour, alpha in pieces:
            picture = _laid_over(picture, colour, alpha, rng)
        lying[:, place] = False
        unsure[place] = _BESIDE < share < _LIES
        lying[number] |= place & (share >= _LIES)
        cloth |= place
    return Laid(picture, cloth, lying, unsure)


def with_distractor(rgb: ByteArray, garment: BoolArray, other: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Lay on a garment what is no sleeve: a pocket or a band of its own or another cloth, a scarf, or a crease."""
    rows, columns = np.nonzero(garment)
    low, high = np.array([columns.min(), rows.min()]), np.array([columns.max(), rows.max()])
    size = float((high - low).max())
    chosen = int(rng.integers(len(rows)))
    middle = np.array([columns[chosen], rows[chosen]], np.float64)
    kind = str(rng.choice(_SHAPES))
    long, wide = {
        "pocket": (rng.uniform(0.1, 0.25), rng.uniform(0.1, 0.2)),
        "band": (1.5, rng.uniform(0.03, 0.15)),
        "scarf": (rng.uniform(0.3, 0.7), rng.uniform(0.06, 0.16)),
        "crease": (rng.uniform(0.2, 0.6), 0.02),
    }[kind]
    turn = (
        float(rng.choice([0, np.pi / 2]) + rng.normal(0, 0.08)) if kind in ("pocket", "band") else rng.uniform(0, 3.2)
    )
    axis = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-axis[1], axis[0]])
    box = [middle + size / 2 * (a * long * axis + b * wide * across) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    alpha = np.zeros(garment.shape, np.float32)
    cv2.fillPoly(alpha, [np.round(np.array(box)).astype(np.int32)], 1.0, cv2.LINE_AA)
    alpha *= garment
    if kind == "crease":
        soft = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.003, 0.02) * size)[..., None]
        return np.asarray(np.clip(rgb * (1 - rng.uniform(0.1, 0.5) * soft), 0, 255), np.uint8)
    cloth = other if kind == "scarf" or rng.random() < 0.4 else rgb
    shift = np.array([[1.0, 0, rng.uniform(-0.3, 0.3) * size], [0, 1, rng.uniform(-0.3, 0.3) * size]])
    if cloth is rgb:
        cloth = fill_mirrored(rgb, garment)
    colour = cv2.warpAffine(cloth, shift, garment.shape[::-1], borderMode=cv2.BORDER_REFLECT)
    return _laid_over(rgb, np.asarray(colour), alpha, rng)


def _without(rgb: ByteArray, garment: BoolArray, sleeve: BoolArray) -> tuple[ByteArray, BoolArray]:
    """Show the ground where a sleeve lay; return the picture and the rest of the garment."""
    width = 2 * max(2, round(0.012 * max(sleeve.shape))) + 1
    kernel = np.ones((width, width), np.uint8)
    near = cv2.dilate(sleeve.astype(np.uint8), kernel) > 0
    rest = garment & ~sleeve
    ground = ~(cv2.dilate(garment.astype(np.uint8), kernel) > 0)
    if not ground.any():
        return rgb, garment
    filled = fill_mirrored(rgb, ground)
    gone = (near & ~rest).astype(np.float32)
    share = cv2.GaussianBlur(gone, (0, 0), 1.0)[..., None]
    return np.asarray(rgb * (1 - share) + filled * share, np.uint8), rest


def _bent(
    rgb: ByteArray, sleeve: BoolArray, corners: FloatArray, inwards: float, rng: np.random.Generator
) -> list[tuple[ByteArray, FloatArray]]:
    """Return the upper arm and the forearm of a sleeve, bent as people lay them: pictures and their coverage.

    Args:
        rgb: (H, W, 3) uint8.
        sleeve: (H, W) bool.
        corners: (4, 2) of it, see ``fold``.
        inwards: -1 where the trunk lies to the left of the sleeve, 1 to the right. A left sleeve has it on the left.
        rng: draws how it is bent.
    """
    sign = -inwards
    root, end = corners[:2].mean(0), corners[2:].mean(0)
    way = end - root
    long = max(float(np.linalg.norm(way)), 4.0)
    at = rng.uniform(*_ELBOW)
    mode = rng.random()
    if mode < 0.7:  # the elbow beside the trunk, the forearm across it
        upper, lower = rng.uniform(-50, 12), rng.uniform(15, 95)
    elif mode < 0.85:  # folded at the armhole
        upper = rng.uniform(10, 60)
        lower = upper + rng.uniform(-20, 30)
    else:  # hangs down in front
        upper, lower = rng.uniform(-5, 15), rng.uniform(0, 25)
    own = float(np.arctan2(way[0], way[1]))
    turned = [sign * np.radians(angle) - own for angle in (upper, lower)]
    side = float(rng.choice([-1, 1]))  # the forearm may show its other face
    start = root + np.array([sign * rng.uniform(0, 0.12) * long, 0]) * (mode >= 0.85)
    elbow = start + at * long * np.array([np.sin(own + turned[0]), np.cos(own + turned[0])])
    maps = [_turn(turned[0], root, start, 1.0, own), _turn(turned[1], root + at * way, elbow, side, own)]
    rows, columns = np.indices(sleeve.shape)
    along = ((columns - root[0]) * way[0] + (rows - root[1]) * way[1]) / long**2
    overlap = 0.5 * float(np.linalg.norm(corners[2] - corners[3])) / long
    parts = sleeve & (along < at + overlap), sleeve & (along > at - 0.6 * overlap)
    found = []
    for part, affine in zip(parts, maps, strict=True):
        size = sleeve.shape[::-1]
        alpha = cv2.warpAffine(cv2.GaussianBlur(part.astype(np.float32), (0, 0), 0.7), affine, size)
        bled = fill_mirrored(rgb, cv2.erode(sleeve.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
        found.append((np.asarray(cv2.warpAffine(bled, affine, size, borderMode=cv2.BORDER_REFLECT)), np.asarray(alpha)))
    return found if rng.random() < 0.75 else found[::-1]


def _turn(angle: float, pivot: FloatArray, target: FloatArray, side: float, axis: float) -> FloatArray:
    """Return the (2, 3) map that turns round a pivot and moves it; ``side`` -1 mirrors across the sleeve's axis first.

    Angles are counted from straight down towards the right.
    """
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[cos, sin], [-sin, cos]])
    down = np.array([np.sin(axis), np.cos(axis)])
    across = np.array([down[1], -down[0]])
    mirror = np.outer(down, down) + side * np.outer(across, across)
    linear = rotation @ mirror
    return np.column_stack([linear, target - linear @ pivot])


def _laid_over(rgb: ByteArray, colour: ByteArray, alpha: FloatArray, rng: np.random.Generator) -> ByteArray:
    """Lay cloth over a picture, with the shadow of its edge."""
    size = float(max(alpha.shape))
    shift = np.array([[1.0, 0, rng.normal(0, 0.006) * size], [0, 1, abs(rng.normal(0, 0.006)) * size]])
    shadow = cv2.warpAffine(cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.002, 0.012) * size), shift, alpha.shape[::-1])
    line = cv2.GaussianBlur(alpha, (0, 0), 1.2) * (1 - alpha)
    under = rgb * (1 - rng.uniform(0.05, 0.5) * shadow - rng.uniform(0, 0.8) * line)[..., None]
    inner = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.003, 0.015) * size)
    lit = rng.uniform(0.9, 1.1) * (1 - rng.uniform(0, 0.35) * (1 - inner))
    over = colour * lit[..., None]
    share = alpha[..., None]
    return np.asarray(np.clip(under * (1 - share) + over * share, 0, 255), np.uint8)
