"""Hair seen near: each strand that was grown stands for several finer ones, and a few of these stray."""

from __future__ import annotations

import numpy as np

from vmodel.scene.hair_light import HEAD
from vmodel.types import FloatArray, Strands

CHILDREN = 3
"""Strands that are drawn for one of the head."""
_SPREAD_M = 0.0016
_WANDER_M = 0.0006
_STRAY_SHARE, _STRAY_REACH, _STRAY_MOST_M = 0.03, 0.055, 0.012
_FINER = 0.5
_TINT = 0.10


def with_children(hair: Strands, colours: FloatArray) -> tuple[Strands, FloatArray]:
    """More and finer strands than were grown; brows, lashes and beard stay as they are.

    A child has its parent's light, so hair is lit once however finely it is drawn.

    Args:
        hair: posed strands.
        colours: (N, K, 3) linear light along them.
    Returns:
        The strands, those of the head first, and their colours.
    """
    head = hair.kind == HEAD
    points, radius, own, light = (part[head] for part in (hair.points_m, hair.radius_m, hair.colour, colours))
    rng = np.random.default_rng(71)
    bundles, tints = [np.asarray(points, np.float32)], [np.ones((len(points), 1), np.float32)]
    for _ in range(CHILDREN - 1):
        bundles.append(_beside(points, rng))
        tints.append(np.exp(rng.normal(0, _TINT, (len(points), 1))).astype(np.float32))
    drawn, tint = _astray(np.concatenate(bundles), rng), np.concatenate(tints)
    others, kinds = ~head, np.full(len(drawn), HEAD, hair.kind.dtype)
    finer = Strands(
        np.concatenate([drawn, hair.points_m[others]]),
        np.concatenate([np.tile(radius * np.float32(_FINER), (CHILDREN, 1)), hair.radius_m[others]]),
        np.concatenate([np.tile(own, (CHILDREN, 1)) * tint, hair.colour[others]]),
        np.concatenate([kinds, hair.kind[others]]),
    )
    return finer, np.concatenate([np.tile(light, (CHILDREN, 1, 1)) * tint[..., None], colours[others]])


def _beside(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(N, K, 3) one more strand beside each: it keeps a slowly changing distance."""
    count, knots = points.shape[:2]
    along = np.linspace(0, 1, knots, dtype=np.float32)[None, :, None]
    side = rng.normal(0, 1, (count, 2, 3)).astype(np.float32)
    spread = np.minimum(_SPREAD_M, 0.06 * _lengths(points))
    offset = spread * (side[:, :1] * (1 - 0.7 * along) + side[:, 1:] * along)
    turns, start = rng.uniform(1, 3, (count, 1, 1)).astype(np.float32), rng.uniform(0, 1, (count, 1, 1))
    wave = np.sin(2 * np.pi * (along * turns + start.astype(np.float32)))
    wander = _WANDER_M * along * wave * rng.normal(0, 1, (count, 1, 3)).astype(np.float32)
    return np.asarray(points + offset + wander, np.float32)


def _astray(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(N, K, 3) the same, but a few leave the mass in an arc of their own, more so towards the tip."""
    result = points.copy()
    chosen = np.flatnonzero(rng.random(len(points)) < _STRAY_SHARE)
    along = np.linspace(0, 1, points.shape[1])[None, :, None]
    reach = np.minimum(_STRAY_REACH * _lengths(points[chosen]), _STRAY_MOST_M)
    bend = np.sin(np.pi * along * rng.uniform(0.5, 1.6, (len(chosen), 1, 1))) * along
    result[chosen] += (bend * reach * rng.normal(0, 1, (len(chosen), 1, 3))).astype(np.float32)
    return result


def _lengths(points: FloatArray) -> FloatArray:
    """(N, 1, 1) metres along each strand."""
    return np.asarray(np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)[:, None, None], np.float32)
