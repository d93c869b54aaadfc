"""Finer hair for near views: each grown strand becomes several finer ones, and a few of these stray."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from vmodel.core.parallel import side_by_side
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
    head, others = np.flatnonzero(hair.kind == HEAD), np.flatnonzero(hair.kind != HEAD)
    parents = np.concatenate([np.tile(head, CHILDREN), others])
    drawn = np.empty((len(parents), *hair.points_m.shape[1:]), np.float32)
    tint = np.ones((len(parents), 1), np.float32)
    grown = np.asarray(hair.points_m[head], np.float32)

    def grow(child: int) -> None:
        own = slice(child * len(head), (child + 1) * len(head))
        chance = np.random.default_rng([71, child]).random((total, _CHANCES), np.float32)[numbers[head]]
        drawn[own] = _beside(grown, chance) if child else grown
        _lead_astray(drawn[own], chance)
        if child:
            tint[own] = np.exp(_TINT * _normal(chance[:, :1]))

    for _ in side_by_side(grow, range(CHILDREN)):
        pass
    bundled = CHILDREN * len(head)
    drawn[bundled:] = hair.points_m[others]
    radius, own, light = hair.radius_m[parents], hair.colour[parents] * tint, colours[parents]
    radius[:bundled] *= np.float32(_FINER)
    light *= tint[..., None]
    return Strands(drawn, radius, own, hair.kind[parents]), light


def _beside(points: FloatArray, chance: FloatArray) -> FloatArray:
    """Return one more strand (N, K, 3) next to each, at a slowly changing distance."""
    along = np.linspace(0, 1, points.shape[1], dtype=np.float32)[None, :, None]
    side = _normal(chance[:, 1:10]).reshape(-1, 3, 3)
    spread = np.minimum(_SPREAD_M, 0.06 * _lengths(points))
    turns, start = 1 + 2 * chance[:, 10, None, None], chance[:, 11, None, None]
    wander = _WANDER_M * along * np.sin(2 * np.pi * (along * turns + start))
    beside = points + spread * (side[:, :1] * (1 - 0.7 * along) + side[:, 1:2] * along)
    beside += wander * side[:, 2:]
    return np.asarray(beside, np.float32)


def _lead_astray(points: FloatArray, chance: FloatArray) -> None:
    """Bend a few strands (N, K, 3) out of the mass in place, each in its own arc, more so towards the tip."""
    chosen = np.flatnonzero(chance[:, 12] < _STRAY_SHARE)
    along = np.linspace(0, 1, points.shape[1], dtype=np.float32)[None, :, None]
    reach = np.minimum(_STRAY_REACH * _lengths(points[chosen]), _STRAY_MOST_M)
    bend = np.sin(np.pi * along * (0.5 + 1.1 * chance[chosen, 13, None, None])) * along
    points[chosen] += bend * reach * _normal(chance[chosen, 14:17])[:, None]


def _normal(chance: FloatArray) -> FloatArray:
    """Convert uniform deviates to normal ones."""
    return np.asarray(ndtri(np.clip(chance, 1e-4, 1 - 1e-4)), np.float32)


def _lengths(points: FloatArray) -> FloatArray:
    """Return the length (N, 1, 1) of each strand in metres."""
    return np.asarray(np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)[:, None, None], np.float32)
