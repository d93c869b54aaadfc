"""Figures of the cloth wherever it lies: whole, unstretched, right side out, outside the body, off the floor."""

from __future__ import annotations

import numpy as np
import shapely

from vmodel.drape.geometry.signed_distance import distance_to_body
from vmodel.quality.wear.views import WornView
from vmodel.types import BoolArray, Category, FloatArray

_CRUSHED = 0.1
_BLOWN = 1.7
"""Strain of an edge that no cloth has; the rest lengths are those after a cut was let out."""
_STRETCH_CLOTH = 1.12
"""Stretch of swimwear at its straps and elastic edges, as a factor on its length."""
_NEAR_M, _DEEP_M = 0.08, 0.006
_FLOOR_M = 0.02
_REACH_M = 0.25
"""Distance from the skin; only cloth further out than a wide skirt's hem exceeds it."""


def cloth_figures(view: WornView) -> dict[str, float]:
    """Measure the cloth; the lower each figure, the better.

    Args:
        view: the garment on the body.
    Returns:
        Figure's name -> share, degree of stretch or cm; see ``vmodel.quality.wear.judge.LIMITS``.
    """
    return {
        # Cloth under another garment lacks the parts that would show through.
        **({"missing": _missing(view)} if view.beside is None else {}),
        **_edge_figures(view),
        "crushed": _share(view.worn_cm2 < _CRUSHED * view.area_cm2, view.area_cm2),
        "inside out": _inside_out(view),
        "in the body": _in_body(view),
        "off the body": _share(view.on_body.away_m > _REACH_M, view.area_cm2),
        **_low_figures(view),
    }


def _missing(view: WornView) -> float:
    """Return the share of the cut that is not in the cloth."""
    cut = sum(float(shapely.Polygon(each.outline_cm, each.holes).area) for each in view.garment.panels)
    return max(0.0, 1 - float(view.area_cm2.sum()) / max(cut, 1e-6))


def _edge_figures(view: WornView) -> dict[str, float]:
    drape = view.drape
    ends = np.asarray(drape.vertices_m, float)[np.asarray(drape.rest_edges)]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    rest = np.asarray(drape.rest_lengths_m, float)
    strain = length / np.maximum(rest, 1e-4)
    figures = {"stretch": abs(float(np.median(strain)) - 1)}
    if view.beside is None:  # cloth that is tucked in or pressed under another garment is crumpled out of sight
        gives = _STRETCH_CLOTH if view.kind.category == Category.SWIMWEAR else 1.0
        figures["most stretch"] = float(np.percentile(strain, 99)) / gives - 1
        figures["blown up"] = float((strain > _BLOWN).mean())
        figures["spike"] = 100 * float((length - 2 * rest).max(initial=0.0))
    return figures


def _inside_out(view: WornView) -> float:
    """Return the share of the cloth near the skin whose outside faces it."""
    where = view.on_body
    near = where.away_m < _NEAR_M
    facing = (view.normal * view.chart.normals[where.vertex]).sum(axis=1)
    return _share(facing[near] < 0, view.area_cm2[near])


def _in_body(view: WornView) -> float:
    points = view.middle_m
    inside = distance_to_body(points, view.chart.posed_m, view.chart.posed.faces)[0] < -_DEEP_M
    return _share(inside, view.area_cm2)


def _low_figures(view: WornView) -> dict[str, float]:
    """Measure cloth on the floor, and cloth on skin well below its intended end."""
    lowest_cm = float(view.middle_cm[:, 1].min())
    top_cm, scale = view.anchor[0], view.chart.scale
    own = view.sleeve == 0
    meant = float(view.rest_height_m(np.array(lowest_cm)))
    below = view.on_body.rest_m[:, 2] < meant - 0.1 * scale - 0.1 * (top_cm - lowest_cm) / 100
    figures = {"below its hem": _share(below[own], view.area_cm2[own])}
    if meant > 0.2 * scale:
        figures["on the floor"] = _share(view.middle_m[:, 2] < _FLOOR_M, view.area_cm2)
    return figures


def _share(chosen: BoolArray, weights: FloatArray) -> float:
    return float(weights[chosen].sum() / max(float(weights.sum()), 1e-9))
