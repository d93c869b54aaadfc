"""Carrying a dressed garment into a pose: the body moves, the cloth follows, then comes to rest."""

from __future__ import annotations

from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.drape.colliders import body_parts
from vmodel.drape.dress import DrapeSettings, Dressed
from vmodel.drape.materials import load_material
from vmodel.drape.solver import Phase, Solver
from vmodel.types import FloatArray, Garment, Pose

FOLLOW = Phase(gravity=1.0, damping=0.1)
SETTLE = Phase(gravity=1.0, damping=0.05)
REST = Phase(gravity=1.0, damping=0.3)


def move_to_pose(
    garment: Garment, cloth: Cloth, dressed: Dressed, body: Body, pose: Pose, options: DrapeSettings
) -> FloatArray:
    """Positions of the cloth after the body went from the start pose to ``pose``.

    Returns:
        (N, 3) float32 metres.
    """
    held = dressed.held
    path = body.posed_path(dressed.pose, pose, options.move_frames)
    solver = Solver(
        cloth,
        load_material(garment.material),
        dressed.positions_m,
        body_parts(body, dressed.on_arm, deep_m=0.05),
        path[0],
        held.rest_scale,
    )
    for body_m in path[1:]:
        solver.move_body(body_m)
        solver.hold(held.particles, held.targets(body_m), held.strength)
        solver.run(1, FOLLOW)
    solver.run(options.settle_frames, SETTLE)
    solver.run(options.settle_frames // 3, REST)
    return solver.positions_m
