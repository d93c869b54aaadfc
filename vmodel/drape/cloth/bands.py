"""Ribs and gathers: strips along edges whose cloth relaxes to less than it was cut, and so draws in what it is sewn to.

A strip gets shorter along its edge only. Across it the cloth keeps its length, so that the strip's height is the same
everywhere; above it the cloth bulges.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from vmodel.drape.cloth.mesh import Cloth
from vmodel.types import BoolArray, FloatArray, Garment, IntArray

_DRAWS: float = 0.99
"""Share of its length below which a link counts as elastic."""


def with_bands(cloth: Cloth, garment: Garment) -> Cloth:
    """Return the cloth with the lengths to which the bands of its panels relax.

    Args:
        cloth: of the garment, ``flat_cm`` in its panels.
        garment: with its panels.
    """
    lengths, bends, elastic = cloth.edge_rest_m.copy(), cloth.bend_rest_m.copy(), cloth.elastic.copy()
    for number, panel in enumerate(garment.panels):
        for name, (height_cm, least) in panel.bands.items():
            line = np.asarray(panel.edges[name], float)
            drawn = _drawn_in(cloth, number, line, height_cm, least)
            along = (line[-1] - line[0]) / max(float(np.linalg.norm(line[-1] - line[0])), 1e-9)
            for rest, pairs, own in (
                (lengths, cloth.edges, cloth.edge_direction),
                (bends, cloth.bends, _directions(cloth, cloth.bends)),
            ):
                share = drawn[pairs].mean(axis=1)
                level = (own @ along) ** 2
                factor = np.sqrt(share**2 * level + 1 - level)
                both = _within(cloth, number, pairs)
                rest[both] = np.minimum(rest[both], (rest * factor)[both])
                if rest is lengths:
                    elastic |= both & (factor < _DRAWS)
    return replace(cloth, edge_rest_m=lengths, bend_rest_m=bends, elastic=elastic)


def _drawn_in(cloth: Cloth, panel: int, line: FloatArray, height_cm: float, least: float) -> FloatArray:
    """Return the (N,) share of its cut length of each particle; 1 from one spacing above the band on."""
    share = np.ones(cloth.count)
    own = cloth.triangle_panel == panel
    corners, owner = cloth.panel_cm[own].reshape(-1, 2), cloth.triangles[own].ravel()
    away = shapely.distance(shapely.points(corners), shapely.LineString(line))
    inside = np.clip((height_cm + cloth.spacing_cm / 2 - away) / cloth.spacing_cm, 0, 1)
    np.minimum.at(share, owner, 1 - (1 - least) * inside)
    return share


def _within(cloth: Cloth, panel: int, pairs: IntArray) -> BoolArray:
    """Return which pairs of particles belong to a panel or to its seams."""
    mine = np.zeros(cloth.count, bool)
    mine[cloth.triangles[cloth.triangle_panel == panel].ravel()] = True
    return np.asarray(mine[pairs].all(axis=1))


def _directions(cloth: Cloth, pairs: IntArray) -> FloatArray:
    """Return (P, 2) unit vectors in the panel."""
    way = cloth.flat_cm[pairs[:, 1]] - cloth.flat_cm[pairs[:, 0]]
    return np.asarray(way / np.maximum(np.linalg.norm(way, axis=1), 1e-9)[:, None])
