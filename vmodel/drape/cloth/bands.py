"""Ribs and gathers: strips along edges whose cloth relaxes to less than it was cut, and so draws in what it is sewn to.

A strip gets shorter along its edge only. Across it the cloth keeps its length, so that the strip's height is the same
everywhere; above it the cloth bulges.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from vmodel.drape.cloth.mesh import Cloth
from vmodel.types import FloatArray, Garment

_DRAWS: float = 0.99
"""Share of its length below which both ends of a link are in a strip."""


def with_bands(cloth: Cloth, garment: Garment) -> Cloth:
    """Return the cloth with the lengths to which the bands of its panels relax.

    Args:
        cloth: of the garment, ``flat_cm`` in its panels.
        garment: with its panels.
    """
    lengths, bends, elastic = cloth.edge_rest_m, cloth.bend_rest_m, cloth.elastic
    for name in dict.fromkeys(name for panel in garment.panels for name in panel.bands):
        own = [number for number, panel in enumerate(garment.panels) if name in panel.bands]
        lines = [np.asarray(garment.panels[number].edges[name], float) for number in own]
        bands = [garment.panels[number].bands[name] for number in own]
        drawn = np.min([_drawn_in(cloth, *each) for each in zip(own, lines, bands, strict=True)], axis=0)
        along = lines[0][-1] - lines[0][0]
        across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-9)
        lengths = lengths * _factors(drawn[cloth.edges].mean(axis=1), cloth.flat_cm[cloth.edges] @ across, lengths)
        bends = bends * _factors(drawn[cloth.bends].mean(axis=1), cloth.flat_cm[cloth.bends] @ across, bends)
        elastic = elastic | (drawn[cloth.edges].max(axis=1) < _DRAWS)
    return replace(cloth, edge_rest_m=lengths, bend_rest_m=bends, elastic=elastic)


def _factors(share: FloatArray, across_cm: FloatArray, rest_m: FloatArray) -> FloatArray:
    """Return (P,) factors on the lengths of pairs: what runs across a strip keeps its length, also over a seam.

    Args:
        share: (P,) to which the strip relaxes there.
        across_cm: (P, 2) places of both ends across the strip.
        rest_m: (P,) lengths as cut.
    """
    upright = np.clip(np.diff(across_cm, axis=1)[:, 0] / (100 * rest_m), -1, 1) ** 2
    return np.asarray(np.sqrt(share**2 * (1 - upright) + upright))


def _drawn_in(cloth: Cloth, panel: int, line: FloatArray, band: tuple[float, float]) -> FloatArray:
    """Return the (N,) share of its cut length of each particle; 1 from one spacing above the band on."""
    height_cm, least = band
    share = np.ones(cloth.count)
    own = cloth.triangle_panel == panel
    corners, owner = cloth.panel_cm[own].reshape(-1, 2), cloth.triangles[own].ravel()
    away = shapely.distance(shapely.points(corners), shapely.LineString(line))
    inside = np.clip((height_cm + cloth.spacing_cm / 2 - away) / cloth.spacing_cm, 0, 1)
    np.minimum.at(share, owner, 1 - (1 - least) * inside)
    return share
