"""Tint of shade: other lamps, or surrounding surfaces, light it, so that its colour tells it from a pattern."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.delighting.network import OFFSET
from vmodel.garment.delighting.plain_cloth import GREY
from vmodel.types import BoolArray, FloatArray

_FOLDS_PX: Final = 1.5, 14.0
"""Blurs between which folds are visible, whose shade gives the tint of all shade."""
_PLAIN_SHADE, _PLAIN_TINT = 0.03, 0.02
"""Deviations of the light, and of the tint, that carry no information about it: noise, threads, small prints."""
_MOST_FOLLOWS: Final = 0.5
"""Largest strength with which a channel follows the light, more or less than the others."""
_WIDE_PX: Final = 8.0, 40.0
"""Blurs between which shade is told from a pattern by its tint."""
_SURE: Final = (0.45, 0.55)
"""Correlations of that tint with the light between which it is believed to be shade's."""
_OTHERS: Final = (0.22, 0.29)
"""Strengths of other tints, as shares of its own, between which it is no longer believed to be."""
_REPEATS: Final = (0.7, 0.85)
"""Correlations of that tint with itself, moved aside, between which it is no longer believed to be shade's."""
_MOVED_PX, _COMMON = 24.0, 0.35
"""Least distance that it is moved, and the least share of the cloth that overlaps then."""
_FINE_PX: Final = 5.0
"""Blur beyond which the tint of a place is shade's."""
_LEAST_WAY: Final = 0.1
"""Strength of a tint, per logarithm of light, below which shade is hardly told by it."""
_MOST_LIT: Final = 0.2
"""Logarithm of light over the usual beyond which hardly any is told by the tint: it is a collar of another colour."""
_TONE_BY_TINT: Final = 0.5
"""Share of the light told by the tint that is removed from the lightness; all of the tint is."""
_ROUNDS: Final = 12


def with_its_tint(light: FloatArray, picture: FloatArray, inside: BoolArray) -> FloatArray:
    """Give the light (h, w, 3) the tint that shade has in this picture.

    Other lamps, or surrounding surfaces, light the shade. How strongly a channel follows the light is one number per
    picture, which is robust to prints: their tints change where the light does not.
    """
    core = _core(inside)
    if not core.any():
        return light
    logs = np.log(picture + OFFSET)
    tone, seen = light @ GREY, logs - (logs @ GREY)[..., None]
    tint = light - tone[..., None]
    folds, seen_there, told_there = (
        _between_blurs(each, inside, _FOLDS_PX)[core] for each in (tone[..., None], seen, tint)
    )
    known = float(np.square(folds).mean())
    trust = known / (known + _PLAIN_SHADE**2)
    follows = [_follows(folds[:, 0], seen_there[:, c]) - _follows(folds[:, 0], told_there[:, c]) for c in range(3)]
    return np.asarray(light + trust * np.clip(follows, -_MOST_FOLLOWS, _MOST_FOLLOWS) * tone[..., None], np.float32)


def _between_blurs(field: FloatArray, inside: BoolArray, blurs_px: tuple[float, float]) -> FloatArray:
    """Return the narrower less the wider blur, within the cloth, of a field of n channels: (h, w, n)."""
    less, more = (_within(field, inside, px) for px in blurs_px)
    return np.asarray(less - more)


def _follows(folds: FloatArray, tint: FloatArray) -> float:
    """Fit the slope of a tint (n,) over the light (n,) by least absolute differences, iteratively reweighted."""
    slope = 0.0
    for _ in range(_ROUNDS):
        weight = folds / np.maximum(np.abs(tint - slope * folds), _PLAIN_TINT)
        slope = float((weight * tint).sum() / max(float((weight * folds).sum()), 1e-6))
    return slope


def shade_of_a_tint(told: FloatArray, kept: FloatArray, picture: FloatArray, inside: BoolArray) -> FloatArray:
    """Find light on patterned cloth by the tint that the cloth's shade has.

    On many photos shade is olive or brown: a camera balances away the colour of the ground, which shade has less of.
    One tint then changes with the network's light, over distances wider than most patterns, and hardly any other tint
    does. Patterns have several tints, or none that changes with the light, or they repeat.

    Args:
        told: (h, w, 3) logarithm of the light as the network sees it, with some of the pattern.
        kept: the part of it that is removed anyway.
        picture: (h, w, 3) float32 sRGB 0..1.
        inside: (h, w) bool, the cloth.
    Returns:
        (h, w, 3) float32 to add to ``kept``; 0 where shade is not told by its tint.
    """
    none = np.zeros_like(kept)
    core = _core(inside)
    if not core.any():
        return none
    logs = np.log(picture + OFFSET)
    tone, seen = told @ GREY, logs - (logs @ GREY)[..., None]
    wide, tints = (_between_blurs(each, inside, _WIDE_PX)[core] for each in (tone[..., None], seen))
    follows = np.clip([_follows(wide[:, 0], tints[:, c]) for c in range(3)], -_MOST_FOLLOWS, _MOST_FOLLOWS)
    way = follows - follows @ GREY
    along = tints @ way / max(float(np.linalg.norm(way)), 1e-6)
    sure = float(np.corrcoef(wide[:, 0], along)[0, 1]) if wide.std() * along.std() > 0 else 0.0
    others = np.sqrt(max(float(np.square(tints).sum(1).mean() - np.square(along).mean()), 0.0))
    share = np.interp(sure, _SURE, (0, 1)) * np.interp(others / max(float(along.std()), 1e-6), _OTHERS, (1, 0))
    if share > 0:
        share *= np.interp(_repeats(_between_blurs(seen, inside, _WIDE_PX) @ way, core), _REPEATS, (1, 0))
    if share == 0:
        return none
    rest = seen - kept + (kept @ GREY)[..., None]
    rest = _within(rest - np.median(rest[core], axis=0), inside, _FINE_PX)
    shade = np.tanh(rest @ way / (way @ way + _LEAST_WAY**2))[..., None]
    shade = np.where(shade > 0, _MOST_LIT * np.tanh(shade / _MOST_LIT), shade)
    return np.asarray(share * shade * (way + _TONE_BY_TINT), np.float32)


def _core(inside: BoolArray) -> BoolArray:
    """Return the cloth without its rim."""
    return np.asarray(cv2.erode(inside.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)


def _within(field: FloatArray, inside: BoolArray, blur_px: float) -> FloatArray:
    """Return a field of n channels (h, w, n) blurred within the cloth."""
    weight = inside.astype(np.float32)
    soft = np.stack([cv2.GaussianBlur(field[..., c] * weight, (0, 0), blur_px) for c in range(field.shape[2])], 2)
    return np.asarray(soft / np.maximum(cv2.GaussianBlur(weight, (0, 0), blur_px), 1e-3)[..., None])


def _repeats(field: FloatArray, where: BoolArray) -> float:
    """Return the largest correlation of a field (h, w) with itself moved aside: 1 where it repeats."""
    weight = where.astype(np.float64)
    values = (field - field[where].mean()) * weight
    size = [2 * side for side in where.shape]
    both, products = (np.fft.irfft2(np.abs(np.fft.rfft2(each, size)) ** 2, size) for each in (weight, values))
    down, across = (np.minimum(np.arange(side), side - np.arange(side)) for side in size)
    usable = (np.hypot(down[:, None], across[None]) > _MOVED_PX) & (both > _COMMON * both[0, 0])
    most = float((products / np.maximum(both, 1))[usable].max(initial=0))
    return most / max(float(products[0, 0] / both[0, 0]), 1e-12)
