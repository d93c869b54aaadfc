"""Walking: the standing foot does not slide, the other one lifts, and two steps end at their start."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.model.walk_cycle import STEPS, Walk, learn_walk, soles
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings


@pytest.fixture(scope="module", params=["wm-ines", "mn-elias", "ch-kofi"])
def walk(request: pytest.FixtureRequest) -> Walk:
    return learn_walk(build_body(load_roster(Settings())[request.param]))


def test_a_walk_begins_in_the_pose_of_the_first_step_and_comes_round(walk: Walk) -> None:
    begun = walk.body.posed(load_pose(STEPS[0])).vertices_m
    assert np.allclose(walk.posed(0.0).vertices_m, begun, atol=0.002)
    assert np.allclose(walk.posed(3.0).vertices_m, begun, atol=0.002)


def test_the_standing_foot_rests_on_the_floor_and_the_other_one_swings_over_it(walk: Walk) -> None:
    phases = np.linspace(0, 1, 48)
    bodies = [walk.posed(phase).vertices_m for phase in phases]
    assert all(abs(float(body[:, 2].min())) < 0.001 for body in bodies)
    slides = []
    for (first, before), (phase, after) in pairwise(zip(phases, bodies, strict=True)):
        for foot in soles():
            touching = np.maximum(before[foot, 2], after[foot, 2]) < 0.002
            if touching.any():
                moved = (after[foot] - before[foot])[touching, :2].mean(axis=0)
                slides.append(float(np.linalg.norm(moved - walk.floor_m * (phase - first))))
    assert np.median(slides) < 0.003
    assert np.percentile(slides, 90) < 0.012
    for foot in soles():
        assert max(float(body[foot, 2].min()) for body in bodies) > 0.03
    stride = float(np.linalg.norm(walk.floor_m))
    assert 0.4 < stride / (walk.body.model.height_cm / 100) < 0.9
