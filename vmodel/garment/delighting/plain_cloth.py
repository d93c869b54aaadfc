"""Light that a network left on cloth, found from the kind of cloth: slow variation on plain cloth is light.

A network that has to separate light from prints on any photo underestimates the light on all. Where the reader sees
that cloth is plain, there is no such ambiguity: blurs of decreasing width find the rest. Logos, trims and labels differ
too much to be light, and keep their own colour. On an all-over print of small motifs, only variation wider than the
motif is light.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from vmodel.types import BoolArray, FloatArray

GREY: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in lightness."""


@dataclass(frozen=True)
class _Look:
    """Parameters of the search for light on a kind of cloth.

    Attributes:
        blurs_px: deviations of the blurs, from the widest to the narrowest.
        tint_px: deviation of a last blur, of which only the tint counts; None for no such blur.
        most: logarithm of lightness around which the weight of a difference as light falls off.
        most_tint: the same for its colour.
    """

    blurs_px: tuple[float, ...]
    most: float
    most_tint: float
    tint_px: float | None = None


_PLAIN: Final = _Look((32.0, 12.0, 4.0), 0.5, 0.4, 1.5)
_LOOKS: Final[Mapping[str, _Look]] = {
    "logo": _Look((32.0, 12.0, 4.0), 0.25, 0.12),
    "allover": _Look((40.0, 24.0), 2.0, 1.0),
    "placed": _Look((32.0, 12.0), 0.22, 0.11),
}
"""Cloth, as the reader names it -> parameters of the search, in pixels of a garment 320 high. Narrower blurs would
remove cables from knitwear and seams from quilts, which consist of light and shade as well."""
_SMALL_MOTIFS: Final = _Look((), 0.35, 0.2)
"""The same for a pattern of small motifs, whose own size decides on the blur. Chosen by eye on 66 photos: with wider
bounds dark sleeves beside a pale pattern faded, and stripes lost their own colours."""
_SCALES_PX: Final = tuple(0.7 * 2 ** (k / 2) for k in range(12))
"""Deviations of blurs between which the size of motifs is looked for."""
_MOTIFS, _LEAST_MOTIF_PX = 7.0, 6.0
"""Blur beyond which a pattern is even, in deviations between which most of it lies, and its least deviation: stripes of
several widths are wider than the edges that make up most of them."""
_SHARPNESS: Final = 4
"""Exponent with which a difference beyond ``most`` loses weight."""
_PRINTED: Final = (0.1, 0.4)
"""Probabilities of being printed between which the weight of a place as plain cloth falls from 1 to 0."""
_VARIES: Final = (0.08, 0.25)
"""Probabilities of blocks of colour or a wash between which the weight of all plain cloth falls from 1 to 0: areas that
differ little from the rest are not reliably seen as prints."""
_LEAST_TINT: Final = 0.1
"""Tint of a print, as a share of its contrast, below which density cannot be told from light."""
_LEAST_BLUR_PX: Final = 4.0
"""Least deviation of a wide blur, at the reduced resolution at which it is computed."""
_ENOUGH: Final = (0.25, 0.6)
"""Shares of the cloth nearby that have weight, between which the weight of a blur rises from 0 to 1."""


def light_left(rest: FloatArray, inside: BoolArray, shares: Mapping[str, float]) -> FloatArray:
    """Find the light that is left on a garment and that must continue across its prints.

    Args:
        rest: (h, w, 3) logarithm of the picture less that of its light, as far as that is known.
        inside: (h, w) bool, the garment; not empty.
        shares: cloth -> its probability; cloth that may be plain is treated as if it had a logo.
    Returns:
        (h, w, 3) float32 to add to the light: the sum over kinds of cloth, weighted by their probability.
    """
    rest = rest - np.median(rest[inside], axis=0)
    found = np.zeros_like(rest)
    for cloth, look in _LOOKS.items():
        share = shares.get(cloth, 0.0) + (shares.get("plain", 0.0) if cloth == "logo" else 0.0)
        if share > 0.01:
            slow = _slow_part(rest, inside, look, inside.astype(np.float32))
            if cloth == "allover":
                slow += _wider_than_motifs(rest - slow, inside, min(look.blurs_px))
                slow = _without_density(slow, rest[inside])
            found += share * slow
    return np.asarray(found, np.float32)


