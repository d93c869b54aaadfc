"""The drape stage: dress, move, judge, and retry with a better start."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from vmodel.body.face.expressions import actions_of
from vmodel.body.model.body import Body
from vmodel.config import Settings
from vmodel.core.array_cache import read_arrays, write_arrays
from vmodel.core.hashing import content_key
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.placement.part_thighs import separate_thighs
from vmodel.drape.placement.pattern_cloth import mesh_cloth
from vmodel.drape.simulate.arm_coverage import TORN_AT_FIRST, torn_share
from vmodel.drape.simulate.opening_check import unthreaded_openings
from vmodel.drape.simulate.pose_transition import move_to_pose
from vmodel.drape.simulate.put_on import DrapeSettings, Dressed, attempt_pose, dress
from vmodel.drape.simulate.quality_report import SLIPPED, assert_usable, failure_reason, finish_cloth, report_drape
from vmodel.errors import DrapeFailed
from vmodel.garment.sizing.measure import is_sewn
from vmodel.types import Drape, DrapeReport, FloatArray, Garment, Pose

VERSION = "drape 25"
"""Part of every key of a drape; raised when the solver's results change."""
Progress = Callable[[float], None]
"""Called with the share of a drape that is done, 0..1."""


def drape(
    garment: Garment,
    body: Body,
    pose: Pose,
    settings: Settings,
    progress: Progress | None = None,
    options: DrapeSettings | None = None,
) -> Drape:
    """Put a garment on a body and bring both into a pose.

    Args:
        garment: scaled to centimetres.
        body: the wearer.
        pose: the target.
        settings: ``cache`` holds finished drapes.
        progress: called with the share done, 0..1.
        options: resolution and effort; the defaults suit final pictures.
    Returns:
        The cloth in the pose; the same inputs give the same cloth.
    Raises:
        DrapeFailed: the garment did not stay on, with the reason.
    """
    options = options or DrapeSettings()
    tell = progress or (lambda share: None)
    assert_usable(body, garment)
    folder = settings.cache / "drapes"
    cut = mesh_cloth(garment, options.spacing_cm)
    key = drape_key(garment, body, options)
    reason = "it could not be simulated"
    for attempt in range(options.attempts):
        start = time.perf_counter()
        dressed = cached_dress(garment, cut, body, options, attempt, folder, key)
        tell(0.5)
        if not _is_on(garment, cut, dressed, body):
            reason = SLIPPED
            continue
        positions, cloth = cached_move(garment, cut, dressed, body, pose, options, folder, f"{key}-{attempt}")
        tell(1.0)
        seconds = time.perf_counter() - start
        report = report_drape(
            garment,
            cut,
            cloth,
            positions,
            body,
            separate_thighs(garment, body, body.posed(pose)),
            dressed,
            attempt + 1,
            seconds,
        )
        fault = failure_reason(report, garment)
        if fault is None:
            return _assemble(garment, cloth, positions, report)
        reason = fault
    raise DrapeFailed(reason)


def _is_on(garment: Garment, cut: Cloth, dressed: Dressed, body: Body) -> bool:
    """Return whether limbs pass their openings and arms lie in their sleeves, before garment and body move."""
    posed = body.posed(dressed.pose)
    if unthreaded_openings(garment, cut, dressed.positions_m, posed):
        return False
    if not garment.kind.category.covers_upper:
        return True
    return torn_share(cut, dressed.positions_m, body, posed) < TORN_AT_FIRST


def drape_key(garment: Garment, body: Body, options: DrapeSettings) -> str:
    """Return the cache key of a garment on a body, independent of the pose."""
    return content_key(_cut_of(garment), body.rest.vertices_m, options, version=VERSION)


def pose_key(body: Body, pose: Pose) -> str:
    """Return the part of a drape's cache key that a pose decides, with the face that collars and hoods touch."""
    return content_key(pose.rotations, actions_of(body.model, pose), version=VERSION)


def _cut_of(garment: Garment) -> list[object]:
    """List what a drape depends on; prints and photo names do not matter."""
    parts: list[object] = [
        garment.kind, garment.seams, garment.landmarks_cm, garment.sleeve_angle_deg, garment.material,
        garment.scale_source,
        [(p.name, p.side, p.edges, p.holes, p.elastic, *([p.bands] if p.bands else [])) for p in garment.panels],
    ]  # fmt: skip
    if is_sewn(garment):
        parts += [
            "taken in",
            "straight seams",
            "thighs parted",
            garment.texture_materials,
            [(p.texture, p.laid) for p in garment.panels],
        ]
    else:
        parts += ["taken in"]
    return parts


def cached_dress(
    garment: Garment, cloth: Cloth, body: Body, options: DrapeSettings, attempt: int, folder: Path, key: str
) -> Dressed:
    """Return the garment on the body in the start pose of an attempt, from the cache where it is there."""
    pose = attempt_pose(garment, body, attempt)
    stored = read_arrays(folder, f"{key}-{attempt}")
    dressed = None if stored is None else Dressed.from_arrays(stored, pose, cloth)
    if dressed is None:
        dressed = dress(garment, cloth, body, pose, options, attempt)
        write_arrays(folder, f"{key}-{attempt}", dressed.arrays())
    return dressed


def cached_move(
    garment: Garment, cut: Cloth, dressed: Dressed, body: Body, pose: Pose,
    options: DrapeSettings, folder: Path, key: str,
) -> tuple[FloatArray, Cloth]:  # fmt: skip
    """Return the cloth carried into a pose, and as it was let out for it, from the cache where it is there."""
    whole_key = f"{key}-{pose_key(body, pose)}"
    stored = read_arrays(folder, whole_key) or {}
    if stored.get("positions_m", np.zeros(0)).shape == (cut.count, 3) and {"edge_rest_m", "bend_rest_m"} <= set(stored):
        return stored["positions_m"], replace(cut, edge_rest_m=stored["edge_rest_m"], bend_rest_m=stored["bend_rest_m"])
    moved, cloth = move_to_pose(garment, cut, dressed, body, pose, options)
    posed = separate_thighs(garment, body, body.posed(pose))
    positions = finish_cloth(cloth, moved, posed)
    arrays = {"positions_m": positions, "edge_rest_m": cloth.edge_rest_m, "bend_rest_m": cloth.bend_rest_m}
    write_arrays(folder, whole_key, arrays)
    return positions, cloth


def _assemble(garment: Garment, cloth: Cloth, positions_m: FloatArray, report: DrapeReport) -> Drape:
    affine = np.stack([np.asarray(panel.panel_to_texture, float) for panel in garment.panels])[cloth.triangle_panel]
    texture_px = np.einsum("tij,tkj->tki", affine[:, :, :2], cloth.panel_cm) + affine[:, None, :, 2]
    return Drape(
        vertices_m=positions_m,
        triangles=cloth.triangles,
        texture_px=texture_px.astype(np.float32),
        texture=np.array([panel.texture for panel in garment.panels], np.uint8)[cloth.triangle_panel],
        panel=cloth.triangle_panel,
        rest_edges=cloth.edges,
        rest_lengths_m=cloth.edge_rest_m.astype(np.float32),
        open_edges=cloth.open_edges,
        material=garment.material,
        report=report,
        texture_materials=garment.texture_materials,
    )
