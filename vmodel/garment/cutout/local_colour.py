"""Separation of cloth and ground by their colours nearby, which a coarse mask cannot do along its edge."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.imaging.contour import distance_to_edge
from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

_COLOURS: Final = 24
"""Number of colours into which a photo is clustered."""
_SAMPLES: Final = 3000
_CELL: Final = 4
"""Side in pixels of the cells in which colours are counted."""
_NEARBY: Final = 0.07
"""Distance from a pixel within which colours count, as a share of the garment's extent."""
_LEAST_KNOWN: Final = 0.02
"""Least share of that window that sure cloth, and sure ground, cover; with less, too little is known."""
_ELSEWHERE: Final = 0.25
"""Weight of the colours that cloth, or ground, has anywhere; 1 where too little is known nearby."""
_LIKE: Final = 5.0
"""Deviation in Lab within which a colour is the same, its lightness counting less."""
_LIGHTNESS: Final = 0.6
_UNSEEN: Final = 0.04
"""Assumed frequency of a colour that neither cloth nor ground has: a trim is neither's, and stays as it is."""
_COMMON: Final = 0.25
"""Share of the cloth nearby above which a colour counts as wholly its own, even if the ground has more of it."""
_SHADES: Final = {"cloth": ((1.0, 1.0), (0.8, 0.7)), "ground": ((1.0, 1.0), (0.7, 0.5), (0.45, 0.2))}
"""Share of light that folds and the garment's own shadow leave, and its frequency relative to full light."""

_SURE_DEPTH: Final = 0.02
"""Distance from its edge beyond which the mask is sure, as a share of the extent; a cell of the network's is 0.01."""
_SURE_CLOTH, _SURE_GROUND = 0.95, 0.15
"""Mask values beyond which cloth, and ground, are sure; a wedge of ground between sleeve and trunk may have 0.86."""
_BAND: Final = 0.025
"""Distance from the edge within which colours are compared, as a share of the extent."""
_UNSURE: Final = (0.04, 0.96)
"""Mask values between which the network is unsure, so that colours are compared there as well."""
_MOST_PRIOR: Final = 2.5
"""Largest log odds of the network's that colours must outweigh."""
_GROWS: Final = 0.5
"""Weight of colours that speak for cloth: much beside a garment has its colour."""
_LEAST_REMOVED, _LEAST_ADDED = 1.4, 1.4
"""Mean log odds over the changed pixels nearby, below which they are left to the network."""
_STRONG_WITHIN: Final = 0.012
"""Distance of these nearby pixels, as a share of the extent."""
_ROUNDS: Final = 2
"""Rounds of comparing colours; the second removes patches of ground wider than the band."""


def extent_of(mask: BoolArray) -> float:
    """Return the longer side of a mask's bounding box in pixels; 1 where it is empty."""
    sides = [np.flatnonzero(mask.any(axis)) for axis in (0, 1)]
    return float(max(side[-1] - side[0] for side in sides) + 1) if len(sides[0]) else 1.0


