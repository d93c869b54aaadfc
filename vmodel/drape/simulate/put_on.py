"""Putting a garment on: contract the placed cloth onto the body, then let it hang."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import shapely

from vmodel.body.model.body import Body
from vmodel.drape.cloth.materials import cloth_of
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.cloth.rest_length import across_limbs, lengthen_strained_edges, max_let_out
from vmodel.drape.placement.attachments import (
    Attachments,
    attach_to_skin,
    band_edges,
    band_scale,
    drawn_in,
    girth_under,
    shoulder_edges,
)
from vmodel.drape.placement.initial_state import Start
from vmodel.drape.placement.part_thighs import separate_thighs
from vmodel.drape.placement.pattern_cloth import place_any
from vmodel.drape.placement.start_pose import dressing_angle, start_pose
from vmodel.drape.solver.cloth_solver import Phase, Solver
from vmodel.drape.solver.colliders import body_parts
from vmodel.types import FloatArray, Garment, Pose

CONTRACT = Phase(gravity=0.0, damping=0.5, friction=0.0, largest_push_m=0.05)
SETTLE = Phase(gravity=0.0, damping=0.3, friction=0.0)
HANG = Phase(gravity=1.0, damping=0.05)
_ON_SLEEVE = 0.6
_AROUND = (1.7, 1.4, 1.2)
"""Strain of the placed sleeve over its need, by attempt: it lies further out and spreads towards its root."""


@dataclass(frozen=True)
class DrapeSettings:
    """Resolution and length of a simulation.

    Attributes:
        spacing_cm: distance of cloth particles.
        contract_frames, hang_frames, ease_frames, move_frames, settle_frames: frames of the solver (see ``FRAME_S``).
        take_in_rounds: number of rounds in which pieces and designs regain their size, see ``restore_cut_size``.
        attempts: number of starts tried.
    """

    spacing_cm: float = 1.25
    contract_frames: int = 45
    hang_frames: int = 60
    ease_frames: int = 20
    move_frames: int = 60
    settle_frames: int = 60
    take_in_rounds: int = 5
    attempts: int = 3


FITTING = DrapeSettings(
    contract_frames=30, hang_frames=45, ease_frames=12, move_frames=45, settle_frames=30, take_in_rounds=2
)
"""As fine as for a final picture, but with fewer frames and rounds."""
_FITTING_PARTICLES = 2000
_FITTING_CM, _FITTING_SEWN_CM = (1.6, 3.0), (1.6, 2.2)
_PIECE_PARTICLES, _PIECE_CM = 3300, (1.25, 1.8)


def for_fitting(garment: Garment) -> DrapeSettings:
    """Return settings for a first look: the same number of particles for any cut, so that each takes about as long.

    Args:
        garment: in cm; final pictures have three times as many particles, and finer folds. A sewing pattern may have
            more, which the darts and gathers of its pieces need.
    """
    bounds_cm = _FITTING_SEWN_CM if garment.scale_source == "pattern" else _FITTING_CM
    return replace(FITTING, spacing_cm=_spacing_cm(garment, _FITTING_PARTICLES, bounds_cm))


def for_piece(garment: Garment) -> DrapeSettings:
    """Return settings for a piece that completes an outfit, draped in half the time: its folds are not for sale."""
    return replace(FITTING, spacing_cm=_spacing_cm(garment, _PIECE_PARTICLES, _PIECE_CM))


def _spacing_cm(garment: Garment, particles: int, bounds_cm: tuple[float, float]) -> float:
    area_cm2 = sum(shapely.Polygon(panel.outline_cm, panel.holes).area for panel in garment.panels)
    return float(np.clip(np.sqrt(area_cm2 / (particles * np.sqrt(3) / 2)), *bounds_cm))


@dataclass(frozen=True, eq=False)
class Dressed:
    """A garment on a body in the start pose.

    Attributes:
        positions_m: (N, 3) float32.
        on_arm: (N,) float64, see ``Start``.
        attachments: particles tied to the skin, which keep the garment on.
        pose: the start pose.
        edge_rest_m, bend_rest_m: (E,) and (B,) rest lengths after the cut was let out.
    """

    positions_m: FloatArray
    on_arm: FloatArray
    attachments: Attachments
    pose: Pose
    edge_rest_m: FloatArray
    bend_rest_m: FloatArray

    def with_rest_lengths(self, cloth: Cloth) -> Cloth:
        """Return the cloth as it was let out while it was put on."""
        return replace(cloth, edge_rest_m=self.edge_rest_m, bend_rest_m=self.bend_rest_m)

    def arrays(self) -> dict[str, FloatArray]:
        """Return everything but the pose, for a file."""
        attachments = {f"held_{field.name}": getattr(self.attachments, field.name) for field in fields(Attachments)}
        rest = {"edge_rest_m": self.edge_rest_m, "bend_rest_m": self.bend_rest_m}
        return {"positions_m": self.positions_m, "on_arm": self.on_arm, **rest, **attachments}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray], pose: Pose, cloth: Cloth) -> Dressed | None:
        """Rebuild what ``arrays`` returned; None if the arrays do not belong to this cloth."""
        try:
            attachments = Attachments(*(arrays[f"held_{field.name}"] for field in fields(Attachments)))  # type: ignore[arg-type]
            rest = arrays["edge_rest_m"], arrays["bend_rest_m"]
            dressed = cls(arrays["positions_m"], arrays["on_arm"], attachments, pose, *rest)
        except KeyError:
            return None
        fits = dressed.positions_m.shape == (cloth.count, 3) and len(attachments.rest_scale) == len(cloth.edges)
        return dressed if fits else None


def attempt_pose(garment: Garment, body: Body, attempt: int) -> Pose:
    """Return the start pose of an attempt: later ones lift the arms."""
    return start_pose(garment, body, dressing_angle(garment) - 8.0 * attempt)


def dress(garment: Garment, cloth: Cloth, body: Body, pose: Pose, options: DrapeSettings, attempt: int = 0) -> Dressed:
    """Put a garment on a body in the pose that suits its sleeves.

    Args:
        garment: in cm.
        cloth: the garment cut into particles.
        body: the wearer.
        pose: the start pose.
        options: resolution and length of the simulation.
        attempt: 0 for the usual start; higher numbers start further out and take longer.
    """
    posed = body.posed(pose)
    body_m = np.asarray(separate_thighs(garment, body, posed).vertices_m)
    start = place_any(cloth, garment, body, posed, 0.012 + 0.01 * attempt)
    scale = band_scale(garment, cloth, girth_under(cloth, garment, start.positions_m, body, posed))
    parts = body_parts(body, start.on_arm)
    solver = Solver(cloth, cloth_of(garment), start.positions_m, parts, body_m, scale)
    attachments = attach_to_skin(garment, cloth, start.positions_m, posed, scale)
    # Shoulders are held from the start, or tight sleeves would pull them out; bands close round the waist first.
    if shoulder_edges(garment):
        solver.attach(attachments.particles, attachments.targets(body_m), attachments.strength)
    across = across_limbs(garment, start.on_arm)
    sewn = _sleeves_let_out(garment, cloth, start, across, _AROUND[min(attempt, len(_AROUND) - 1)])
    solver.set_rest_lengths(sewn)
    solver.contract(options.contract_frames * (1 + attempt), CONTRACT)
    nearer_m = drawn_in(garment, cloth, solver.positions_m)
    if band_edges(garment) or nearer_m > 0:
        attachments = attach_to_skin(garment, cloth, start.positions_m, posed, scale, solver.positions_m, nearer_m)
        solver.attach(attachments.particles, attachments.targets(body_m), attachments.strength)
    cloth = _let_out_and_hang(garment, cloth, sewn, solver, scale, across, options)
    return Dressed(solver.positions_m, start.on_arm, attachments, pose, cloth.edge_rest_m, cloth.bend_rest_m)


def _sleeves_let_out(garment: Garment, cut: Cloth, start: Start, across: FloatArray, around: float) -> Cloth:
    """Let out sleeves too narrow for the arm before they contract; otherwise they are torn through it.

    The sleeves already lie round the arm, but further out than they need to.
    """
    sleeve = (np.abs(start.on_arm[cut.edges]) > _ON_SLEEVE).all(axis=1)
    most = around * max_let_out(garment)[0], max_let_out(garment)[1]
    wide = lengthen_strained_edges(cut, cut, start.positions_m, cut.elastic | ~sleeve, most, across)
    return replace(
        cut,
        edge_rest_m=np.maximum(cut.edge_rest_m, wide.edge_rest_m / around),
        bend_rest_m=np.maximum(cut.bend_rest_m, wide.bend_rest_m / around),
    )


def _let_out_and_hang(
    garment: Garment,
    cut: Cloth,
    cloth: Cloth,
    solver: Solver,
    scale: FloatArray,
    across: FloatArray,
    options: DrapeSettings,
) -> Cloth:
    """Let the cut out in rounds, then let it hang; return the cloth with its new rest lengths.

    Letting out comes first: the weight of hanging cloth would tear it through a limb that it is too narrow for.
    """
    fixed, most = cut.elastic | (scale != 1), max_let_out(garment)
    for frames, phase in ((0, SETTLE), (options.ease_frames, SETTLE), (options.hang_frames, HANG)):
        solver.settle(frames, phase)
        cloth = lengthen_strained_edges(cloth, cut, solver.positions_m, fixed, most, across)
        solver.set_rest_lengths(cloth)
    solver.settle(options.ease_frames, HANG)
    return cloth
