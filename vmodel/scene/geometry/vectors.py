"""Dot products and lengths of many 3-vectors; several times faster than summing products along an axis."""

from __future__ import annotations

import numpy as np

from vmodel.types import FloatArray


def dot(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the dot products (...) of vectors (..., 3)."""
    return np.asarray(np.einsum("...i,...i->...", first, second))


def length(vectors: FloatArray) -> FloatArray:
    """Return the lengths (...) of vectors (..., 3)."""
    return np.asarray(np.sqrt(dot(vectors, vectors)))


def unit(vectors: FloatArray) -> FloatArray:
    """Scale vectors (..., 3) to length one; zero stays zero."""
    return np.asarray(vectors / np.maximum(length(vectors), 1e-12)[..., None])
