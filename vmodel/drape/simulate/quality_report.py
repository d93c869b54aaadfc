"""Finishing and verdict: the garment must be outside the body, unstretched, and still worn."""

from __future__ import annotations

import numpy as np

from vmodel.body.model.body import Body
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.cloth.smoothing import smooth_jags
from vmodel.drape.geometry.signed_distance import distance_to_body, push_out
from vmodel.drape.placement.attachments import band_edges, shoulder_edges
from vmodel.drape.placement.pattern_cloth import straight_seams
from vmodel.drape.placement.straps import lay_straps
from vmodel.drape.simulate.arm_coverage import TORN_LIMIT, torn_share
from vmodel.drape.simulate.opening_check import unthreaded_openings
from vmodel.drape.simulate.put_on import Dressed
from vmodel.errors import DrapeFailed
from vmodel.types import DrapeReport, FloatArray, Garment, PosedBody

INSIDE_LIMIT = 0.001
FEW_INSIDE = 4
"""Number of particles that may lie inside the body however small the cloth: a crotch is pinched between thighs."""
SEAM_LIMIT_MM = 3.0
MEDIAN_LIMIT = 1.03
P99_LIMIT, P99_SEWN_LIMIT = 1.35, 1.20
"""Limits on the 99th percentile of edge strain: of a cut that is fitted to the body from a photo, whose armholes and
crotch are a guess, and of a sewing pattern, whose size is given."""
WORN_DISTANCE_M = 0.06
SLIPPED_M = 0.06
SLIPPED = "it slips off, or an arm is not in its sleeve"


def finish_cloth(cloth: Cloth, positions_m: FloatArray, posed: PosedBody, room_m: float = 0.002) -> FloatArray:
    """Smooth jags, straighten seams of pieces, lay straps flat; lift what lies closer to the skin than ``room_m``."""
    finished = lay_straps(cloth, straight_seams(cloth, smooth_jags(cloth, positions_m)), posed)
    for room in (*(room_m,) * 3, *(0.3 * room_m,) * 6):  # cloth pinched between limbs has less room
        finished = push_out(finished, posed, room)
    return finished.astype(np.float32)


def report_drape(
    garment: Garment, cut: Cloth, cloth: Cloth, positions_m: FloatArray, body: Body, posed: PosedBody, dressed: Dressed,
    attempts: int, seconds: float,
) -> DrapeReport:  # fmt: skip
    """Measure a finished drape; ``cut`` is the cloth before, ``cloth`` after it was let out."""
    distance, _ = distance_to_body(positions_m, posed.vertices_m, posed.faces)
    lengths = np.linalg.norm(positions_m[cloth.edges[:, 0]] - positions_m[cloth.edges[:, 1]], axis=1)
    plain = ~cloth.elastic & (dressed.attachments.rest_scale == 1)
    strain = lengths[plain] / cloth.edge_rest_m[plain]
    return DrapeReport(
        inside_share=float((distance < 0).mean()),
        widest_seam_gap_mm=widest_seam_gap_mm(garment, cloth, positions_m),
        stretch_median=float(np.median(strain)),
        stretch_p99=float(np.percentile(strain, 99)),
        let_out_p99=float(np.percentile(cloth.edge_rest_m / cut.edge_rest_m, 99)),
        worn=_is_worn(garment, cloth, positions_m, distance, posed)
        and not unthreaded_openings(garment, cloth, positions_m, posed)
        and not (garment.kind.category.covers_upper and torn_share(cloth, positions_m, body, posed) > TORN_LIMIT),
        vertices=cloth.count,
        attempts=attempts,
        seconds=seconds,
    )


def widest_seam_gap_mm(garment: Garment, cloth: Cloth, positions_m: FloatArray) -> float:
    """Return the widest gap between the two sides of a seam; welded seams do not part."""
    widest = 0.0
    for seam in garment.seams:
        first, second = (positions_m[cloth.edge_particles[end]] for end in (seam.first, seam.second))
        apart = np.linalg.norm(first - (second[::-1] if seam.reverse else second), axis=1)
        widest = max(widest, 1000 * float(apart.max()))
    return widest


def _is_worn(garment: Garment, cloth: Cloth, positions_m: FloatArray, distance: FloatArray, posed: PosedBody) -> bool:
    """Return whether shoulders or band still lie on the body."""
    if not np.isfinite(positions_m).all():
        return False
    keys = shoulder_edges(garment) + band_edges(garment)
    for key in shoulder_edges(garment):
        joint = float(min(posed.joints_m[f"upperarm01.{side}"][2] for side in "LR"))
        if float(positions_m[cloth.edge_particles[key], 2].mean()) < joint - SLIPPED_M:
            return False
    held = np.unique(np.concatenate([cloth.edge_particles[key] for key in keys])) if keys else np.arange(cloth.count)
    return float(np.median(distance[held])) < WORN_DISTANCE_M


def failure_reason(report: DrapeReport, garment: Garment) -> str | None:
    """Return why a drape is not good enough, or None."""
    most = P99_SEWN_LIMIT if garment.scale_source == "pattern" else P99_LIMIT
    if not report.worn:
        return SLIPPED
    if report.inside_share > max(INSIDE_LIMIT, FEW_INSIDE / report.vertices):
        return f"{report.inside_share:.1%} of it lies inside the body"
    if report.widest_seam_gap_mm > SEAM_LIMIT_MM:
        return f"a seam gapes by {report.widest_seam_gap_mm:.0f} mm"
    if report.stretch_median > MEDIAN_LIMIT or report.stretch_p99 > most:
        return "it is too tight for this body"
    return None


def assert_usable(body: Body, garment: Garment) -> None:
    """Refuse a garment that has no scale yet.

    Raises:
        DrapeFailed: its panels are still in pixels.
    """
    if garment.cm_per_px <= 0:
        raise DrapeFailed(f"its size on {body.model.id} is unknown")
