"""A garment counts as worn only if its openings go round the right limbs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.garments import by_formula
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.drape.cloth.mesh import mesh_garment
from vmodel.drape.placement.initial_state import place_cloth
from vmodel.drape.placement.start_pose import start_pose
from vmodel.drape.simulate.opening_check import named_loops, unthreaded_openings, windings
from vmodel.types import FloatArray

RING = np.array([[np.cos(t), np.sin(t), 0.0] for t in np.linspace(0, 2 * np.pi, 30, endpoint=False)])


def test_a_line_through_a_loop_counts_once_and_one_that_comes_back_not_at_all() -> None:
    through = np.array([[0.2, 0.1, -1.0], [0.1, 0.2, 1.0]])
    back = np.vstack([through, [[0.3, 0.3, -1.0]]])
    beside = through + np.array([2.0, 0.0, 0.0])
    assert abs(windings(RING, through)) == 1
    assert windings(RING, back) == 0
    assert windings(RING, beside) == 0


def test_every_opening_of_a_garment_is_a_loop() -> None:
    assert set(named_loops(mesh_garment(by_formula.tee(), 2.0))) == {"neck", "hem", "cuff_left", "cuff_right"}
    assert set(named_loops(mesh_garment(by_formula.dress(), 2.0))) == {"neck", "hem", "armhole_left", "armhole_right"}
    assert set(named_loops(mesh_garment(by_formula.trousers(), 2.0))) == {"waist", "leg_left", "leg_right"}


def test_a_jacket_worn_open_has_no_hem_to_go_through() -> None:
    assert set(named_loops(mesh_garment(by_formula.open_jacket(), 2.0))) == {"cuff_left", "cuff_right"}


@pytest.fixture(scope="module")
def body() -> Body:
    return build_body(load_roster(Settings())["wm-ines"])


def test_arms_start_in_the_armholes_of_a_bare_armed_dress(body: Body) -> None:
    dress = by_formula.dress()
    cloth, pose = mesh_garment(dress, 2.0), start_pose(dress, body)
    posed = body.posed(pose)
    placed = place_cloth(cloth, dress, body, posed).positions_m
    assert not {"armhole_left", "armhole_right", "neck"} & set(unthreaded_openings(dress, cloth, placed, posed))


def test_an_armhole_that_slipped_off_the_arm_is_named(body: Body) -> None:
    dress = by_formula.dress()
    cloth, posed = mesh_garment(dress, 2.0), body.posed(start_pose(dress, body))
    placed = place_cloth(cloth, dress, body, posed).positions_m
    assert "armhole_left" in unthreaded_openings(dress, cloth, placed - np.array([0.0, 0.0, 0.5]), posed)


def ring_round(centre: FloatArray, axis: FloatArray, radius: float) -> FloatArray:
    """Return points of a loop about an axis."""
    first = np.cross(axis, (0.0, 1.0, 0.0))
    first /= np.linalg.norm(first)
    return np.asarray(centre + radius * (RING[:, :1] * first + RING[:, 1:2] * np.cross(axis, first)))


@pytest.mark.parametrize(("past", "worn"), [(0.02, True), (-0.25, False)])
def test_a_long_sleeve_may_close_over_the_fingers_but_not_beside_the_forearm(
    body: Body, past: float, worn: bool
) -> None:
    top = by_formula.long_sleeve()
    cloth, posed = mesh_garment(top, 2.0), body.posed(start_pose(top, body))
    placed = np.array(place_cloth(cloth, top, body, posed).positions_m)
    wrist, knuckle = (np.asarray(posed.joints_m[name], float) for name in ("wrist.L", "finger3-1.L"))
    axis = (knuckle - wrist) / np.linalg.norm(knuckle - wrist)
    loop = named_loops(cloth)["cuff_left"]
    beside = knuckle + past * axis + 0.06 * np.cross(axis, (0.0, 1.0, 0.0))
    placed[loop] = ring_round(beside, axis, 0.03)[np.linspace(0, 29, len(loop)).astype(int)]
    assert ("cuff_left" not in unthreaded_openings(top, cloth, placed, posed)) == worn
