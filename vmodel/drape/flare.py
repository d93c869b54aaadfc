"""Wide skirts start in folds round the body: laid flat before and behind it, their width would hang at the sides."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from vmodel.drape.cloth import Cloth
from vmodel.types import Category, FloatArray, Garment

_FOLDS: Final = 9
"""Round the body; odd, so that those before it do not mirror those behind."""
_DRAWN_IN: Final = 0.78
"""Mean radius of the folds over that of a smooth cone of as much cloth."""
_ROOM_M: Final = 0.02
_CLEAR: Final = 1.12
"""Mean radius of the folds over half the body's width, at least."""
_FROM, _WHOLE = 0.9, 1.15
"""Radius of the cone over half the body's width from which on cloth lies in folds, and at which it wholly does."""
_ROW_M: Final = 0.02
_BELOW_M: Final = 0.05, 0.12
"""How far below the waist folds begin, and within which way they become whole."""
_SKIRTED: Final = frozenset({Category.DRESS, Category.SKIRT})


def lay_in_folds(
    positions_m: FloatArray, cloth: Cloth, garment: Garment, waist_m: float, body_half_m: FloatArray
) -> FloatArray:
    """Lay a skirt that is much wider than the body on a rippled cone round it.

    Args:
        positions_m: (N, 3) the cloth laid before and behind the body.
        cloth: the cut garment.
        garment: dresses and skirts only have such cloth; an open front stays as it is.
        waist_m: height of the body's waist.
        body_half_m: (N,) half the body's width at each particle's height.
    Returns:
        (N, 3) positions: each row keeps its height and about its length.
    """
    if garment.kind.category not in _SKIRTED or garment.kind.open_front:
        return positions_m
    x, y, z = np.asarray(positions_m, float).T
    row = np.round((z - z.min()) / _ROW_M).astype(int)
    half, depth = np.zeros(row.max() + 1), np.zeros(row.max() + 1)
    np.maximum.at(half, row, np.abs(x))
    np.add.at(depth, row, y / np.bincount(row)[row])
    half, depth = (ndimage.gaussian_filter1d(each, 1.5, mode="nearest")[row] for each in (half, depth))
    cone, inner = 2 * half / np.pi, body_half_m + _ROOM_M
    mean = np.clip(_DRAWN_IN * cone, np.minimum(_CLEAR * inner, cone), cone)
    high = np.sqrt(2 * ((cone / np.maximum(mean, 1e-6)) ** 2 - 1)) / _FOLDS
    turn = np.pi / 2 * np.clip(x / np.maximum(half, 1e-6), -1, 1)
    turn = np.where(cloth.front > 0, np.pi - turn, turn)
    radius = mean * (1 + high * np.cos(_FOLDS * turn))
    laid = np.stack([radius * np.sin(turn), depth - radius * np.cos(turn), z], axis=1)
    share = np.clip((cone / inner - _FROM) / (_WHOLE - _FROM), 0, 1)
    share *= np.clip((waist_m - _BELOW_M[0] - z) / _BELOW_M[1], 0, 1)
    return np.asarray(positions_m + share[:, None] * (laid - positions_m))
