from functools import cache

import numpy as np
import pytest
import torch

from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.compiler import compile_pose
from vmodel.body.pose.contact_correction import penetration_m
from vmodel.body.pose.library import load_pose, pose_names
from vmodel.body.pose.skeleton import reference_joints
from vmodel.config import Settings
from vmodel.types import BodyPart

REACHING = {
    "spine": {"side": 13, "turn": 9},
    "left_arm": {"upper": [0.7, -0.34, -1], "fore": [-0.66, 0.42, -0.52], "palm": [-0.95, -0.35, 0.05]},
    "right_leg": {"thigh": [0.15, 0.22, -1], "knee": 29, "turn": 24},
}


@cache
def body_of(model_id: str) -> Body:
    return build_body(load_roster(Settings())[model_id])


@pytest.mark.parametrize("model_id", ["wm-ines", "mn-chidi", "ch-yuki"])
def test_a_body_stands_on_the_floor_at_its_exact_height(model_id: str) -> None:
    body = body_of(model_id)
    heights = body.rest.vertices_m[:, 2]
    assert heights.min() == pytest.approx(0, abs=1e-5)
    assert np.ptp(heights) * 100 == pytest.approx(body.model.height_cm, abs=0.01)
    assert 0.95 < body.scale < 1.05


def test_measurements_agree_with_anatomy() -> None:
    measured = body_of("wm-ines").measurements
    assert measured.waist < measured.chest < measured.hip
    assert measured.inseam < measured.hip_height < measured.waist_height < measured.chest_height < measured.neck_height
    assert 25 < measured.neck < 45
    assert 48 < measured.arm_length < 66


def test_every_part_of_the_surface_is_labelled() -> None:
    body = body_of("wm-ines")
    assert set(np.unique(body.face_parts)) == set(range(len(BodyPart)))
    uv, uv_faces = body.uv
    assert uv_faces.shape == body.rest.faces.shape
    assert uv.min() >= 0
    assert uv.max() <= 1


def test_keypoints_lie_where_the_wearers_joints_are() -> None:
    body = body_of("wm-ines")
    points = body.keypoints(body.rest)
    assert points.shape == (18, 3)
    assert points[5, 0] > 0 > points[2, 0]  # left is +x
    assert np.allclose(points[1], (points[2] + points[5]) / 2, atol=1e-4)
    assert points[0, 1] < points[16, 1]  # the nose is in front of the ear


def test_a_path_between_poses_starts_and_ends_in_them() -> None:
    body = body_of("wm-ines")
    start, end = load_pose("a-pose-relaxed"), load_pose("contrapposto")
    path = body.posed_path(start, end, 20)
    assert path.shape == (20, *body.rest.vertices_m.shape)
    assert np.allclose(path[0], body.posed(start).vertices_m, atol=1e-4)
    assert np.allclose(path[-1], body.posed(end).vertices_m, atol=1e-4)
    assert np.linalg.norm(np.diff(path, axis=0), axis=2).max() < 0.08


@pytest.mark.parametrize("model_id", ["wm-ines", "wm-moana", "mn-chidi", "ch-kofi"])
def test_hands_stay_outside_the_body_and_both_soles_on_the_floor(model_id: str) -> None:
    body = body_of(model_id)
    foot = list(BodyPart).index(BodyPart.FOOT)
    soles = np.unique(body.rest.faces[body.face_parts == foot])
    left = body.rest.vertices_m[soles, 0] > 0
    for name in pose_names():
        posed = body.posed(load_pose(name))
        assert penetration_m(posed.vertices_m, body.surface) < 0.004, name
        heights = posed.vertices_m[soles, 2]
        assert heights[left].min() < 0.003, name
        assert heights[~left].min() < 0.003, name


def test_a_pose_is_the_same_every_time() -> None:
    body = body_of("mn-chidi")
    pose = load_pose("hand-on-hip")
    assert np.array_equal(body.posed(pose).vertices_m, body.posed(pose).vertices_m)


def test_a_pose_is_fitted_to_a_body_once_and_stays_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    body = build_body(load_roster(Settings())["wm-ines"])
    pose = load_pose("hands-clasped-front")
    fitted = body.adapted(pose)
    kept = fitted.copy()
    monkeypatch.setattr("vmodel.body.model.body.adapt_rotations", lambda *_: pytest.fail("it was fitted twice"))
    fitted[:] = 0  # a copy of the caller's own
    np.testing.assert_array_equal(body.adapted(pose), kept)


def test_a_body_does_not_follow_the_number_of_threads() -> None:
    """A batch's worker has fewer threads, and its cloth must fall in the same folds."""
    threads, found = torch.get_num_threads(), []
    model = load_roster(Settings())["wm-hana"]
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            reference_joints.cache_clear()
            body, pose = build_body(model), compile_pose("reaching", REACHING)
            found.append((body.rest.vertices_m, body.posed(pose).vertices_m))
    finally:
        torch.set_num_threads(threads)
    for rest_m, posed_m in found[1:]:
        np.testing.assert_array_equal(rest_m, found[0][0])
        np.testing.assert_array_equal(posed_m, found[0][1])
