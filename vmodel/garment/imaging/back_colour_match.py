"""Colour match of a photographed back to the front's photo: one gain per channel, fitted beside the side seams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from einops import rearrange

from vmodel.core.colour import LUMINANCE, to_linear, to_oklab, to_srgb
from vmodel.types import BoolArray, ByteArray, FloatArray

OTHER_COLOUR: Final = (
    "the photo of the back shows another colour at the side seams than that of the front; it is kept as photographed"
)

STRIP: Final = (0.01, 0.05)
"""Distance of the compared cloth from the seam, as shares of the seams' height: clear of the bled fringe."""
STATIONS: Final = 240
ACROSS: Final = 16
PARTS: Final = 4
"""Number of lengths of each seam that are compared separately."""
LEVELS: Final = np.linspace(0.1, 0.9, 9)
FLARE: Final = 0.002
"""Linear light below which ratios are noise; it draws the gains of black cloth towards 1."""
GAINS: Final = (0.7, 1.4)
STRONGEST_CAST: Final = 1.5
"""Largest ratio of two gains that light can make; a larger one comes from the dye."""
GREENEST_CAST: Final = 1.2
"""Green against the mean of red and blue: light varies from warm to cool, hardly from green to magenta."""
UNSEEN: Final = 0.03
"""Log of a gain that is hardly visible and that uneven cloth causes by itself."""
EVEN: Final = np.array([0.2, 0.1])
"""Logs, of luminance and of colour, by which a length may differ from the whole: lamps stand on one side, and the back
is mirrored."""
UNEVEN: Final = np.array([0.45, 0.25])
SCATTERS: Final = 2.0
SAME_CLOTH: Final = 0.15
"""Log by which levels of one cloth may differ from their common gain."""
AGREEING_LEVELS: Final = 0.6
AGREEING_PARTS: Final = 0.75
SEEN: Final = 0.04
"""OKLab distance of the strips' means above which the user is warned."""


def agree_with_front(
    front: ByteArray, back: ByteArray, mask: BoolArray, sides: Sequence[FloatArray]
) -> tuple[ByteArray, str | None]:
    """Remove a different white balance or exposure from the photo of the back.

    Both pictures are compared beside each side seam by the levels of their colours, not by pixels, so that stripes
    and prints need not match up. A difference that is the same along both seams, and that light can make, is a
    gain in linear light (von Kries, 1902) and is undone. Any other difference belongs to the cloth.

    Args:
        front: (H, W, 3) uint8 sRGB, colours bled past the outline.
        back: the same, laid over the front's outline.
        mask: (H, W) bool, the front.
        sides: (n, 2) photo pixels of each side seam, counter-clockwise round the garment when y points up.
    Returns:
        The back (the same array where nothing is undone), and a warning where its colour visibly differs, else None.
    """
    strips = [(_strip(front, where), _strip(back, where)) for where in _places(mask, sides)]
    if not strips:
        return back, None
    logs = np.mean([_log_gain(*strip)[0] for strip in strips], axis=0)
    if not _is_one_light(strips, logs):
        return back, OTHER_COLOUR if _is_seen(strips) else None
    if np.abs(logs).max() < UNSEEN:
        return back, None
    gains = np.exp(logs)
    if not _is_of_light(gains):
        return back, OTHER_COLOUR if _is_seen(strips) else None
    return _lit(back, gains), None


def _places(mask: BoolArray, sides: Sequence[FloatArray]) -> list[tuple[FloatArray, BoolArray]]:
    """Place points beside each seam: (s, a, 2) pixels, s along it and a across, and (s, a) bool where on cloth."""
    found = []
    for side in sides:
        way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(side, axis=0), axis=1))])
        if way[-1] < STATIONS / 8:
            continue
        stations = np.linspace(0, way[-1], STATIONS)
        line = np.stack([np.interp(stations, way, side[:, axis]) for axis in (0, 1)], 1)
        ahead = np.gradient(line, axis=0)
        inward = np.stack([ahead[:, 1], -ahead[:, 0]], 1)
        inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-6)
        points = line[:, None] + inward[:, None] * (way[-1] * np.linspace(*STRIP, ACROSS))[:, None]
        columns, rows = _pixels(points, mask.shape)
        on_cloth = mask[rows, columns]
        if on_cloth.mean() > 0.5:
            found.append((points, on_cloth))
    return found


