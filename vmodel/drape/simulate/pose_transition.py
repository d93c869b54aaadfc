"""Carrying a dressed garment into a pose: the body moves, the cloth follows, then comes to rest."""

from __future__ import annotations

import numpy as np

from vmodel.body.model.body import Body
from vmodel.drape.cloth.materials import cloth_of
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.cloth.rest_length import across_limbs, lengthen_strained_edges, max_let_out, strain, take_up
from vmodel.drape.placement.part_thighs import goes_between, parted_thighs
from vmodel.drape.placement.pattern_cloth import MOST_SET, restore_cut_size
from vmodel.drape.simulate.put_on import DrapeSettings, Dressed
from vmodel.drape.solver.cloth_solver import Phase, Solver
from vmodel.drape.solver.colliders import body_parts
from vmodel.types import FloatArray, Garment, Pose

FOLLOW = Phase(gravity=1.0, damping=0.1)
SETTLE = Phase(gravity=1.0, damping=0.05)
REST = Phase(gravity=1.0, damping=0.3)
FREE = Phase(gravity=1.0, damping=0.3, friction=0.0, thickness_m=0.002)
"""Cloth pinched between arm and trunk finds its way out only if neither holds it."""
LIGHT = Phase(gravity=0.1, damping=0.4)
"""Low gravity: a step's few rounds leave cloth stretched by its weight, and pieces of a pattern regain their size."""
EVEN = Phase(gravity=0.1, damping=0.4, friction=0.0)
"""No friction, so that seams slide where one side pulls: over a full belly the front takes more of the girth than the
back. A neck that the weight of the cloth has drawn wide open can close."""
PULLED_STRAIN, TOO_PULLED = 1.12, 1.17
"""99th percentile of strain above which cloth is let out for the pose: in the first ``EASE_ROUNDS``, and after them."""
EASE_ROUNDS = 3
"""A narrow sleeve on a stout arm is let out little by little: each round smooths what it adds over its neighbours."""
TAKE_UP_ROUNDS = 2


def move_to_pose(
    garment: Garment, cut: Cloth, dressed: Dressed, body: Body, pose: Pose, options: DrapeSettings
) -> tuple[FloatArray, Cloth]:
    """Move the body from the start pose to ``pose`` and let the cloth follow.

    Args:
        garment: in cm.
        cut: the cloth before it was let out.
        dressed: the garment in the start pose.
        body: the wearer.
        pose: the target.
        options: length of the simulation.
    Returns:
        (N, 3) float32 metres, and the cloth as it was let out for body and pose.
    """
    attachments, cloth = dressed.attachments, dressed.with_rest_lengths(cut)
    path = body.posed_path(dressed.pose, pose, options.move_frames)
    if goes_between(garment):
        part = parted_thighs(body)
        path = np.stack([part(body_m) for body_m in path])
    parts = body_parts(body, dressed.on_arm, deep_m=0.05)
    solver = Solver(cloth, cloth_of(garment), dressed.positions_m, parts, path[0], attachments.rest_scale)
    for body_m in path[1:]:
        solver.move_body(body_m)
        solver.attach(attachments.particles, attachments.targets(body_m), attachments.strength)
        solver.run(1, FOLLOW)
    fixed = cloth.elastic | (attachments.rest_scale != 1)
    across = across_limbs(garment, dressed.on_arm)
    for done in range(2 * EASE_ROUNDS):
        pulled = np.percentile(strain(cloth, solver.positions_m)[~fixed], 99)
        if pulled <= (PULLED_STRAIN if done < EASE_ROUNDS else TOO_PULLED):
            break
        solver.settle(options.ease_frames, FREE)
        cloth = lengthen_strained_edges(cloth, cut, solver.positions_m, fixed, max_let_out(garment), across)
        solver.set_rest_lengths(cloth)
        solver.settle(options.ease_frames, FREE)
    solver.settle(options.settle_frames, SETTLE)
    solver.settle(options.settle_frames // 3, REST)
    if garment.scale_source == "pattern":
        solver.settle(options.settle_frames // 2, LIGHT)
        solver.attach(attachments.particles[:0], attachments.targets(path[-1])[:0], attachments.strength[:0])
        restore_cut_size(solver, cloth, LIGHT, options.take_in_rounds)
    else:  # a block is cut to size, so cloth that sags is taken in
        upper = garment.kind.category.covers_upper
        slides = upper and garment.kind.hangs_from_shoulders
        solver.settle(options.settle_frames // 2, EVEN if slides else LIGHT)
        if not upper:
            # Start from the cut again: strain from pulling it on may only mean that the seams had yet to slide round.
            solver.set_rest_lengths(cut)
            solver.settle(options.ease_frames, EVEN)
            cloth = lengthen_strained_edges(cut, cut, solver.positions_m, fixed, max_let_out(garment), across)
        # The print of a design keeps its true size; a photo's is shortened a little where cloth is taken up.
        legs = not upper and garment.kind.category.has_legs and garment.scale_source != "design"
        for _ in range(TAKE_UP_ROUNDS if legs else 0):
            cloth = take_up(cloth, solver.positions_m, fixed)
            solver.set_rest_lengths(cloth)
            solver.settle(options.settle_frames // 2, EVEN)
        # Friction keeps what hangs over a belly from gathering there while its cloth is taken in.
        restore_cut_size(solver, cloth, LIGHT if upper else EVEN, options.take_in_rounds, 1.0 if legs else MOST_SET)
    return solver.positions_m, cloth
