"""Expressions: friendly by default, one's own, repeatable, and never a grimace."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from vmodel.body.face.expressions import EXPRESSIONS, actions_of
from vmodel.body.face.eyes import IRIS_DEG
from vmodel.body.mesh.anatomy_chart import load_anatomy
from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.mesh.head_surface import head_scale
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.model.walk_cycle import learn_walk
from vmodel.body.pose.library import load_pose, pose_names
from vmodel.config import Settings
from vmodel.scene.camera.framing import frame_camera
from vmodel.scene.geometry.raytracer import Hits, Tracer
from vmodel.types import BodyPart, FloatArray, Pose, PosedBody

ROSTER = load_roster(Settings())
STEP_MM = 0.25
HARDEST = ("wm-hana", "wm-mei", "wm-saoirse", "wm-ines", "mn-omar", "mn-bao", "ch-tuuli")
"""Those whose lips are farthest apart at rest, or whose lids hang lowest."""
MEETS = ("standing", "walking", "hand-at-neck", "seated", "three-quarter-turn-mirror", "child-waving")
LOOKS_ELSEWHERE = ("looking-down", "looking-aside", "walking-looking-aside")


def seen_from_the_front(posed: PosedBody, middle: FloatArray, half_mm: tuple[float, float]) -> tuple[Hits, FloatArray]:
    """Return what the front shows in a rectangle, in cells of ``STEP_MM`` on a head of the neutral size."""
    x, z = (np.arange(-half, half, STEP_MM) * head_scale(posed.vertices_m) / 1000 for half in half_mm)
    across, up = np.meshgrid(x, z)
    start = np.stack([across.ravel(), np.full(across.size, -0.3), up.ravel()], axis=1) + middle
    ahead = np.broadcast_to(np.float32([0, 1, 0]), start.shape)
    hits = Tracer(posed.vertices_m, posed.faces).first_hits(start.astype(np.float32), ahead)
    return hits, start + hits.distance[:, None] * ahead


def open_mouth_mm2(posed: PosedBody) -> float:
    lips = load_surface().face_parts == list(BodyPart).index(BodyPart.LIPS)
    hits, _ = seen_from_the_front(posed, posed.vertices_m[np.unique(posed.faces[lips])].mean(axis=0), (45, 18))
    return float((load_anatomy().hidden_faces[hits.triangle] & (hits.triangle >= 0)).sum() * STEP_MM**2)


def bare_iris(body: Body, posed: PosedBody) -> float:
    """Return the share of the iris that lids leave free, of the eye that shows less of it."""
    eyes, shares = body.eyes(posed), []
    for side in range(2):
        hits, points = seen_from_the_front(posed, eyes.centre_m[side], (20, 14))
        on_ball = (load_anatomy().eye_faces[hits.triangle] == side + 1) & (hits.triangle >= 0)
        away = points[on_ball] - eyes.centre_m[side]
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        iris = away @ eyes.gaze[side] > np.cos(np.radians(IRIS_DEG))
        shares.append(iris.sum() * STEP_MM**2 / (np.pi * (16 * np.sin(np.radians(IRIS_DEG))) ** 2))
    return min(shares)


@pytest.mark.parametrize("model_id", sorted({*HARDEST, *list(ROSTER)[::6]}))
def test_no_expression_opens_the_mouth_or_shuts_the_eyes(model_id: str) -> None:
    body = build_body(ROSTER[model_id])
    at_rest = bare_iris(body, body.rest)
    for mood in EXPRESSIONS:
        posed = body.posed(Pose("standing", {}, mood=mood))
        assert open_mouth_mm2(posed) < 5.0, mood
        assert bare_iris(body, posed) > max(0.35, 0.75 * at_rest), mood


@pytest.mark.parametrize("name", [*MEETS, *LOOKS_ELSEWHERE])
def test_the_eyes_meet_the_lens_unless_the_pose_says_otherwise(name: str) -> None:
    body = build_body(ROSTER["wm-keisha"])
    posed = body.posed(replace(load_pose(name), mood=load_pose(name).mood or "soft"))
    eyes, lens = body.eyes(posed), frame_camera(posed, None, "front", "full", (768, 576)).position_m
    gaze, to_lens = eyes.gaze.mean(axis=0), lens - eyes.centre_m.mean(axis=0)
    off_deg = np.degrees(np.arccos(gaze @ to_lens / np.linalg.norm(gaze) / np.linalg.norm(to_lens)))
    assert off_deg < 3 if name in MEETS else off_deg > 25


def test_most_people_smile_in_most_poses_and_each_in_a_way_of_their_own() -> None:
    smiles = Counter[bool]()
    for model in ROSTER.values():
        own = [actions_of(model, load_pose(name)) for name in pose_names()]
        assert own == [actions_of(model, load_pose(name)) for name in pose_names()]
        for name, actions in zip(pose_names(), own, strict=True):
            assert {key: actions[key] for key in load_pose(name).expression} == dict(load_pose(name).expression), name
            assert not {key for key in actions if key.startswith("eyeLook")} - set(load_pose(name).expression), name
        smiles.update(each["mouthSmileLeft"] > 0.3 and each["cheekSquintLeft"] > 0.1 for each in own)
        assert len({tuple(each.values()) for each in own}) > len(own) / 2
        contrapposto, mirrored = (load_pose(name) for name in ("contrapposto", "contrapposto-mirror"))
        assert actions_of(model, contrapposto)["mouthSmileLeft"] == actions_of(model, mirrored)["mouthSmileLeft"]
    assert smiles[True] > 0.7 * smiles.total()
    assert len({actions_of(model, load_pose("standing"))["mouthSmileLeft"] for model in ROSTER.values()}) == len(ROSTER)


def test_a_film_of_walking_shows_the_face_of_the_picture() -> None:
    body = build_body(ROSTER["wm-ines"])
    lips = np.unique(load_surface().faces[load_surface().face_parts == list(BodyPart).index(BodyPart.LIPS)])

    def between_m(posed: PosedBody) -> FloatArray:
        points = posed.vertices_m[lips]
        return np.linalg.norm(points[:, None] - points[None], axis=2)

    pictured = between_m(body.posed(load_pose("walking")))
    assert body.expressing(load_pose("walking")) is body.expressing(
        load_pose("walking")
    )  # shaped once for all pictures
    assert np.abs(between_m(learn_walk(body).posed(0.3)) - pictured).max() < 1e-5
    assert np.abs(between_m(body.rest) - pictured).max() > 3e-4
