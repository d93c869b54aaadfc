"""Last touches and the verdict: is the garment outside the body, unstretched, and still worn?"""

from __future__ import annotations

import numpy as np

from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.drape.dress import Dressed
from vmodel.drape.held import band_edges, shoulder_edges
from vmodel.drape.openings import unthreaded
from vmodel.drape.outside import distance_to_body, push_out
from vmodel.drape.straps import lay_straps, on_strap
from vmodel.errors import DrapeFailed
from vmodel.types import DrapeReport, FloatArray, Garment, PosedBody

INSIDE_LIMIT = 0.001
SEAM_LIMIT_MM = 3.0
MEDIAN_LIMIT = 1.03
P99_LIMIT = 1.20
WORN_DISTANCE_M = 0.06
SLEEVE_REACH_M = 0.2
SLEEVE_CORE = (0.35, 0.97)
"""Part of a sleeve's particles, counted along the arm, whose rings must surround it."""
SLIPPED_M = 0.06
SLIPPED = "it slips off, or an arm is not in its sleeve"


def finish_cloth(cloth: Cloth, positions_m: FloatArray, posed: PosedBody, room_m: float = 0.002) -> FloatArray:
    """Smooth jags, straighten seams of pieces, lay straps flat; lift what lies closer to the skin than ``room_m``."""
    from vmodel.drape.sewn_cloth import straight_seams
    from vmodel.drape.start import smooth_jags

    finished = lay_straps(cloth, straight_seams(cloth, smooth_jags(cloth, positions_m)), posed)
    for room in (*(room_m,) * 3, *(0.3 * room_m,) * 6):  # cloth pinched between limbs has less room
        finished = push_out(finished, posed, room)
    return finished.astype(np.float32)


def report_drape(
    garment: Garment, cut: Cloth, cloth: Cloth, positions_m: FloatArray, posed: PosedBody, dressed: Dressed,
    attempts: int, seconds: float,
) -> DrapeReport:  # fmt: skip
    """Measure a finished drape; ``cut`` is the cloth before, ``cloth`` after it was let out."""
    distance, _ = distance_to_body(positions_m, posed.vertices_m, posed.faces)
    lengths = np.linalg.norm(positions_m[cloth.edges[:, 0]] - positions_m[cloth.edges[:, 1]], axis=1)
    # Straps have sliders: the length at which a top of guessed size is held up is not the photo's.
    set_by_slider = on_strap(cloth)[cloth.edges].all(axis=1) & (garment.scale_source == "guessed")
    plain = ~cloth.elastic & (dressed.held.rest_scale == 1) & ~set_by_slider
    strain = lengths[plain] / cloth.edge_rest_m[plain]
    return DrapeReport(
        inside_share=float((distance < 0).mean()),
        widest_seam_gap_mm=widest_seam_gap_mm(garment, cloth, positions_m),
        stretch_median=float(np.median(strain)),
        stretch_p99=float(np.percentile(strain, 99)),
        let_out_p99=float(np.percentile(cloth.edge_rest_m / cut.edge_rest_m, 99)),
        worn=_is_worn(garment, cloth, positions_m, distance, posed)
        and not unthreaded(garment, cloth, positions_m, posed)
        and arms_in_sleeves(cloth, positions_m, posed, dressed),
        vertices=cloth.count,
        attempts=attempts,
        seconds=seconds,
    )


def widest_seam_gap_mm(garment: Garment, cloth: Cloth, positions_m: FloatArray) -> float:
    """How far the two sides of a seam lie apart where they are furthest; welded seams do not part."""
    widest = 0.0
    for seam in garment.seams:
        first, second = (positions_m[cloth.edge_particles[end]] for end in (seam.first, seam.second))
        apart = np.linalg.norm(first - (second[::-1] if seam.reverse else second), axis=1)
        widest = max(widest, 1000 * float(apart.max()))
    return widest


def _is_worn(garment: Garment, cloth: Cloth, positions_m: FloatArray, distance: FloatArray, posed: PosedBody) -> bool:
    """True if shoulders or band still lie on the body."""
    if not np.isfinite(positions_m).all():
        return False
    keys = shoulder_edges(garment) + band_edges(garment)
    for key in shoulder_edges(garment):
        joint = float(min(posed.joints_m[f"upperarm01.{side}"][2] for side in "LR"))
        if float(positions_m[cloth.edge_particles[key], 2].mean()) < joint - SLIPPED_M:
            return False
    held = np.unique(np.concatenate([cloth.edge_particles[key] for key in keys])) if keys else np.arange(cloth.count)
    return float(np.median(distance[held])) < WORN_DISTANCE_M


def arms_in_sleeves(cloth: Cloth, positions_m: FloatArray, posed: PosedBody, dressed: Dressed) -> bool:
    """True if the cloth of each sleeve surrounds the arm along most of the sleeve.

    The sleeve's root is left out: beside a stout body it ends in the torso's cloth.
    """
    for side, sign in (("L", 1.0), ("R", -1.0)):
        sleeve = np.asarray(positions_m, float)[sign * dressed.on_arm > 0.6]
        if len(sleeve) < 40:
            continue
        surrounded = []
        for upper, lower in (("upperarm01", "lowerarm01"), ("lowerarm01", "wrist")):
            head, tail = (np.asarray(posed.joints_m[f"{bone}.{side}"], float) for bone in (upper, lower))
            length = float(np.linalg.norm(tail - head))
            axis = (tail - head) / length
            along = (sleeve - head) @ axis
            core = np.quantile(along, SLEEVE_CORE)
            for at in np.arange(max(0.03, core[0]), min(length, core[1]), 0.03):
                ring = sleeve[np.abs(along - at) < 0.02] - (head + at * axis)
                near = ring[np.linalg.norm(ring, axis=1) < SLEEVE_REACH_M]
                if len(near) >= 6:
                    surrounded.append(_widest_gap(near, axis) < np.radians(160))
        if surrounded and np.mean(surrounded) < 0.6:
            return False
    return True


def _widest_gap(ring: FloatArray, axis: FloatArray) -> float:
    """Largest angle round the axis without a point, radians."""
    first = np.cross(axis, (0.0, 1.0, 0.0))
    first /= np.linalg.norm(first)
    angles = np.sort(np.arctan2(ring @ np.cross(axis, first), ring @ first))
    return float(np.diff(np.append(angles, angles[0] + 2 * np.pi)).max())


def fault_of(report: DrapeReport) -> str | None:
    """Why a drape is not good enough, or None."""
    if not report.worn:
        return SLIPPED
    if report.inside_share > INSIDE_LIMIT:
        return f"{report.inside_share:.1%} of it lies inside the body"
    if report.widest_seam_gap_mm > SEAM_LIMIT_MM:
        return f"a seam gapes by {report.widest_seam_gap_mm:.0f} mm"
    if report.stretch_median > MEDIAN_LIMIT or report.stretch_p99 > P99_LIMIT:
        return "it is too tight for this body"
    return None


def assert_usable(body: Body, garment: Garment) -> None:
    """Refuse a garment that has no scale yet.

    Raises:
        DrapeFailed: its panels are still in pixels.
    """
    if garment.cm_per_px <= 0:
        raise DrapeFailed(f"its size on {body.model.id} is unknown")
