"""Shoes: they enclose the feet, soles touch the floor, and they move with the foot."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.body.shoes.build import make_shoes
from vmodel.body.shoes.last import UPPER
from vmodel.body.shoes.worn import Shoes
from vmodel.config import Settings
from vmodel.scene.geometry.props import inside_shoes
from vmodel.scene.geometry.raytracer import Tracer


@pytest.fixture(scope="module", params=["wm-ines", "mn-tane", "ch-mila"])
def shod(request: pytest.FixtureRequest) -> tuple[Body, Shoes]:
    body = build_body(load_roster(Settings())[request.param])
    return body, make_shoes(body)


def test_shoes_are_a_little_longer_and_wider_than_the_foot(shod: tuple[Body, Shoes]) -> None:
    body, shoes = shod
    rest = np.asarray(body.rest.vertices_m)
    for side in (1, -1):
        foot = rest[(rest[:, 0] * side > 0) & (rest[:, 2] < 0.04)]
        shoe = shoes.rest.vertices_m[shoes.rest.vertices_m[:, 0] * side > 0]
        for axis, most in ((0, 0.025), (1, 0.035)):
            more = np.ptp(shoe[:, axis]) - np.ptp(foot[:, axis])
            assert 0.004 < more < most


@pytest.mark.parametrize("pose", ["standing", "contrapposto", "walking", "seated"])
def test_no_toe_shows_through_and_soles_stand_on_the_floor(pose: str, shod: tuple[Body, Shoes]) -> None:
    body, shoes = shod
    posed = body.posed(load_pose(pose))
    worn = shoes.carried(posed)
    assert -1e-6 <= worn.vertices_m[:, 2].min() < 0.003
    feet = inside_shoes(np.asarray(posed.vertices_m), posed.faces, worn)
    rest = np.asarray(body.rest.vertices_m)
    toes = np.flatnonzero((worn.inside > 0.999) & (rest[:, 1] < rest[worn.inside > 0, 1].min() + 0.06 * body.scale))
    assert len(toes) > 400
    up = np.broadcast_to(np.float32([0, 0, 1]), (len(toes), 3))
    upper = Tracer(worn.vertices_m, worn.triangles[worn.material == UPPER])
    covered = upper.blocked(feet[toes].astype(np.float32), up, np.full(len(toes), 0.3, np.float32))
    assert covered.mean() > 0.99


def test_a_shoe_keeps_its_shape_on_a_flat_foot_and_bends_with_the_toes(shod: tuple[Body, Shoes]) -> None:
    body, shoes = shod
    edges = shoes.rest.triangles[:, :2]

    def lengths(vertices_m: np.ndarray) -> np.ndarray:
        return np.linalg.norm(vertices_m[edges[:, 0]] - vertices_m[edges[:, 1]], axis=1)

    before = lengths(shoes.rest.vertices_m)
    for pose, most in (("standing", 0.06), ("walking", 0.30)):
        after = lengths(shoes.carried(body.posed(load_pose(pose))).vertices_m)
        changed = np.abs(after - before)[before > 0.003] / before[before > 0.003]
        assert np.percentile(changed, 98) < most
