"""Last touches and the verdict: is the garment outside the body, unstretched, and still worn?"""

# mypy: disable-error-code="untyped-decorator,valid-type"

from __future__ import annotations

import numpy as np
import warp as wp

from vmodel.body.anny_model import init_warp
from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.drape.dress import Dressed
from vmodel.drape.held import band_edges, shoulder_edges
from vmodel.drape.openings import unthreaded
from vmodel.errors import DrapeFailed
from vmodel.types import DrapeReport, FloatArray, Garment, IntArray, PosedBody

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


@wp.kernel
def _signed(
    mesh: wp.uint64,
    x: wp.array(dtype=wp.vec3),
    reach: float,
    distance: wp.array(dtype=float),
    foot: wp.array(dtype=wp.vec3),
) -> None:
    i = wp.tid()
    q = wp.mesh_query_point_sign_normal(mesh, x[i], reach)
    distance[i] = reach
    if q.result:
        at = wp.mesh_eval_position(mesh, q.face, q.u, q.v)
        distance[i] = q.sign * wp.length(x[i] - at)
        foot[i] = at


def distance_to_body(points_m: FloatArray, vertices_m: FloatArray, faces: IntArray) -> tuple[FloatArray, FloatArray]:
    """Signed distance of points to a body (negative inside) and the nearest skin points.

    Returns:
        (P,) float32 metres, at most 0.1, and (P, 3) float32.
    """
    init_warp()
    mesh = wp.Mesh(
        points=wp.array(np.ascontiguousarray(vertices_m, np.float32), dtype=wp.vec3, device="cpu"),
        indices=wp.array(np.ascontiguousarray(faces.ravel(), np.int32), dtype=int, device="cpu"),
    )
    x = wp.array(np.ascontiguousarray(points_m, np.float32), dtype=wp.vec3, device="cpu")
    distance = wp.zeros(len(points_m), dtype=float, device="cpu")
    foot = wp.zeros(len(points_m), dtype=wp.vec3, device="cpu")
    wp.launch(_signed, len(points_m), inputs=[mesh.id, x, 0.1, distance, foot], device="cpu")
    return np.array(distance.numpy()), np.array(foot.numpy())


def finish_cloth(cloth: Cloth, positions_m: FloatArray, posed: PosedBody, room_m: float = 0.002) -> FloatArray:
    """Smooth the finest jags, straighten seams of pieces, and lift what lies closer to the skin than ``room_m``."""
    from vmodel.drape.sewn_cloth import straight_seams
    from vmodel.drape.start import smooth_jags

    finished = straight_seams(cloth, smooth_jags(cloth, positions_m))
    for room in (*(room_m,) * 3, *(0.3 * room_m,) * 6):  # cloth pinched between limbs has less room
        distance, foot = distance_to_body(finished, posed.vertices_m, posed.faces)
        out = finished - foot
        out *= np.sign(distance)[:, None] / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
        close = distance < room
        finished = np.where(close[:, None], foot + out * (room + 1e-4), finished)
    return finished.astype(np.float32)


def report_drape(
    garment: Garment, cut: Cloth, cloth: Cloth, positions_m: FloatArray, posed: PosedBody, dressed: Dressed,
    attempts: int, seconds: float,
) -> DrapeReport:  # fmt: skip
    """Measure a finished drape; ``cut`` is the cloth before, ``cloth`` after it was let out."""
    distance, _ = distance_to_body(positions_m, posed.vertices_m, posed.faces)
    lengths = np.linalg.norm(positions_m[cloth.edges[:, 0]] - positions_m[cloth.edges[:, 1]], axis=1)
    plain = ~cloth.elastic & (dressed.held.rest_scale == 1)
    strain = lengths[plain] / cloth.edge_rest_m[plain]
    return DrapeReport(
        inside_share=float((distance < 0).mean()),
        widest_seam_gap_mm=0.0,
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
