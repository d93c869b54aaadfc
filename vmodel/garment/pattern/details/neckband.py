"""Rib or binding round a neck: a photo of the front shows its front half, and a back made from it gets the other."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.imaging.along_line import at_shares, beside
from vmodel.garment.imaging.warp import sample
from vmodel.types import ByteArray, FloatArray

_SHARES: Final = np.r_[np.linspace(0.14, 0.42, 60), np.linspace(0.58, 0.86, 60)]
"""Places along a front's neck at which its band is looked at: clear of shoulders, plackets and a V's point."""
_STEP_CM: Final = 0.1
_DEEPEST_CM: Final = 4.6
"""Distance from the edge up to which it is looked at, and in which steps."""
_WIDTHS_CM: Final = (0.8, 1.3, 1.8, 2.3, 2.8, 3.3)
_OFF_CM: Final = 0.5
"""Widths of bands that are looked for, and how far the seam may lie from there in places: the edge is only found to a
pixel or two, which are half a centimetre."""
_NARROWEST_CM: Final = 0.6
"""Least width: nearer to the edge, its shadow and what lies behind it show."""
_BESIDE: Final = 4
"""Steps on either side whose mean colours are compared."""
_TOGETHER: Final = 4.0
"""Deviation of the blur along the neck before its seam is followed, and places along it whose median counts after."""
_MEDIAN: Final = 15
_LEAST_STEP: Final = 1.2
"""CIELAB distance across the end of a band, its seam or its stitches: less is no more than folds and noise make."""
_ALONG: Final = 0.75
"""Share of the places at which the colours must step the same way by a third of it: a print or a stripe crosses a neck
in some places only, and folds are lighter here and darker there."""
_SEAM_CM: Final = 0.35
"""Cloth beyond the end of a band that its seam takes up, and over which it runs into the cloth."""


class Neckband(NamedTuple):
    """Band along a neck.

    Attributes:
        width_cm: with its seam.
        colours: (n, 3) float32 CIELAB, ``_STEP_CM`` apart from its upper edge on.
    """

    width_cm: float
    colours: FloatArray


def find_neckband(picture: ByteArray, neck_cm: FloatArray, canvas: Canvas) -> Neckband | None:
    """Find the band along a front's neck.

    Args:
        picture: (H, W, 3) uint8 sRGB, the front.
        neck_cm: (n, 2) its neck, from left to right.
        canvas: of the picture.
    Returns:
        The band; None where the cloth's colours do not change along the whole neck.
    """
    depths = np.arange(_STEP_CM, _DEEPEST_CM, _STEP_CM)
    spots = at_shares(neck_cm, _SHARES)
    places = spots + depths[:, None, None] * _inwards(neck_cm, _SHARES)
    shown = sample(picture, canvas.to_pixels(places.reshape(-1, 2)).reshape(places.shape))
    strip = cv2.cvtColor(shown.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    sums = np.cumsum(np.pad(strip, ((1, 0), (0, 0), (0, 0))), axis=0)
    means = (sums[_BESIDE:] - sums[:-_BESIDE]) / _BESIDE
    steps = means[_BESIDE:] - means[:-_BESIDE]  # row k: across the end of depth k + _BESIDE - 1
    at = depths[_BESIDE - 1 : _BESIDE - 1 + len(steps)] + _STEP_CM / 2
    best, ends = 0.0, None
    for width in _WIDTHS_CM:
        rows = (np.abs(at - width) <= _OFF_CM) & (at > _NARROWEST_CM)
        path, size = _seam(steps[rows])
        if size > best:
            best, ends = size, at[rows][path]
    if ends is None:
        return None
    return Neckband(*_aligned(strip, depths, ends))


def _seam(steps: FloatArray) -> tuple[FloatArray, float]:
    """Follow a band's seam along a neck.

    Args:
        steps: (m, n, 3) differences of colours at m distances from the neck and n places along it.
    Returns:
        The (n,) row of the seam, and the usual difference there; 0 where it is no seam.
    """
    size = ndimage.gaussian_filter1d(np.linalg.norm(steps, axis=2), _TOGETHER, axis=1)
    path = ndimage.median_filter(size.argmax(axis=0), _MEDIAN, mode="nearest")
    there = steps[path, np.arange(len(path))]
    usual = np.median(there, axis=0)
    least = float(usual @ usual)
    alike = float((there @ usual > least / 3).mean())
    return path, least**0.5 if least > _LEAST_STEP**2 and alike > _ALONG else 0.0


def _aligned(strip: FloatArray, depths: FloatArray, ends: FloatArray) -> tuple[float, FloatArray]:
    """Return a band's width and its usual colours, given the (n,) distances from the neck at which it ends."""
    width = float(np.median(ends))
    rows = depths[:, None] + (ends - width) - _STEP_CM
    columns = np.broadcast_to(np.arange(strip.shape[1]), rows.shape)
    moved = cv2.remap(
        strip, columns.astype(np.float32), (rows / _STEP_CM).astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return width + _SEAM_CM, np.median(moved, axis=1)


def with_neckband(picture: ByteArray, band: Neckband, neck_cm: FloatArray, canvas: Canvas) -> ByteArray:
    """Lay a band along another neck, seen from the same side of the cloth.

    Args:
        picture: (H, W, 3) uint8 sRGB, the cloth without it.
        band: from ``find_neckband``.
        neck_cm: (n, 2) the neck.
        canvas: of the picture.
    """
    reach = band.width_cm + _SEAM_CM
    part, near = canvas.window(neck_cm, reach)
    _, away = beside(neck_cm, np.stack(near.grid_cm(), axis=-1), reach)
    rows = np.minimum(away / _STEP_CM - 1, len(band.colours) - 1).astype(np.float32)
    colours = cv2.remap(
        band.colours[:, None].astype(np.float32), np.zeros_like(rows), rows, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    share = np.clip((reach - away) / (2 * _SEAM_CM), 0, 1)[..., None]
    laid = 255 * np.clip(cv2.cvtColor(colours, cv2.COLOR_LAB2RGB), 0, 1)
    whole = picture.copy()
    whole[part] = np.rint((1 - share) * picture[part] + share * laid)
    return whole


def below(neck_cm: FloatArray, width_cm: float) -> FloatArray:
    """Return the (n, 2) lower edge of a band along a neck, which ends on the shoulders."""
    shares = np.linspace(0, 1, 65)
    lower = at_shares(neck_cm, shares) + width_cm * _inwards(neck_cm, shares)
    beyond = float(np.abs(lower[:, 0]).max()) + width_cm
    return np.vstack([(beyond, neck_cm[0, 1]), lower, (-beyond, neck_cm[-1, 1])])


def _inwards(neck_cm: FloatArray, shares: FloatArray) -> FloatArray:
    """Return (n, 2) unit vectors from a neck, which runs from left to right, into its cloth."""
    along = at_shares(neck_cm, np.minimum(shares + 0.01, 1)) - at_shares(neck_cm, np.maximum(shares - 0.01, 0))
    return np.asarray(np.stack([-along[:, 1], along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True))
