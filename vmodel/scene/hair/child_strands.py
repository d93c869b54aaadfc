"""Finer hair for near views: each grown strand becomes several finer ones, and a few of these stray."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from vmodel.scene.hair.fibre_shading import HEAD
from vmodel.types import FloatArray, IntArray, Strands

CHILDREN = 3
"""Strands drawn for one grown strand of the head."""
_SPREAD_M = 0.0016
_WANDER_M = 0.0006
_STRAY_SHARE, _STRAY_REACH, _STRAY_MOST_M = 0.03, 0.055, 0.012
_FINER = 0.5
_TINT = 0.10
_CHANCES = 17
"""Random numbers per child."""


def with_children(hair: Strands, colours: FloatArray, numbers: IntArray, total: int) -> tuple[Strands, FloatArray]:
    """Draw each grown strand of the head as several finer ones; brows, lashes and beard stay as they are.

    A child has its parent's light, so hair is lit once however finely it is drawn. Its place depends on its parent's
    number alone, so it stays there whichever others are drawn.

    Args:
        hair: posed strands.
        colours: (N, K, 3) linear light along them.
        numbers: (N,) the strands' numbers among all that were grown.
        total: how many were grown.
    Returns:
        The strands, those of the head first, and their colours.
    """
    head = hair.kind == HEAD
    points, radius, own, light = (part[head] for part in (hair.points_m, hair.radius_m, hair.colour, colours))
    points = np.asarray(points, np.float32)
    drawn, tints = [], []
    for child in range(CHILDREN):
        chance = np.random.default_rng([71, child]).random((total, _CHANCES), np.float32)[numbers[head]]
        tints.append(np.exp(_TINT * _normal(chance[:, :1])) if child else np.ones((len(points), 1), np.float32))
        drawn.append(_astray(_beside(points, chance) if child else points, chance))
    tint, finer, others = np.concatenate(tints), np.concatenate(drawn), ~head
    strands = Strands(
        np.concatenate([finer, hair.points_m[others]]),
        np.concatenate([np.tile(radius * np.float32(_FINER), (CHILDREN, 1)), hair.radius_m[others]]),
        np.concatenate([np.tile(own, (CHILDREN, 1)) * tint, hair.colour[others]]),
        np.concatenate([np.full(len(finer), HEAD, hair.kind.dtype), hair.kind[others]]),
    )
    return strands, np.concatenate([np.tile(light, (CHILDREN, 1, 1)) * tint[..., None], colours[others]])


def _beside(points: FloatArray, chance: FloatArray) -> FloatArray:
    """Return one more strand (N, K, 3) next to each, at a slowly changing distance."""
    along = np.linspace(0, 1, points.shape[1], dtype=np.float32)[None, :, None]
    side = _normal(chance[:, 1:10]).reshape(-1, 3, 3)
    spread = np.minimum(_SPREAD_M, 0.06 * _lengths(points))
    offset = spread * (side[:, :1] * (1 - 0.7 * along) + side[:, 1:2] * along)
    turns, start = 1 + 2 * chance[:, 10, None, None], chance[:, 11, None, None]
    wander = _WANDER_M * along * np.sin(2 * np.pi * (along * turns + start)) * side[:, 2:]
    return np.asarray(points + offset + wander, np.float32)


def _astray(points: FloatArray, chance: FloatArray) -> FloatArray:
    """Bend a few strands (N, K, 3) out of the mass, each in its own arc, more so towards the tip."""
    result = points.copy()
    chosen = np.flatnonzero(chance[:, 12] < _STRAY_SHARE)
    along = np.linspace(0, 1, points.shape[1], dtype=np.float32)[None, :, None]
    reach = np.minimum(_STRAY_REACH * _lengths(points[chosen]), _STRAY_MOST_M)
    bend = np.sin(np.pi * along * (0.5 + 1.1 * chance[chosen, 13, None, None])) * along
    result[chosen] += bend * reach * _normal(chance[chosen, 14:17])[:, None]
    return result


def _normal(chance: FloatArray) -> FloatArray:
    """Convert uniform deviates to normal ones."""
    return np.asarray(ndtri(np.clip(chance, 1e-4, 1 - 1e-4)), np.float32)


def _lengths(points: FloatArray) -> FloatArray:
    """Return the length (N, 1, 1) of each strand in metres."""
    return np.asarray(np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)[:, None, None], np.float32)
