"""Does the sleeve cover the arm? Cloth that was torn through a stout arm lies outside of it, and yet the arm shows."""

from __future__ import annotations

import numpy as np

from vmodel.body.measure import vertices_on
from vmodel.body.model import Body
from vmodel.body.subdivision import vertex_normals
from vmodel.drape.cloth import Cloth
from vmodel.drape.ray_hits import first_hits
from vmodel.types import FloatArray, PosedBody

BARE_LIMIT = 0.13
"""Share of an upper arm that may show: a gaping armhole shows a tenth, a torn sleeve three tenths and more."""
REACH_M = 0.15
END_M = 0.03
"""Margin at the sleeve's end, whose cuff may lie askew."""


def bare_share(cloth: Cloth, positions_m: FloatArray, on_arm: FloatArray, body: Body, posed: PosedBody) -> float:
    """Largest share of an upper arm that shows where its sleeve should cover it.

    Args:
        cloth: the garment's particles and triangles.
        positions_m: (N, 3).
        on_arm: (N,) share of each particle that belongs to a sleeve; positive left, negative right.
        body: for the bones of its skin.
        posed: the body under the cloth.
    Returns:
        0..1; 0 for garments without sleeves.
    """
    worst = 0.0
    skin = np.asarray(posed.vertices_m, np.float32)
    outward = vertex_normals(skin, posed.faces)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        sleeve = np.asarray(positions_m, float)[sign * on_arm > 0.6]
        if len(sleeve) < 40:
            continue
        shoulder, elbow = (np.asarray(posed.joints_m[f"{bone}.{side}"], float) for bone in ("upperarm01", "lowerarm01"))
        length = float(np.linalg.norm(elbow - shoulder))
        axis = (elbow - shoulder) / length
        end = float(np.quantile((sleeve - shoulder) @ axis, 0.9)) - END_M
        along = (skin - shoulder) @ axis
        arm = vertices_on(body.surface, (f"upperarm02.{side}").__eq__)
        arm &= (along > 0.3 * length) & (along < min(end, 0.95 * length))
        if arm.sum() >= 12:
            starts = skin[arm] - 0.002 * outward[arm]
            far, _ = first_hits(positions_m, cloth.triangles, starts, outward[arm], REACH_M)
            worst = max(worst, float((far >= np.float32(REACH_M)).mean()))
    return worst
