"""Frontal view of the body, and the garment's landmarks that are laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vmodel.body.mesh.measure import vertices_on
from vmodel.body.model.body import Body
from vmodel.types import BoolArray, FloatArray, Garment, PosedBody

CELL_M = 0.01
ARM_BONES = ("upperarm02", "lowerarm", "wrist", "metacarpal", "finger")


@dataclass(frozen=True, eq=False)
class Outline:
    """The body seen from the front, in cells of ``CELL_M``.

    Attributes:
        low: (x, z) metres of the first cell.
        front, back: (X, Z) metres, smallest and largest y; NaN off the body.
    """

    low: FloatArray
    front: FloatArray
    back: FloatArray

    def cell(self, x: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return fractional cell indices."""
        return (x - self.low[0]) / CELL_M, (z - self.low[1]) / CELL_M


def body_outline(posed: PosedBody, keep: BoolArray | None = None) -> Outline:
    """Return the depth range of the body (or of its faces ``keep``) over each cell of the frontal plane."""
    faces = posed.faces if keep is None else posed.faces[keep]
    corners = np.asarray(posed.vertices_m, float)[faces]
    weights = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
    points = np.einsum("wk,fkc->fwc", weights / weights.sum(1, keepdims=True), corners).reshape(-1, 3)
    low = np.array([posed.vertices_m[:, 0].min() - 0.3, -0.1])
    shape = (
        round((posed.vertices_m[:, 0].max() + 0.3 - low[0]) / CELL_M),
        round((posed.vertices_m[:, 2].max() + 0.3) / CELL_M),
    )
    index = np.floor((points[:, [0, 2]] - low) / CELL_M).astype(int)
    front, back = np.full(shape, np.inf), np.full(shape, -np.inf)
    np.minimum.at(front, (index[:, 0], index[:, 1]), points[:, 1])
    np.maximum.at(back, (index[:, 0], index[:, 1]), points[:, 1])
    empty = ~np.isfinite(front)
    front[empty] = back[empty] = np.nan
    return Outline(low, front, back)


def trunk_faces(body: Body, without: tuple[str, ...] = ARM_BONES) -> BoolArray:
    """Return an (F,) mask of faces without the arms, or without bones whose names begin like one of ``without``."""
    arm = vertices_on(body.surface, lambda bone: bone.startswith(without))
    return np.asarray(~arm[body.surface.faces].any(axis=1))


def landmarks_m(garment: Garment) -> Mapping[str, FloatArray]:
    """Return the landmarks in metres of the panel space."""
    return {name: np.asarray(point, float) / 100 for name, point in garment.landmarks_cm.items()}