def _wider_than_motifs(left: FloatArray, inside: BoolArray, widest_px: float) -> FloatArray:
    """Return what is left (h, w, 3) beyond the size of a pattern's motifs, 0 where these are as wide as a blur."""
    cloth = inside.astype(np.float32)
    around = [np.maximum(blurred(cloth, scale), 1e-3)[..., None] for scale in _SCALES_PX]
    levels = [
        blurred(left * cloth[..., None], scale) / weight for scale, weight in zip(_SCALES_PX, around, strict=True)
    ]
    core = cv2.erode(cloth, np.ones((5, 5), np.uint8)) > 0
    if not core.any():
        return np.zeros_like(left)
    powers = [float(np.square(finer - coarser)[core].sum()) for finer, coarser in pairwise(levels)]
    blur = max(_MOTIFS * _SCALES_PX[int(np.argmax(powers))], _LEAST_MOTIF_PX)
    return _wider_than(blur, left, cloth, _SMALL_MOTIFS, cloth) if blur < widest_px else np.zeros_like(left)


def _without_density(slow: FloatArray, rest: FloatArray) -> FloatArray:
    """Return slow variation (h, w, 3) less what comes of a print that is denser in one place than in another.

    Light changes all channels nearly alike, density changes them as the print's own colours differ: a plain yoke above
    navy stripes is lighter, and warmer, than the stripes are on average. Prints without a colour tell nothing.

    Args:
        slow: to be split.
        rest: (n, 3) logarithms of the cloth's colours.
    """
    colours = np.linalg.eigh(np.cov(rest.T))[1][:, -1]
    tint = colours - colours @ GREY
    density = (slow - (slow @ GREY)[..., None]) @ tint / (tint @ tint + _LEAST_TINT**2)
    return np.asarray(slow - density[..., None] * colours, np.float32)


def light_left_where_plain(
    rest: FloatArray, inside: BoolArray, printed: FloatArray, shares: Mapping[str, float]
) -> FloatArray:
    """Find the light that is left where cloth is plain and that continues a little under prints beside it.

    Args:
        rest: (h, w, 3) logarithm of the picture less that of its light, as far as that is known.
        inside: (h, w) bool, the garment; not empty.
        printed: (h, w) float32, probability that a place has another colour than most of the garment.
        shares: cloth -> its probability.
    Returns:
        (h, w, 3) float32 to add to the light.
    """
    plain = np.interp(printed, _PRINTED, (1, 0)).astype(np.float32) * inside
    uniform = float(np.interp(shares.get("blocks", 0.0) + shares.get("washed", 0.0), _VARIES, (1, 0)))
    if uniform == 0 or not (plain > 0.5).any():
        return np.zeros_like(rest)
    return uniform * _slow_part(rest - np.median(rest[plain > 0.5], axis=0), inside, _PLAIN, plain)


def _slow_part(rest: FloatArray, inside: BoolArray, look: _Look, heeded: FloatArray) -> FloatArray:
    """Return the slow variation (h, w, 3) float32, with places weighted by ``heeded``, (h, w) 0..1."""
    slow, cloth = np.zeros_like(rest), inside.astype(np.float32)
    for blur in look.blurs_px:
        slow += _wider_than(blur, rest - slow, cloth, look, heeded)
    if look.tint_px is not None:
        fine = _wider_than(look.tint_px, rest - slow, cloth, look, heeded)
        slow += fine - (fine @ GREY)[..., None]
    return slow


def _wider_than(blur_px: float, left: FloatArray, cloth: FloatArray, look: _Look, heeded: FloatArray) -> FloatArray:
    """Return the mean (h, w, 3) of what is left over nearby cloth, (h, w) 0..1, that may be light."""
    tone = (left @ GREY)[..., None]
    tint = np.abs(left - tone).max(2)
    known = 1 / (1 + np.abs(tone[..., 0] / look.most) ** _SHARPNESS) / (1 + (tint / look.most_tint) ** _SHARPNESS)
    told = heeded * known
    weight, around, light = (blurred(each, blur_px) for each in (told, cloth, left * told[..., None]))
    share = np.interp(weight / np.maximum(around, 1e-3), _ENOUGH, (0, 1))
    return np.asarray(share[..., None] * light / np.maximum(weight, 1e-3)[..., None])


def blurred(plane: FloatArray, blur_px: float) -> FloatArray:
    """Blur a plane (h, w) or (h, w, 3) by a Gaussian; a wide blur runs at a lower resolution to save time."""
    height, width = plane.shape[:2]
    shrink = max(1.0, blur_px / _LEAST_BLUR_PX)
    small = (max(2, round(width / shrink)), max(2, round(height / shrink)))
    soft = cv2.GaussianBlur(cv2.resize(plane, small, interpolation=cv2.INTER_AREA), (0, 0), blur_px / shrink)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR))
