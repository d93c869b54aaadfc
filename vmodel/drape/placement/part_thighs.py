"""Separation of touching thighs: they overlap on a body made of a surface alone and would trap cloth between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vmodel.body.mesh.measure import vertices_on
from vmodel.body.model.body import Body
from vmodel.garment.sizing.measure import is_sewn
from vmodel.types import FloatArray, Garment, PosedBody

GAP_M = 0.008
THIGH_BONES = ("upperleg01", "upperleg02")


def goes_between(garment: Garment) -> bool:
    """Return whether legs are sewn from pieces: their fork and inseams lie between the thighs."""
    return is_sewn(garment) and garment.kind.category.has_legs


def separate_thighs(garment: Garment, body: Body, posed: PosedBody) -> PosedBody:
    """Part the body's thighs where the garment goes between them."""
    if not goes_between(garment):
        return posed
    return replace(posed, vertices_m=parted_thighs(body)(posed.vertices_m))


def parted_thighs(body: Body) -> Callable[[FloatArray], FloatArray]:
    """Return a function that projects overlapping thigh vertices onto planes midway between both, each on its side.

    Args:
        body: for its labels.
    Returns:
        From (V, 3) vertices in metres to (V, 3) float32 with thighs at least ``GAP_M`` apart.
    """
    halves = [
        [np.flatnonzero(vertices_on(body.surface, f"{bone}.{side}".__eq__)) for bone in THIGH_BONES] for side in "LR"
    ]

    def parted(body_m: FloatArray) -> FloatArray:
        before = np.asarray(body_m, np.float32)
        moved = before.copy()
        axes = [np.stack([before[own].mean(axis=0) for own in half]) for half in halves]
        for half, (begin, end), (other, other_end) in zip(halves, axes, axes[::-1], strict=True):
            thigh = np.concatenate(half)
            long = end - begin
            along = ((before[thigh] - begin) @ long / (long @ long))[:, None]
            own, across = begin + along * long, other + along * (other_end - other)
            way = (own - across) / np.linalg.norm(own - across, axis=1, keepdims=True)
            beside = ((before[thigh] - (own + across) / 2) * way).sum(axis=1)
            moved[thigh] += np.maximum(GAP_M / 2 - beside, 0.0)[:, None] * way
        return moved

    return parted
