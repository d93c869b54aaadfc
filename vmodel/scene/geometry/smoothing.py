"""Smoothing of values at a mesh's vertices."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from vmodel.types import IntArray


def averaging(triangles: IntArray, count: int) -> sparse.csr_matrix:
    """Return a matrix (count, count) float32 that makes each vertex half itself, half the mean of its neighbours."""
    rows = triangles[:, [0, 1, 2, 1, 2, 0]].reshape(-1)
    columns = triangles[:, [1, 2, 0, 0, 1, 2]].reshape(-1)
    links = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (count, count))
    degree = np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1)
    return (sparse.diags(0.5 / degree) @ links + sparse.identity(count) * 0.5).tocsr().astype(np.float32)
