"""Shortcuts of the solver give the same results as the full computation."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
import warp as wp

from tests.support.garments import by_formula
from vmodel.drape.cloth.materials import load_material
from vmodel.drape.cloth.mesh import Cloth, mesh_garment
from vmodel.drape.solver import kernels
from vmodel.drape.solver.cloth_solver import ColliderPart, Phase, Solver, colour_pairs
from vmodel.types import FloatArray


@pytest.fixture(scope="module")
def cloth() -> Cloth:
    return mesh_garment(by_formula.skirt(), 2.0)


def above_ground(cloth: Cloth) -> FloatArray:
    """Return (N, 3) metres: the cloth lying flat, 1 mm over the ground of ``solver_over_ground``."""
    flat = cloth.flat_cm - cloth.flat_cm.mean(axis=0)
    return np.column_stack([flat / 100, np.full(cloth.count, 0.501)])


def solver_over_ground(cloth: Cloth, height_m: float = 0.5) -> Solver:
    """Return a solver with the cloth over a slab that is larger than it."""
    corners = np.array([[x, y, z] for z in (0.0, height_m) for y in (-2.0, 2.0) for x in (-2.0, 2.0)])
    faces = np.array(
        [[4, 5, 7], [4, 7, 6], [0, 3, 1], [0, 2, 3], [0, 1, 5], [0, 5, 4], [2, 6, 7], [2, 7, 3], [0, 4, 6], [0, 6, 2],
         [1, 3, 7], [1, 7, 5]], np.int32
    )  # fmt: skip
    everywhere = np.full(cloth.count, 0.1)
    slab = ColliderPart(np.arange(8), faces, np.zeros(len(faces), np.int32), everywhere, np.ones(cloth.count))
    return Solver(cloth, load_material("cotton"), above_ground(cloth), [slab], corners)


def test_all_links_in_one_launch_pull_as_a_launch_a_colour_does(cloth: Cloth) -> None:
    at_once, one_by_one = (solver_over_ground(cloth) for _ in range(2))
    assert len(at_once._links) == 1
    pairs = one_by_one._pairs.numpy()
    colours = colour_pairs(pairs, cloth.count)
    changes = [0, *(np.flatnonzero(np.diff(colours)) + 1), len(pairs)]
    shared = [one_by_one._x, one_by_one._pairs, one_by_one._rest, one_by_one._softness, one_by_one._limit]
    one_by_one._links = [
        one_by_one._recorded(kernels.solve_links, stop - start, [*shared, start]) for start, stop in pairwise(changes)
    ]
    assert len(one_by_one._links) > 4
    for solver in (at_once, one_by_one):
        solver.run(5, Phase())
    np.testing.assert_array_equal(at_once.positions_m, one_by_one.positions_m)


def test_skin_is_looked_for_again_where_cloth_or_body_has_moved(cloth: Cloth) -> None:
    solver = solver_over_ground(cloth)
    part = solver._parts[0]
    here = above_ground(cloth)
    part.find_contacts.launch()
    assert solver._normal.numpy().any(axis=1).all()
    moved = here + np.array([0.0, 0.0, 0.0004])
    moved[0, 2] += 0.005
    wp.copy(solver._x, solver._points(moved))
    part.find_contacts.launch()
    looked = part._looked.numpy()
    np.testing.assert_allclose(looked[0], moved[0], atol=1e-6)
    np.testing.assert_allclose(looked[1:], here[1:], atol=1e-6)
    solver.move_body(np.array([[0.0, 0.0, 0.1]]) + part._mesh.points.numpy(), carry=False)
    part.find_contacts.launch()
    np.testing.assert_allclose(part._looked.numpy(), moved, atol=1e-6)
    np.testing.assert_allclose(solver._skin.numpy()[:, 2], 0.6, atol=1e-5)


def test_cloth_rests_on_the_skin_and_comes_up_with_it(cloth: Cloth) -> None:
    solver = solver_over_ground(cloth)
    body_m = solver._parts[0]._mesh.points.numpy().copy()
    solver.run(20, Phase())
    assert solver.positions_m[:, 2].min() > 0.5
    assert np.median(solver.positions_m[:, 2]) < 0.53
    solver.move_body(body_m + np.array([0.0, 0.0, 0.01]) * (body_m[:, 2:] > 0.1), carry=False)
    solver.run(20, Phase())
    assert solver.positions_m[:, 2].min() > 0.51


def test_two_layers_of_one_garment_keep_apart(cloth: Cloth) -> None:
    gaps_mm = []
    for kept_apart in (True, False):
        solver, start = solver_over_ground(cloth, 0.3), above_ground(cloth)
        start[:, 2] += 0.001 * (cloth.particle_panel == 0)
        solver.place(start)
        solver.run(10, Phase(gravity=0.0, self_collision=kept_apart))
        inside = cloth.seam_distance_cm > 4  # seams join the layers
        front, back = (solver.positions_m[inside & (cloth.particle_panel == panel)] for panel in (0, 1))
        gaps_mm.append(1000 * (np.median(front[:, 2]) - np.median(back[:, 2])))
    assert gaps_mm[0] > 5
    assert gaps_mm[1] < 2


def test_friction_slows_cloth_that_slides_over_skin(cloth: Cloth) -> None:
    ways_m = []
    for friction in (1.0, 0.0):
        solver, phase = solver_over_ground(cloth), Phase(friction=friction)
        solver.run(20, phase)
        before = solver.positions_m
        solver._v.assign(np.tile(np.float32([0.5, 0, 0]), (cloth.count, 1)))
        solver.run(10, phase)
        ways_m.append(np.median((solver.positions_m - before)[:, 0]))
    assert ways_m[0] < 0.75 * ways_m[1]


def test_bends_join_the_far_corners_of_two_triangles_that_share_a_side(cloth: Cloth) -> None:
    sides = defaultdict[tuple[int, int], list[tuple[int, FloatArray, FloatArray, FloatArray]]](list)
    for ids, corners in zip(cloth.triangles.tolist(), cloth.panel_cm, strict=True):
        for k in range(3):
            (a, first), (b, second) = sorted((ids[n], tuple(corners[n])) for n in (k, (k + 1) % 3))
            tip = ids[(k + 2) % 3], np.array(first), np.array(second), corners[(k + 2) % 3]
            sides[a, b].append(tip)
    pairs, rest_m = [], []
    for owners in sides.values():
        if len(owners) != 2 or owners[0][0] == owners[1][0]:
            continue
        spots = []
        for sign, (_, first, second, tip) in zip((1, -1), owners, strict=True):
            along = (second - first) / np.linalg.norm(second - first)
            away = abs(float(along[0] * (tip - first)[1] - along[1] * (tip - first)[0]))
            spots.append(np.array([(tip - first) @ along, sign * away]))
        pairs.append([owners[0][0], owners[1][0]])
        rest_m.append(np.linalg.norm(spots[0] - spots[1]) / 100)
    assert cloth.bends.tolist() == pairs
    np.testing.assert_allclose(cloth.bend_rest_m, rest_m, rtol=1e-9)


def test_squeezed_cloth_gives_way_where_stretched_cloth_pulls_back(cloth: Cloth) -> None:
    back = {}
    for factor in (0.99, 1.01):
        solver, flat = solver_over_ground(cloth), above_ground(cloth)
        solver.place(flat * (factor, factor, 1.0))
        for links in solver._links:
            links.launch()
        length = np.linalg.norm(np.subtract(*solver.positions_m[cloth.edges.T]), axis=1)
        back[factor] = 1 - float(np.mean(length / cloth.edge_rest_m - 1)) / (factor - 1)
    assert back[0.99] < back[1.01], back
