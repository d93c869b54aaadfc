"""Socks: the skin of foot and ankle up to a height, a little further out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.types import FloatArray, IntArray, PosedBody

DRAWN_IN_M = 0.005
"""How far the skin inside a shoe is drawn in, so that no toe shows through."""
_THICK_M = 0.0016


@dataclass(frozen=True, eq=False)
class Sock:
    """Both socks as parts of the body's skin.

    Attributes:
        matrix: (n, V) sparse; their vertices on the skin are matrix @ those of the body.
        triangles: (t, 3) int32.
        inside: (n,) 0..1, how far their vertices lie inside a shoe.
        material: index into ``WornShoes.looks``.
    """

    matrix: Any
    triangles: IntArray
    inside: FloatArray
    material: int

    def on(self, posed: PosedBody) -> FloatArray:
        """Return the vertices (n, 3) float32 in a pose."""
        body = np.asarray(posed.vertices_m, np.float32)
        skin = np.asarray(self.matrix @ body)
        outward = np.asarray(self.matrix @ vertex_normals(body, np.asarray(posed.faces)))
        return np.asarray(skin + (_THICK_M - DRAWN_IN_M * self.inside)[:, None] * outward, np.float32)


def cut_sock(faces: IntArray, height: FloatArray, inside: FloatArray, material: int) -> Sock:
    """Cut the skin below a height.

    Args:
        faces: (F, 3) of the body.
        height: (V,) of each vertex over the sock's edge, negative below it; infinite where no sock is.
        inside: (V,) 0..1, how far each vertex lies inside a shoe.
        material: of the sock.
    """
    below = height < 0
    count = below[faces].sum(axis=1)
    # Each corner is a vertex, or two where the edge crosses their connection.
    triangles: list[tuple[tuple[int, int], ...]] = [((a, a), (b, b), (c, c)) for a, b, c in faces[count == 3].tolist()]
    for a, b, c in faces[(count == 1) | (count == 2)].tolist():
        alone, second, third = next(
            turned
            for turned in ((a, b, c), (b, c, a), (c, a, b))
            if (below[list(turned)] == below[turned[0]]).sum() == 1
        )
        if below[alone]:
            triangles.append(((alone, alone), (alone, second), (alone, third)))
        else:
            triangles.append(((second, alone), (second, second), (third, third)))
            triangles.append(((second, alone), (third, third), (third, alone)))
    number = {corner: index for index, corner in enumerate(dict.fromkeys(each for face in triangles for each in face))}
    low, high = np.array(list(number)).T
    apart = np.where(low == high, 1.0, height[low] - height[high])
    share = np.where((low == high) | ~np.isfinite(apart), 0.0, height[low] / apart)
    rows = np.arange(len(number))
    matrix = sparse.csr_matrix(
        (np.concatenate([1 - share, share]), (np.concatenate([rows, rows]), np.concatenate([low, high]))),
        (len(number), len(height)),
        dtype=np.float32,
    )
    index = np.array([[number[corner] for corner in face] for face in triangles], np.int32)
    return Sock(matrix, index, np.asarray(matrix @ inside), material)
