"""Cloth continued into a hole by copies of itself, shifted so that stripes, checks and plackets go on."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy import signal

from vmodel.garment.imaging.inpaint import fill_mirrored
from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

LIGHT_CM: Final = 2.5
"""Deviation of the blur that tells light from pattern where two places of a garment are compared."""
SOFT_CM: Final = 0.6
"""Width over which a filled hole runs into the cloth around it."""
_LESS: Final = 4
"""How much smaller the picture is on which shifts are compared first."""
_RIM: Final = 5
"""Width of the rim on which a shift is judged, in pixels of the smaller picture."""
_ROUNDS: Final = 8
"""Most copies of a cloth."""
_LEAST_RIM, _LEAST_FILLED = 0.3, 0.02
"""Shares of the rim on which a shift has to be judged, and of the hole that it has to fill."""
_OF_MOST: Final = 0.35
"""The least that a shift fills, as a share of the most that any does: tiny ones match well and fill nothing."""
_WHOLE: Final = 0.3
"""How much worse a shift may match that fills all of the hole instead of nothing."""
_NOISE: Final = 60.0
"""Squared difference of colours, summed over three channels, below which shifts match alike."""
_PLACES: Final = 6000
"""Number of places of the rim on which the last pixels of a shift are decided."""
_UNLIKE: Final = 40
"""Difference of colours, 0..255, from which on they are another pattern's, not another light's."""
_FARTHER: Final = ((1.0, 1.0), (3.0, 0.05), (9.0, 0.002))
"""Multiples of the blur of ``light_between``, and weights of what is so far away: it counts where nothing is near."""


def continue_cloth(
    picture: ByteArray, known: BoolArray, hole: BoolArray, light_px: float, upright: bool = False
) -> ByteArray:
    """Fill a hole with copies of the known cloth, each shifted so that it matches around the hole.

    Args:
        picture: (H, W, 3) uint8.
        known: (H, W) bool, cloth that may be copied.
        hole: (H, W) bool, what is to be filled.
        light_px: see ``light_between``.
        upright: copies are shifted up and down only, so that buttons and plackets stay in their columns.
    Returns:
        (H, W, 3) uint8.
    """
    if not hole.any() or not known.any():
        return picture
    part = tuple(slice(*np.flatnonzero((known | hole).any(axis))[[0, -1]] + (0, 1)) for axis in (1, 0))
    filled = picture.copy()
    filled[part] = _continued(picture[part], known[part] & ~hole[part], hole[part], light_px, upright)
    return filled


def _continued(picture: ByteArray, source: BoolArray, hole: BoolArray, light_px: float, upright: bool) -> ByteArray:
    filled, whole, rest = picture.copy(), source.copy(), hole.copy()
    for _ in range(_ROUNDS):
        if not rest.any():
            return filled
        shift = _best_shift(filled, whole, source, rest, upright)
        if shift is None:
            break
        moved, there = _shifted(picture, shift), _shifted(source.astype(np.uint8), shift) > 0
        light = light_between(filled, moved, whole & there, light_px)
        now = rest & there
        filled[now] = np.clip(moved[now] + light[now], 0, 255)
        rest, whole = rest & ~now, whole | now
    return fill_mirrored(filled, whole) if rest.any() else filled


def light_between(picture: ByteArray, other: ByteArray, both: BoolArray, light_px: float) -> FloatArray:
    """Return how much lighter a picture is than another, smoothed, and extended to where one is not known.

    Args:
        picture: (H, W, 3) uint8.
        other: the same.
        both: (H, W) bool, where both are known.
        light_px: deviation of the blur that tells light from pattern.
    Returns:
        (H, W, 3) float32.
    """
    size = _small(both.shape)
    apart = picture.astype(np.float32) - other
    alike = both & (np.abs(apart).max(axis=2) < _UNLIKE)
    step, weight = (
        cv2.resize(each, size, interpolation=cv2.INTER_AREA)
        for each in (apart * alike[..., None], alike.astype(np.float32))
    )
    total, sure = np.zeros_like(step), np.full_like(weight, 1e-6)
    for farther, counts in _FARTHER:
        total += counts * cv2.GaussianBlur(step, (0, 0), farther * light_px / _LESS)
        sure += counts * cv2.GaussianBlur(weight, (0, 0), farther * light_px / _LESS)
    return np.asarray(cv2.resize(total / sure[..., None], both.shape[::-1], interpolation=cv2.INTER_LINEAR))


def fade_in(filled: ByteArray, picture: ByteArray, hole: BoolArray, beyond: BoolArray, soft_px: float) -> ByteArray:
    """Let a filled hole run into the picture around it, but not where it ends with the cloth.

    Args:
        filled: (H, W, 3) uint8, the picture with its hole filled.
        picture: (H, W, 3) uint8, as it was.
        hole: (H, W) bool.
        beyond: (H, W) bool, what is not the cloth.
        soft_px: width over which it does.
    """
    depth = cv2.distanceTransform(np.pad(hole | beyond, 1, constant_values=True).astype(np.uint8), cv2.DIST_L2, 5)
    share = np.clip(depth[1:-1, 1:-1][hole] / soft_px, 0, 1)[:, None]
    faded = picture.copy()
    faded[hole] = filled[hole] * share + picture[hole] * (1 - share)
    return faded


def _small(shape: tuple[int, ...]) -> tuple[int, int]:
    return max(1, shape[1] // _LESS), max(1, shape[0] // _LESS)


def _best_shift(
    picture: ByteArray, known: BoolArray, source: BoolArray, hole: BoolArray, upright: bool
) -> IntArray | None:
    """Return the (x, y) pixels by which cloth is to be looked for beside a hole, or None where none matches."""
    size = _small(hole.shape)
    colour = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) - 128
    may, gap, sure = (
        cv2.resize(each.astype(np.float32), size, interpolation=cv2.INTER_AREA) for each in (source, hole, known)
    )
    may, gap, sure = (each.astype(np.float32) for each in (may > 0.99, gap > 0.01, sure > 0.99))
    rim = cv2.dilate(gap, np.ones((2 * _RIM + 1, 2 * _RIM + 1))) * sure

    def at_shifts(places: FloatArray, values: FloatArray) -> FloatArray:
        """Sum over places the values that lie at each shift from them."""
        return np.asarray(signal.fftconvolve(values, places[::-1, ::-1], mode="full"))

    count = at_shifts(rim, may)
    apart = at_shifts(rim * (colour**2).sum(2), may) + at_shifts(rim, may * (colour**2).sum(2))
    for channel in range(3):
        apart -= 2 * at_shifts(rim * colour[..., channel], may * colour[..., channel])
    covers = at_shifts(gap, may) / max(float(gap.sum()), 1.0)
    usable = count > _LEAST_RIM * rim.sum()
    if upright:
        usable[:, np.arange(usable.shape[1]) != size[0] - 1] = False
    most = float(np.where(usable, covers, 0).max(initial=0))
    if most < _LEAST_FILLED:
        return None
    usable &= covers > _OF_MOST * most
    score = (_NOISE + np.maximum(apart, 0) / np.maximum(count, 1)) * (1 + _WHOLE * (1 - covers))
    row, column = np.unravel_index(int(np.where(usable, score, np.inf).argmin()), score.shape)
    coarse = _LESS * np.array([column - size[0] + 1, row - size[1] + 1])
    return _refined(
        picture, source, np.asarray(cv2.resize(rim, hole.shape[::-1]) > 0.5) & known, coarse, 0 if upright else _LESS
    )


def _refined(picture: ByteArray, source: BoolArray, rim: BoolArray, coarse: IntArray, aside: int) -> IntArray:
    """Return the best shift near a coarse one, at most some pixels to its sides."""
    rows, columns = np.nonzero(rim)
    step = max(1, len(rows) // _PLACES)
    rows, columns = rows[::step], columns[::step]
    own = picture[rows, columns].astype(np.float32)
    best, least = coarse, np.inf
    for y in range(-_LESS, _LESS + 1):
        for x in range(-aside, aside + 1):
            shift = coarse + np.array([x, y])
            there = rows + shift[1], columns + shift[0]
            inside = (there[0] >= 0) & (there[0] < rim.shape[0]) & (there[1] >= 0) & (there[1] < rim.shape[1])
            at = there[0][inside], there[1][inside]
            inside[inside] = source[at]
            if inside.any():
                other = picture[there[0][inside], there[1][inside]]
                apart = float(((own[inside] - other) ** 2).mean())
                best, least = (shift, apart) if apart < least else (best, least)
    return best


def _shifted(picture: ByteArray, shift: IntArray) -> ByteArray:
    """Return a picture of which each place shows what lies at a shift from it; beyond the picture it is 0."""
    affine = np.array([[1.0, 0.0, -shift[0]], [0.0, 1.0, -shift[1]]])
    return np.asarray(cv2.warpAffine(picture, affine, picture.shape[1::-1], flags=cv2.INTER_NEAREST))