class Palette:
    """Colours of a photo, and the index of each pixel's.

    Attributes:
        centres: (K, 3) float32 Lab, lightness shortened.
        label: (H, W) int, index of each pixel's colour.
    """

    def __init__(self, rgb: ByteArray, around: BoolArray) -> None:
        """Find the colours.

        Args:
            rgb: (H, W, 3) uint8.
            around: (H, W) bool, the part of the photo whose colours matter; not empty.
        """
        lab = _lab(rgb)
        seen = lab[around]
        sample = seen[np.linspace(0, len(seen) - 1, min(_SAMPLES, len(seen))).astype(int)]
        cv2.setRNGSeed(1)
        stop = (cv2.TERM_CRITERIA_MAX_ITER, 8, 0.0)
        count = min(_COLOURS, len(sample))
        _, _, centres = cv2.kmeans(sample, count, np.empty(0, np.int32), stop, 1, cv2.KMEANS_PP_CENTERS)
        self._rgb = rgb
        self.centres: FloatArray = np.asarray(centres, np.float32)
        self.label: IntArray = _nearness(lab.reshape(-1, 3), self.centres).argmax(1).reshape(rgb.shape[:2])

    def ground_odds(self, cloth: BoolArray, ground: BoolArray, where: BoolArray, extent: float) -> FloatArray:
        """Weigh by colour whether pixels are ground.

        Args:
            cloth: (H, W) bool, surely cloth.
            ground: (H, W) bool, surely ground.
            where: (H, W) bool, the pixels in question.
            extent: of the garment in pixels.
        Returns:
            (H, W) float32, log odds of ground over cloth in about -3..3; 0 elsewhere and where nothing is known.
        """
        odds = np.zeros(where.shape, np.float32)
        rows, columns = np.nonzero(where)
        if not len(rows):
            return odds
        radius = max(1, round(_NEARBY * extent / _CELL))
        least = _LEAST_KNOWN * ((2 * radius + 1) * _CELL) ** 2
        here = self._rgb[rows, columns].astype(np.float32)
        known = np.ones(len(rows), bool)
        likely = {}
        for name, sure in (("cloth", cloth), ("ground", ground)):
            nearby = self._counted(sure, radius)[rows // _CELL, columns // _CELL]
            total = nearby.sum(1)
            enough = total > least
            known &= enough | (name == "ground")
            nearby *= (enough * (1 - _ELSEWHERE) / np.maximum(total, 1))[:, None]
            anywhere = np.bincount(self.label[sure], minlength=nearby.shape[1]) / max(1, int(sure.sum()))
            nearby += np.where(enough, _ELSEWHERE, 1.0)[:, None] * anywhere
            likely[name] = np.max([often * self._share(here / light, nearby) for light, often in _SHADES[name]], axis=0)
        is_ground, is_cloth = likely["ground"] + _UNSEEN, likely["cloth"] + _UNSEEN
        against = np.log(is_ground / (np.minimum(likely["cloth"] / _COMMON, 1) + _UNSEEN))
        found = np.where(is_ground > is_cloth, np.maximum(against, 0), np.log(is_ground / is_cloth))
        odds[rows, columns] = np.where(known, found, 0)
        return odds

    def _counted(self, sure: BoolArray, radius: int) -> FloatArray:
        """Count the sure pixels of each colour near each cell, (h, w, K)."""
        height, width = sure.shape
        down, across, count = -(-height // _CELL), -(-width // _CELL), len(self.centres)
        cell = (np.arange(height) // _CELL)[:, None] * across + np.arange(width) // _CELL
        counts = np.bincount(cell[sure] * count + self.label[sure], minlength=down * across * count)
        planes = counts.reshape(down, across, count).astype(np.float32)
        size = (2 * radius + 1, 2 * radius + 1)
        return np.asarray(cv2.boxFilter(planes, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT))

    def _share(self, colours: FloatArray, nearby: FloatArray) -> FloatArray:
        """Return the (n,) share of the colours nearby, (n, K), that are like n colours."""
        nearness = _nearness(_lab(np.minimum(colours, 255)[None])[0], self.centres)
        nearness *= np.float32(0.5 / _LIKE**2)
        return np.asarray(np.einsum("nk,nk->n", nearby, np.exp(nearness, out=nearness)))


def drawn_by_colour(rgb: ByteArray, soft: FloatArray, fine: FloatArray) -> BoolArray:
    """Remove from a mask's edge what has the colours of the ground beside it, and add what has the cloth's.

    Trims in a colour that neither has, and cloth of the ground's colour, are left to the network.

    Args:
        rgb: (H, W, 3) uint8, about 512 pixels.
        soft: (H, W) float32 in 0..1, the network's mask.
        fine: (H, W) float32 in 0..1, the same drawn to the picture's edges.
    Returns:
        (H, W) bool.
    """
    first = np.asarray(fine > 0.5)
    if not first.any() or first.all():
        return first
    extent = extent_of(first)
    palette = Palette(rgb, distance_to_edge(~first) < 0.12 * extent)
    bounded = np.clip(fine, 0.02, 0.98)
    prior = np.clip(np.log(bounded / (1 - bounded)), -_MOST_PRIOR, _MOST_PRIOR)
    mask, odds = first, np.zeros(first.shape, np.float32)
    for _ in range(_ROUNDS):
        away = np.where(mask, distance_to_edge(mask), distance_to_edge(~mask))
        sure = away > _SURE_DEPTH * extent
        asked = (away < _BAND * extent) | ((soft > _UNSURE[0]) & (soft < _UNSURE[1]))
        cloth, ground = mask & sure & (soft > _SURE_CLOTH), ~mask & sure & (soft < _SURE_GROUND)
        odds = np.where(asked, palette.ground_odds(cloth, ground, asked, extent), odds)
        share = 1 / (1 + np.exp(np.where(odds > 0, odds, _GROWS * odds) - prior))
        drawn = cv2.GaussianBlur(np.where(asked, share, mask).astype(np.float32), (0, 0), 0.7)
        side = 5 if extent > 250 else 3
        drawn = cv2.medianBlur(np.asarray(np.rint(255 * drawn), np.uint8), side) > 127
        mask = _where_strong(first, np.asarray(drawn), odds, max(2, round(_STRONG_WITHIN * extent)))
    return mask


def _where_strong(old: BoolArray, new: BoolArray, odds: FloatArray, radius: int) -> BoolArray:
    """Return the new mask, except where the colours of the changed pixels around support the change too weakly."""
    kept = new.copy()
    for change, sign, least in ((old & ~new, 1, _LEAST_REMOVED), (new & ~old, -1, _LEAST_ADDED)):
        here = change.astype(np.float32)
        size = (2 * radius + 1, 2 * radius + 1)
        total, count = (cv2.boxFilter(each, -1, size, normalize=False) for each in (sign * odds * here, here))
        back = change & (total < least * count)
        kept[back] = old[back]
    # Pixels that change one by one fray the outline.
    smooth = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), 1.2) > 0.5
    near = cv2.dilate((kept != old).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.asarray(np.where(near, smooth, kept))


def _lab(rgb: ByteArray | FloatArray) -> FloatArray:
    """Convert sRGB 0..255 to Lab, (H, W, 3), lightness shortened."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab[..., 0] *= _LIGHTNESS
    return np.asarray(lab)


def _nearness(colours: FloatArray, centres: FloatArray) -> FloatArray:
    """Return negative squared distances, (n, K) float32, by one matrix product, which takes most of the time."""
    squares = (colours**2).sum(1, keepdims=True)
    left = np.hstack([colours, squares, np.ones_like(squares)]).astype(np.float32)
    right = np.hstack([2 * centres, -np.ones((len(centres), 1)), -(centres**2).sum(1, keepdims=True)])
    return np.asarray(left @ right.astype(np.float32).T)
