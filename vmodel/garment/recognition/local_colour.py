"""Cloth or ground by the colours that either has nearby: what a coarse mask cannot tell along its edge."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

_COLOURS: Final = 24
"""Colours that a photo is told apart in."""
_SAMPLES: Final = 3000
_CELL: Final = 4
"""Side in pixels of the cells in which colours are counted."""
_NEARBY: Final = 0.07
"""How far around a pixel its colours count, as a share of the garment's extent."""
_LEAST_KNOWN: Final = 0.02
"""Share of that window which sure cloth, and sure ground, cover at least; with less, nothing is said."""
_ELSEWHERE: Final = 0.25
"""Weight of the colours that cloth, or ground, has anywhere; all of it where too little is known nearby."""
_LIKE: Final = 5.0
"""Deviation in Lab within which a colour is the same, its lightness counting less."""
_LIGHTNESS: Final = 0.6
_UNSEEN: Final = 0.04
"""How common a colour is held to be that neither cloth nor ground has: a trim is nobody's, and stays as it is."""
_COMMON: Final = 0.25
"""Share of the cloth nearby from which on a colour counts as wholly its own, though the ground have more of it."""
_SHADES: Final = {"cloth": ((1.0, 1.0), (0.8, 0.7)), "ground": ((1.0, 1.0), (0.7, 0.5), (0.45, 0.2))}
"""Light that folds and the garment's own shadow leave, and how much less often than the full."""

_SURE_DEPTH: Final = 0.02
"""How far from the mask's edge its word is sure, as a share of the extent; a cell of the network's is 0.01."""
_SURE_CLOTH, _SURE_GROUND = 0.95, 0.15
"""A wedge of ground between sleeve and trunk may be cloth to the network by 0.86."""
_BAND: Final = 0.025
"""How far from the edge colours are asked, as a share of the extent."""
_UNSURE: Final = (0.04, 0.96)
"""Where the network is less sure than this they are asked as well."""
_MOST_PRIOR: Final = 2.5
"""Log odds of the network's that colours must outweigh."""
_GROWS: Final = 0.5
"""Weight of colours that speak for cloth: beside a garment lies much that has its colour."""
_LEAST_REMOVED, _LEAST_ADDED = 1.4, 1.4
"""Mean log odds over the changed pixels nearby, below which they are left to the network."""
_STRONG_WITHIN: Final = 0.012
"""How near that is, as a share of the extent."""
_ROUNDS: Final = 2
"""Patches of ground wider than the band are gone by the second."""


def extent_of(mask: BoolArray) -> float:
    """Longer side of a mask's bounding box in pixels; 1 where it is empty."""
    sides = [np.flatnonzero(mask.any(axis)) for axis in (0, 1)]
    return float(max(side[-1] - side[0] for side in sides) + 1) if len(sides[0]) else 1.0


class Palette:
    """The colours of a photo, and which of them each pixel has.

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
        """(h, w, K) how many sure pixels near each cell have each colour."""
        height, width = sure.shape
        down, across, count = -(-height // _CELL), -(-width // _CELL), len(self.centres)
        cell = (np.arange(height) // _CELL)[:, None] * across + np.arange(width) // _CELL
        counts = np.bincount(cell[sure] * count + self.label[sure], minlength=down * across * count)
        planes = counts.reshape(down, across, count).astype(np.float32)
        size = (2 * radius + 1, 2 * radius + 1)
        return np.asarray(cv2.boxFilter(planes, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT))

    def _share(self, colours: FloatArray, nearby: FloatArray) -> FloatArray:
        """(n,) share of the colours nearby, (n, K), that are like n colours."""
        nearness = _nearness(_lab(np.minimum(colours, 255)[None])[0], self.centres)
        nearness *= np.float32(0.5 / _LIKE**2)
        return np.asarray(np.einsum("nk,nk->n", nearby, np.exp(nearness, out=nearness)))


def drawn_by_colour(rgb: ByteArray, soft: FloatArray, fine: FloatArray) -> BoolArray:
    """Take from a mask's edge what has the colours of the ground beside it, and give back what has the cloth's.

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
    palette = Palette(rgb, _distance(~first) < 0.12 * extent)
    bounded = np.clip(fine, 0.02, 0.98)
    prior = np.clip(np.log(bounded / (1 - bounded)), -_MOST_PRIOR, _MOST_PRIOR)
    mask, odds = first, np.zeros(first.shape, np.float32)
    for _ in range(_ROUNDS):
        away = np.where(mask, _distance(mask), _distance(~mask))
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
    """The new mask but where colour, over the changed pixels around, speaks for the change too weakly."""
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
    """(H, W, 3) Lab of sRGB 0..255, lightness shortened."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab[..., 0] *= _LIGHTNESS
    return np.asarray(lab)


def _nearness(colours: FloatArray, centres: FloatArray) -> FloatArray:
    """(n, K) float32, squared distances below zero; as one product, which is what takes the time."""
    squares = (colours**2).sum(1, keepdims=True)
    left = np.hstack([colours, squares, np.ones_like(squares)]).astype(np.float32)
    right = np.hstack([2 * centres, -np.ones((len(centres), 1)), -(centres**2).sum(1, keepdims=True)])
    return np.asarray(left @ right.astype(np.float32).T)


def _distance(region: BoolArray) -> FloatArray:
    """(H, W) float32, pixels to the region's edge; the picture's rim is none."""
    padded = np.pad(region, 1, mode="edge").astype(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
