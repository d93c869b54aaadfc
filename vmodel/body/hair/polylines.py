"""Polylines of hair: building, joining and resampling to one number of points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vmodel.types import FloatArray, IntArray, Strands

HEAD_HAIR, BROW, LASH, FACIAL_HAIR = range(4)
_GOLDEN = 0.618034


def no_strands(points: int) -> Strands:
    """Return no strands, of ``points`` points each, for a bald spot."""
    return Strands(
        np.zeros((0, points, 3), np.float32),
        np.zeros((0, points), np.float32),
        np.zeros((0, 3), np.float32),
        np.zeros(0, np.uint8),
    )


def tapered(count: int, points: int, radius_m: float) -> FloatArray:
    """Return radii (count, points) float32: full over most of the length, thin at the tip."""
    along = np.linspace(0, 1, points)
    profile = np.where(along < 0.6, 0.9 + 0.1 * along / 0.6, 1 - 0.8 * np.clip((along - 0.6) / 0.4, 0, 1) ** 1.5)
    return np.broadcast_to((radius_m * profile).astype(np.float32), (count, points))


def join(groups: Sequence[Strands]) -> Strands:
    """Join all groups, resampled to the largest number of points among them."""
    points = max(group.points_m.shape[1] for group in groups)
    return Strands(
        np.concatenate([_resampled(group.points_m, points) for group in groups]),
        np.concatenate([_resampled(group.radius_m[..., None], points)[..., 0] for group in groups]),
        np.concatenate([group.colour for group in groups]),
        np.concatenate([group.kind for group in groups]),
    )


def fewer_strands(hair: Strands, share: float) -> tuple[Strands, IntArray]:
    """Keep a share of the head's strands, made wider in return; brows, lashes and beard stay.

    A larger share contains the strands of a smaller one.

    Args:
        hair: all strands.
        share: 0..1 of the head's strands.
    Returns:
        The strands, and their indices among all.
    """
    head = np.flatnonzero(hair.kind == HEAD_HAIR)
    # Multiples of the golden ratio are spread evenly however many are taken.
    shown = head[np.arange(len(head)) * _GOLDEN % 1 < share]
    chosen = np.sort(np.concatenate([shown, np.flatnonzero(hair.kind != HEAD_HAIR)]))
    wider = np.where(hair.kind[chosen] == HEAD_HAIR, len(head) / max(len(shown), 1), 1).astype(np.float32)[:, None]
    return Strands(hair.points_m[chosen], hair.radius_m[chosen] * wider, hair.colour[chosen], hair.kind[chosen]), chosen


def _resampled(values: FloatArray, points: int) -> FloatArray:
    """Interpolate values (n, K, c) along K to another number of points."""
    have = values.shape[1]
    if have == points:
        return np.asarray(values, np.float32)
    at = np.linspace(0, have - 1, points)
    low = np.minimum(at.astype(int), have - 2)
    share = (at - low)[:, None]
    return np.asarray(values[:, low] * (1 - share) + values[:, low + 1] * share, np.float32)
