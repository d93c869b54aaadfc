"""The cloth solver: particles, links, a body in parts, and the loop over small steps."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp

from vmodel.body.mesh.anny_model import init_warp
from vmodel.drape.cloth.materials import Material, load_material
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.solver import kernels
from vmodel.types import FloatArray, IntArray

FRAME_S = 1 / 120
SUBSTEPS = 10
REPEL_EVERY = 5
STILL_FRAMES, STILL_M = 10, 0.0005
"""Cloth is still if 99 of 100 particles move less than this in that many frames."""
HARD_STRAIN = 1.10
"""Links longer than this share of their rest length no longer give way."""
BEND_FACTOR = 150.0
"""Stiffness of a link across an edge per bending rigidity and squared spacing: equal energy at half a radian."""
GRAVITY = 9.81
_NOWHERE = (1e6, 1e6, 1e6)
LAYER_GAP_M = 0.0065
"""Distance that self-collision keeps between layers; two thirds of the particle spacing closes the sheet."""


@dataclass(frozen=True)
class Phase:
    """Simulation settings of a stretch of frames.

    Attributes:
        gravity: share of the earth's.
        damping: share of speed lost per frame.
        friction: factor on the material's friction.
        thickness_m: distance kept from the body.
        largest_push_m: largest distance that a step may push a particle out of the body.
        largest_speed: m/s.
    """

    gravity: float = 1.0
    damping: float = 0.3
    friction: float = 1.0
    thickness_m: float = 0.0035
    largest_push_m: float = 0.02
    largest_speed: float = 1.2
    self_collision: bool = True


@dataclass(frozen=True, eq=False)
class ColliderPart:
    """A piece of the body that particles collide with.

    Attributes:
        vertices: indices of body vertices that the piece uses.
        faces: (F, 3) int32 into ``vertices``.
        border_faces: (F,) int32, 1 where the piece was cut from the body.
        reach_m: (N,) how deep each particle may lie in it; 0 ignores it.
        carried: (N,) share of the piece's motion that particles near it follow; sums to 1 over the pieces.
    """

    vertices: IntArray
    faces: IntArray
    border_faces: IntArray
    reach_m: FloatArray
    carried: FloatArray


class Solver:
    """Cloth in motion. Deterministic: the same calls give the same positions.

    Args:
        cloth: the particles.
        material: how the cloth moves.
        start_m: (N, 3) first positions.
        parts: the body in pieces; where they conflict, later pieces override earlier ones.
        body_m: (V, 3) body vertices.
    """

    def __init__(
        self,
        cloth: Cloth,
        material: Material,
        start_m: FloatArray,
        parts: list[ColliderPart],
        body_m: FloatArray,
        rest_scale: FloatArray | None = None,
    ) -> None:
        init_warp()
        self._device = "cpu"
        self._material = material
        self._count = cloth.count
        self._x = self._points(start_m)
        self._before, self._v, self._moved = (wp.zeros_like(self._x) for _ in range(3))
        self._settings = wp.zeros(7, dtype=float, device=self._device)
        self._flat = wp.array(cloth.flat_cm.astype(np.float32) / 100, dtype=wp.vec2, device=self._device)
        self._panel = self._ints(cloth.particle_panel)
        self._seam = self._floats(cloth.seam_distance_cm / 100)
        self._grid = wp.HashGrid(64, 64, 64, device=self._device)
        self._build_links(cloth, material, rest_scale)
        planes = max(1, len(parts)) * cloth.count
        self._skin, self._normal = (wp.zeros(planes, dtype=wp.vec3, device=self._device) for _ in range(2))
        self._parts = [_Collider(part, body_m, self, k * cloth.count) for k, part in enumerate(parts)]
        self._attach: Any = None
        moving = [self._x, self._before, self._v, self._settings]
        self._integrate = self._recorded(kernels.integrate, cloth.count, moving)
        skin = [self._skin, self._normal, cloth.count, len(parts)]
        self._finish_step = self._recorded(kernels.finish_step, cloth.count, [*moving, *skin])
        links = [self._x, self._pairs, self._rest, self._softness, self._limit]
        self._links = [
            self._recorded(kernels.solve_links, stop - start, [*links, start]) for start, stop in self._colours
        ]
        near = [self._grid.id, self._x, self._panel, self._flat, self._seam, LAYER_GAP_M, self._moved]
        self._repel = self._recorded(kernels.repel, cloth.count, near)
        self._shift = self._recorded(kernels.shift, cloth.count, [self._x, self._moved])

    @property
    def positions_m(self) -> FloatArray:
        """(N, 3) float32, a copy."""
        return np.array(self._x.numpy())

    def place(self, positions_m: FloatArray) -> None:
        """Place all particles at rest at given positions."""
        wp.copy(self._x, self._points(positions_m))
        self._v.zero_()

    def set_rest_lengths(self, cloth: Cloth) -> None:
        """Adopt the rest lengths of a cloth that differs from the first in nothing else."""
        self._rest.assign(self._rest_lengths(cloth))
        self._v.zero_()

    def attach(self, particles: IntArray, targets_m: FloatArray, strength: FloatArray) -> None:
        """Draw some particles towards targets in every step.

        Args:
            particles: (H,) indices, each at most once.
            targets_m: (H, 3).
            strength: (H,) share of the way per step, 0..1.
        """
        self._attach = None
        if len(particles):
            inputs = [self._x, self._ints(particles), self._points(targets_m), self._floats(strength)]
            self._attach = self._recorded(kernels.apply_attachments, len(particles), inputs)

    def move_body(self, body_m: FloatArray, *, carry: bool = True, near_m: float = 0.012, far_m: float = 0.05) -> None:
        """Bring the body to new vertex positions; cloth near the skin rides along."""
        for part in self._parts:
            part.move(body_m, carry=carry, near_m=near_m, far_m=far_m)

    def run(self, frames: int, phase: Phase) -> None:
        """Simulate a number of frames of ``FRAME_S``."""
        dt = FRAME_S / SUBSTEPS
        keep = (1 - phase.damping) ** (1 / SUBSTEPS)
        skin = phase.thickness_m, self._material.friction * phase.friction, phase.largest_push_m
        free = dt, GRAVITY * phase.gravity, keep, phase.largest_speed
        self._settings.assign(np.array([*free, *skin], np.float32))
        for _ in range(frames):
            for part in self._parts:
                part.find_contacts.launch()
            for step in range(SUBSTEPS):
                self._step(repel=phase.self_collision and step % REPEL_EVERY == 0)

    def settle(self, frames: int, phase: Phase) -> None:
        """Simulate until the cloth lies still, at most a number of frames."""
        for _ in range(0, frames, STILL_FRAMES):
            before = self.positions_m
            self.run(min(STILL_FRAMES, frames), phase)
            if np.percentile(np.linalg.norm(self.positions_m - before, axis=1), 99) < STILL_M:
                return

    def contract(self, frames: int, phase: Phase) -> None:
        """Simulate while stretched links shorten evenly to their rest lengths.

        Released at once, they would pull cloth through the limbs it goes round.
        """
        rest = np.array(self._rest.numpy())
        pairs, points = self._pairs.numpy(), self.positions_m
        excess = np.maximum(np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1) - rest, 0)
        for frame in range(1, frames + 1):
            self._rest.assign((rest + excess * (1 - frame / frames)).astype(np.float32))
            self.run(1, phase)

    def _step(self, *, repel: bool) -> None:
        self._integrate.launch()
        for links in self._links:
            links.launch()
        if self._attach is not None:
            self._attach.launch()
        if repel:
            self._grid.build(self._x, 2 * LAYER_GAP_M)
            self._repel.launch()
            self._shift.launch()
        self._finish_step.launch()

    def _recorded(self, kernel: Any, count: int, inputs: list[Any]) -> Any:
        """Record a launch for repetition: most of its cost is checking its arguments, which is done once."""
        return wp.launch(kernel, count, inputs=inputs, device=self._device, record_cmd=True)

    def _build_links(self, cloth: Cloth, material: Material, rest_scale: FloatArray | None) -> None:
        dt = FRAME_S / SUBSTEPS
        pairs = np.concatenate([cloth.edges, cloth.bends])
        particle_kg, stiffness = _mechanics(cloth, material)
        softness = particle_kg / dt**2 / stiffness
        limit = np.concatenate([np.full(len(cloth.edges), HARD_STRAIN), np.full(len(cloth.bends), 1e6)])
        colours = _colours_of(pairs.astype(np.int32).tobytes(), cloth.count)
        order = np.argsort(colours, kind="stable")
        bounds = np.searchsorted(colours[order], np.arange(colours.max() + 2))
        # A CPU takes the links one by one in their order, so that one launch does the same as one per colour.
        bounds = bounds[[0, -1]] if self._device == "cpu" else bounds
        self._colours = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
        self._pairs = wp.array(pairs[order].astype(np.int32), dtype=wp.vec2i, device=self._device)
        self._softness, self._limit = (self._floats(a[order]) for a in (softness, limit))
        self._order, self._rest_scale = order, np.ones(len(cloth.edges)) if rest_scale is None else rest_scale
        self._rest = self._floats(self._rest_lengths(cloth))

    def _rest_lengths(self, cloth: Cloth) -> FloatArray:
        edges = cloth.edge_rest_m * self._rest_scale
        return np.asarray(np.concatenate([edges, cloth.bend_rest_m])[self._order], np.float32)

    def _points(self, points: FloatArray) -> Any:
        return wp.array(np.ascontiguousarray(points, np.float32), dtype=wp.vec3, device=self._device)

    def _floats(self, values: FloatArray) -> Any:
        return wp.array(np.ascontiguousarray(values, np.float32), dtype=float, device=self._device)

    def _ints(self, values: IntArray) -> Any:
        return wp.array(np.ascontiguousarray(values, np.int32), dtype=int, device=self._device)


def _mechanics(cloth: Cloth, material: Material) -> tuple[FloatArray | float, FloatArray]:
    """Return particle mass in kg, and stiffness of all links; where pieces differ, of the piece that a link is in."""
    area_m2 = (cloth.spacing_cm / 100) ** 2 * np.sqrt(3) / 2
    bias = np.prod(cloth.edge_direction, axis=1) ** 2 * 4  # sin² of twice the angle to the thread
    if not cloth.panel_materials:
        stiffness = material.stretch + (material.shear - material.stretch) * bias
        bending = BEND_FACTOR * material.bend * 1e-6 / (cloth.spacing_cm / 100) ** 2
        particle_kg = material.density / 1000 * (cloth.spacing_cm / 100) ** 2 * np.sqrt(3) / 2
        return particle_kg, np.concatenate([stiffness, np.full(len(cloth.bends), bending)])
    table = [load_material(name) for name in cloth.panel_materials]
    of_edge, of_bend = (cloth.particle_panel[pairs[:, 0]] for pairs in (cloth.edges, cloth.bends))
    density, stretch, shear, bend = (
        np.array([getattr(each, name) for each in table]) for name in ("density", "stretch", "shear", "bend")
    )
    stiffness = stretch[of_edge] + (shear - stretch)[of_edge] * bias
    bendings = BEND_FACTOR * bend[of_bend] * 1e-6 / (cloth.spacing_cm / 100) ** 2
    return density[np.concatenate([of_edge, of_bend])] / 1000 * area_m2, np.concatenate([stiffness, bendings])


class _Collider:
    """A piece of the body; ``find_contacts`` is the launch that looks for its skin near every particle."""

    def __init__(self, part: ColliderPart, body_m: FloatArray, solver: Solver, start: int) -> None:
        self._solver = solver
        self._vertices = part.vertices
        self._carried = solver._floats(part.carried)
        self._faces = solver._ints(part.faces.ravel())
        self._mesh = wp.Mesh(points=solver._points(body_m[part.vertices]), indices=self._faces)
        ignored, reach = solver._ints(part.border_faces), solver._floats(part.reach_m)
        self._looked = wp.full(solver._count, _NOWHERE, dtype=wp.vec3, device=solver._device)
        look = [self._mesh.id, ignored, solver._x, reach, self._looked, solver._skin, solver._normal, start]
        self.find_contacts = solver._recorded(kernels.find_contacts, solver._count, look)

    def move(self, body_m: FloatArray, *, carry: bool, near_m: float, far_m: float) -> None:
        there = np.asarray(body_m[self._vertices], np.float32)
        if carry:
            step = self._solver._points(there - self._mesh.points.numpy())
            inputs = [self._mesh.id, self._faces, step, self._solver._x, self._carried, near_m, far_m]
            wp.launch(kernels.advect_with_body, self._solver._count, inputs=inputs, device=self._solver._device)
        wp.copy(self._mesh.points, self._solver._points(there))
        self._mesh.refit()
        self._looked.fill_(_NOWHERE)


@functools.lru_cache(maxsize=8)
def _colours_of(pairs: bytes, count: int) -> IntArray:
    """Cache ``colour_pairs`` for all poses of a cloth: it takes longer than all other preparation of a solver."""
    return colour_pairs(np.frombuffer(pairs, np.int32).reshape(-1, 2), count)


def colour_pairs(pairs: IntArray, count: int) -> IntArray:
    """Return the (P,) colour of each pair so that no two of one colour share a particle (greedy)."""
    used = [0] * count
    colours = np.zeros(len(pairs), np.int32)
    for k, (a, b) in enumerate(pairs.tolist()):
        free = ~(used[a] | used[b])
        bit = free & -free
        colours[k] = bit.bit_length() - 1
        used[a] |= bit
        used[b] |= bit
    return colours
