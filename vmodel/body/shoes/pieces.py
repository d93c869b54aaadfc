"""Meshes of a shoe's parts, in mm: grids, their raised edges, cords and linings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vmodel.types import BoolArray, FloatArray, IntArray

_LIP_MM, _CLOTH_MM = 14.0, 2.4
_SINK_MM = 0.6


@dataclass(frozen=True, eq=False)
class Piece:
    """Mesh of one material.

    Attributes:
        vertices: (n, 3) in mm.
        triangles: (t, 3) counter-clockwise seen from outside.
        material: of all of it.
        is_shell: hems are laid over it; it is smooth, and no small part on top of another.
    """

    vertices: FloatArray
    triangles: IntArray
    material: str
    is_shell: bool = False


def grid_piece(points: FloatArray, material: str, inside: FloatArray, closed: bool = False) -> Piece:
    """Turn a grid of points (rows, columns, 3) into a piece.

    Args:
        points: of the grid.
        material: of all of it.
        inside: (3,) or (rows - 1, columns, 3), what the piece faces away from.
        closed: the last column joins the first.
    """
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.hstack([index, index[:, :1]])
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.stack([a, b, c, b, d, c], axis=-1).reshape(-1, 3)
    vertices = points.reshape(-1, 3)
    corners = vertices[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = corners.mean(axis=1) - (
        inside if inside.ndim == 1 else np.repeat(inside[:, : a.shape[1]], 2, axis=1).reshape(-1, 3)
    )
    faces = float(np.sum(np.sign(np.sum(normal * away, axis=1)) * np.linalg.norm(normal, axis=1)))
    return Piece(vertices, triangles if faces > 0 else triangles[:, ::-1], material)


def lining_pieces(
    edge: FloatArray, middle: FloatArray, is_open: FloatArray | BoolArray, closed: bool = True
) -> Iterator[Piece]:
    """Return the lining from the edge (n, 3) of an opening over its thickness down the inside."""
    inward = middle - edge[:, :2]
    inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-6)
    step = np.column_stack([inward * _CLOTH_MM, np.zeros(len(edge))]) * is_open
    down = np.array([0, 0, -_LIP_MM]) * is_open
    rows = np.stack([edge, edge + step + (0, 0, 0.4) * is_open, edge + step + 0.5 * down, edge + step + down])
    inside = edge + 12 * np.column_stack([-inward, np.zeros(len(edge))]) + (0, 0, -8)
    yield grid_piece(rows, "lining", np.broadcast_to(inside, (len(rows) - 1, *inside.shape)), closed)


def raised(base: FloatArray, normal: FloatArray, thick_mm: float) -> FloatArray:
    """Raise a grid (rows, columns, 3) off its surface, its border bent down to it."""
    high = base + normal * thick_mm
    soft = base + normal * (0.72 * thick_mm)
    high[[0, -1]], high[:, [0, -1]] = soft[[0, -1]], soft[:, [0, -1]]
    sunk = base - normal * _SINK_MM
    body = np.concatenate([sunk[:1], high, sunk[-1:]])
    edges = np.concatenate([sunk[:1], sunk, sunk[-1:]])
    return np.concatenate([edges[:, :1], body, edges[:, -1:]], axis=1)


def tube(path: FloatArray, up: FloatArray, radius_mm: tuple[float, float], material: str, sides: int = 8) -> Piece:
    """Return a cord along a path (n, 3) with closed ends; ``up`` (n, 3) is the direction of its second radius."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    across = np.cross(ahead, up)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    off = np.cross(across, ahead)
    turn = np.arange(sides) * 2 * np.pi / sides
    size = np.ones(len(path))
    size[[0, -1]] = 0.02
    ring = (
        np.cos(turn)[None, :, None] * across[:, None] * radius_mm[0]
        + np.sin(turn)[None, :, None] * off[:, None] * radius_mm[1]
    )
    grid = path[:, None] + ring * size[:, None, None]
    return grid_piece(grid, material, np.broadcast_to(path[:-1, None], (len(path) - 1, sides, 3)), closed=True)