def _pixels(points: FloatArray, size: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    columns, rows = (np.clip(np.floor(points[..., k]).astype(int), 0, size[1 - k] - 1) for k in (0, 1))
    return columns, rows


def _strip(rgb: ByteArray, where: tuple[FloatArray, BoolArray]) -> FloatArray:
    """Return the linear light of a strip: (s, a, 3); NaN off the cloth."""
    columns, rows = _pixels(where[0], rgb.shape)
    return np.where(where[1][..., None], to_linear(rgb[rows, columns]), np.nan)


def _log_gain(front: FloatArray, back: FloatArray) -> tuple[FloatArray, bool]:
    """Return the median log gain (3,) from back to front over all levels, and whether most levels agree with it.

    A level is a quantile of a channel. Where stripes cover a little more of one strip than of the other,
    the levels between their colours swap; the median ignores those few.
    """
    levels = [np.nanquantile(strip.reshape(-1, 3), LEVELS, axis=0) for strip in (front, back)]
    ratios = np.log((levels[0] + FLARE) / (levels[1] + FLARE))
    gain = np.median(ratios, axis=0)
    agree = (np.abs(ratios - gain) < SAME_CLOTH).mean(axis=0)
    return gain, bool((agree >= AGREEING_LEVELS).all())


def _is_one_light(strips: Sequence[tuple[FloatArray, FloatArray]], logs: FloatArray) -> bool:
    """Tell whether both seams, and most lengths of them, agree on one gain.

    Washed cloth and large prints differ from length to length on the front already. The tolerance grows with that
    difference.
    """
    sides = [_log_gain(*strip) for strip in strips]
    if not all(is_same_cloth for _, is_same_cloth in sides):
        return False
    whole = np.concatenate([front for front, _ in strips])
    own = [np.abs(_off(_log_gain(part, whole)[0])) for front, _ in strips for part in _parts(front)]
    allowed = np.minimum(EVEN + SCATTERS * np.median(own, axis=0), UNEVEN)
    parts = [_log_gain(*pair)[0] for strip in strips for pair in zip(*map(_parts, strip), strict=True)]
    near = [bool((np.abs(_off(gain - logs)) < allowed).all()) for gain in (*(side for side, _ in sides), *parts)]
    return all(near[: len(sides)]) and float(np.mean(near[len(sides) :])) >= AGREEING_PARTS


def _off(logs: FloatArray) -> FloatArray:
    """Split a log gain into (2,): luminance, and the largest departure of a channel from it."""
    brighter = float(logs @ LUMINANCE)
    return np.array([brighter, np.abs(logs - brighter).max()])


def _parts(picture: FloatArray) -> list[FloatArray]:
    """Cut a strip into lengths, each (s / PARTS, a, 3), and leave out those without cloth."""
    parts = rearrange(picture, "(part s) a c -> part s a c", part=PARTS)
    return [part for part in parts if not np.isnan(part).all()]


def _is_of_light(gains: FloatArray) -> bool:
    """Tell whether a lamp, a white balance or an exposure can make these gains (3,)."""
    red, green, blue = gains
    tint = green / np.sqrt(red * blue)
    return bool(
        gains.min() >= GAINS[0]
        and gains.max() <= GAINS[1]
        and gains.max() / gains.min() <= STRONGEST_CAST
        and 1 / GREENEST_CAST <= tint <= GREENEST_CAST
    )


def _is_seen(strips: Sequence[tuple[FloatArray, FloatArray]]) -> bool:
    means = [[to_oklab(np.nanmean(picture, axis=(0, 1))) for picture in strip] for strip in strips]
    return max(float(np.linalg.norm(front - back)) for front, back in means) > SEEN


def _lit(rgb: ByteArray, gains: FloatArray) -> ByteArray:
    every = to_linear(np.arange(256, dtype=np.uint8))[:, None] * gains
    table = to_srgb(every.astype(np.float32))
    return np.ascontiguousarray(np.stack([table[rgb[..., channel], channel] for channel in range(3)], axis=-1))
