"""Cloth over a motion: the simulation continues while the body moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vmodel.body.model.body import Body
from vmodel.config import Settings
from vmodel.drape.cloth.materials import cloth_of
from vmodel.drape.placement.part_thighs import separate_thighs
from vmodel.drape.placement.pattern_cloth import mesh_cloth
from vmodel.drape.simulate.drape import cached_dress, cached_move, drape_key
from vmodel.drape.simulate.pose_transition import FOLLOW
from vmodel.drape.simulate.put_on import DrapeSettings
from vmodel.drape.simulate.quality_report import finish_cloth
from vmodel.drape.solver.cloth_solver import FRAME_S, Solver
from vmodel.drape.solver.colliders import body_parts
from vmodel.types import Drape, FloatArray, Garment, PosedBody


def move_cloth(
    garment: Garment,
    body: Body,
    worn: Drape,
    path: Sequence[PosedBody],
    frame_s: float,
    settings: Settings,
    options: DrapeSettings | None = None,
) -> Iterator[FloatArray]:
    """Simulate a garment while the body moves.

    Args:
        garment: scaled to centimetres.
        body: the wearer.
        worn: the garment in the first pose of the path, from ``drape`` with the same arguments.
        path: the body in each frame; the first is the pose of ``worn``.
        frame_s: seconds from one frame to the next.
        settings: ``cache`` holds the finished drape.
        options: as given to ``drape``.
    Yields:
        (N, 3) float32 metres a frame, the first as worn.
    """
    options = options or DrapeSettings()
    folder, attempt = settings.cache / "drapes", worn.report.attempts - 1
    cut = mesh_cloth(garment, options.spacing_cm)
    key = drape_key(garment, body, options)
    dressed = cached_dress(garment, cut, body, options, attempt, folder, key)
    positions, cloth = cached_move(garment, cut, dressed, body, path[0].pose, options, folder, f"{key}-{attempt}")
    attachments, parts = dressed.attachments, body_parts(body, dressed.on_arm, deep_m=0.05)
    before = np.asarray(separate_thighs(garment, body, path[0]).vertices_m)
    solver = Solver(cloth, cloth_of(garment), positions, parts, before, attachments.rest_scale)
    steps = max(1, round(frame_s / FRAME_S))
    yield worn.vertices_m
    for meant in path[1:]:
        posed = separate_thighs(garment, body, meant)
        there = np.asarray(posed.vertices_m)
        for step in range(1, steps + 1):
            body_m = before + (there - before) * np.float32(step / steps)
            solver.move_body(body_m)
            solver.attach(attachments.particles, attachments.targets(body_m), attachments.strength)
            solver.run(1, FOLLOW)
        before = there
        yield finish_cloth(cloth, solver.positions_m, posed)
