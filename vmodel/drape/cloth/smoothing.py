"""Means over neighbouring particles of the cloth."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from vmodel.drape.cloth.mesh import Cloth
from vmodel.types import FloatArray


def spread(cloth: Cloth, values: FloatArray, rounds: int) -> FloatArray:
    """Smooth values over the cloth: every particle takes the mean of itself and its neighbours."""
    n = cloth.count
    i, j = cloth.edges[:, 0], cloth.edges[:, 1]
    links = sparse.coo_matrix((np.ones(2 * len(i)), (np.r_[i, j], np.r_[j, i])), (n, n)).tocsr() + sparse.eye(n)
    mean = sparse.diags(1 / np.asarray(links.sum(1)).ravel()) @ links
    for _ in range(rounds):
        values = mean @ values
    return np.asarray(values)


def smooth_jags(cloth: Cloth, positions_m: FloatArray) -> FloatArray:
    """Return (N, 3) float64 positions without the finest jags; open edges stay as they are."""
    rough = np.asarray(positions_m, float)
    smooth = spread(cloth, rough, 1)
    return np.where(cloth.rim[:, None], rough, rough + 0.35 * (smooth - rough))
