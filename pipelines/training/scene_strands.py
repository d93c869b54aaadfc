"""Hair as a photograph shows it: many more and finer strands than the draft draws, and some that stray."""

from __future__ import annotations

import numpy as np

from vmodel.types import FloatArray, IntArray, Strands

CHILDREN = 3
_SPREAD_M = 0.0016
_STRAY_SHARE, _STRAY_REACH = 0.03, 0.055
_FINER = 0.5
_RIBBONS, _RIBBON_POINTS, _WIDEST = 2500, 16, 6


def dense_strands(hair: Strands, seed: int) -> Strands:
    """All strands, those of the head with children beside them and a few that stray.

    Args:
        hair: posed strands.
        seed: places children and strays.
    """
    head = hair.kind == 0
    points, radius, colour = hair.points_m[head], hair.radius_m[head], hair.colour[head]
    rng = np.random.default_rng([seed, 71])
    copies = [(points, radius, colour)]
    copies += [_children(points, radius, colour, rng) for _ in range(CHILDREN - 1)]
    points, radius, colour = (np.concatenate(parts) for parts in zip(*copies, strict=True))
    others = ~head
    return Strands(
        np.concatenate([_stray(points, rng), hair.points_m[others]]),
        np.concatenate([(radius * _FINER).astype(np.float32), hair.radius_m[others] * np.float32(0.8)]),
        np.concatenate([colour, hair.colour[others]]),
        np.concatenate([np.zeros(len(points), np.uint8), hair.kind[others]]),
    )


def hair_ribbons(hair: Strands | None, head: bool) -> tuple[FloatArray, IntArray, FloatArray]:
    """Hair as flat ribbons, few and wide on the head: good enough for light that is only looked at smoothed.

    Args:
        hair: posed strands, or None.
        head: strands of the head, thinned; or brows, lashes and beard, all.
    Returns:
        Vertices (n, 3) in metres, triangles (m, 3) int32, and a linear-light colour a vertex (n, 3).
    """
    chosen = np.flatnonzero((hair.kind == 0) == head) if hair is not None else np.zeros(0, int)
    if hair is None or not len(chosen):
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32)
    step = max(1, len(chosen) // _RIBBONS) if head else 1
    chosen = chosen[::step]
    count = hair.points_m.shape[1]
    keep = np.unique(np.linspace(0, count - 1, min(count, _RIBBON_POINTS)).round().astype(int))
    points = np.asarray(hair.points_m[chosen][:, keep], np.float32)
    along = np.gradient(points, axis=1)
    turn = np.arange(len(points)) * 2.399963
    axis = np.stack([np.cos(turn), np.sin(turn), 0.3 * np.sin(3 * turn)], axis=1)[:, None]
    across = np.cross(along, axis)
    width = hair.radius_m[chosen][:, keep, None] * min(step, _WIDEST)
    across *= width / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
    vertices = np.stack([points - across, points + across], axis=2).reshape(-1, 3)
    strands, knots = points.shape[:2]
    first = 2 * (np.arange(strands)[:, None] * knots + np.arange(knots - 1)[None]).reshape(-1)
    triangles = np.concatenate(
        [np.stack([first, first + 1, first + 2], axis=1), np.stack([first + 1, first + 3, first + 2], axis=1)]
    )
    colour = np.repeat(hair.colour[chosen], 2 * knots, axis=0)
    return vertices.astype(np.float32), triangles.astype(np.int32), colour


def _children(
    points: FloatArray, radius: FloatArray, colour: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """One more strand beside each: it keeps a slowly changing distance and ends a little sooner or later."""
    count, knots = points.shape[:2]
    side = rng.normal(0, 1, (count, 2, 3))
    along = np.linspace(0, 1, knots)[None, :, None]
    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)[:, None, None]
    spread = np.minimum(_SPREAD_M, 0.06 * length)
    offset = spread * (side[:, :1] * (1 - 0.7 * along) + side[:, 1:] * along)
    wave = np.sin(2 * np.pi * (along * rng.uniform(1, 3, (count, 1, 1)) + rng.uniform(0, 1, (count, 1, 1))))
    wander = 0.0006 * along * wave * rng.normal(0, 1, (count, 1, 3))
    tint = colour * np.exp(rng.normal(0, 0.10, (count, 1)))
    return (points + offset + wander).astype(np.float32), radius, np.clip(tint, 0.001, 0.95).astype(np.float32)


def _stray(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A few strands leave the mass in an arc of their own, more so towards the tip."""
    result = points.copy()
    chosen = np.flatnonzero(rng.random(len(points)) < _STRAY_SHARE)
    along = np.linspace(0, 1, points.shape[1])[None, :, None]
    length = np.linalg.norm(np.diff(points[chosen], axis=1), axis=2).sum(axis=1)[:, None, None]
    way = rng.normal(0, 1, (len(chosen), 1, 3)) * np.minimum(_STRAY_REACH * length, 0.012)
    bend = np.sin(np.pi * along * rng.uniform(0.5, 1.6, (len(chosen), 1, 1))) * along
    result[chosen] += (bend * way).astype(np.float32)
    return result
