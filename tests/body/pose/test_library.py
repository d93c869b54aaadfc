import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from vmodel.body.mesh.keypoints import COCO_18
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.fit_keypoints import fit_keypoints
from vmodel.body.pose.joint_limits import validate_pose
from vmodel.body.pose.library import load_pose, pose_names
from vmodel.body.pose.openpose import JOINT_COLOURS, read_keypoints
from vmodel.config import Settings
from vmodel.errors import DetectorMissing, PoseImpossible, PoseInvalid, UnknownPose
from vmodel.types import FloatArray, Pose

LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
COCO_17 = ("nose", *(f"{side}_{part}" for part in ("eye", "ear", *LIMBS) for side in ("left", "right")))
"""Joints as numbered by COCO and COCO-WholeBody, from https://github.com/jin-s13/COCO-WholeBody."""


@pytest.fixture(scope="module")
def walking_px() -> FloatArray:
    body = build_body(load_roster(Settings())["wm-ines"])
    points = body.keypoints(body.posed(load_pose("walking")))
    return np.stack([points[:, 0] * 500 + 300, 900 - points[:, 2] * 500, np.ones(18)], axis=1)


def write_json(path: Path, points: FloatArray) -> str:
    path.write_text(json.dumps({"people": [{"pose_keypoints_2d": np.asarray(points).ravel().tolist()}]}))
    return str(path)


def test_the_library_has_twenty_possible_poses() -> None:
    assert len(pose_names()) >= 22
    for name in pose_names():
        validate_pose(load_pose(name))


def test_an_unknown_pose_is_refused() -> None:
    with pytest.raises(UnknownPose, match="moonwalk"):
        load_pose("moonwalk")


def test_keypoints_are_met_within_four_percent_of_the_height(walking_px: FloatArray, tmp_path: Path) -> None:
    assert fit_keypoints(walking_px).mean_error < 0.04
    path = write_json(tmp_path / "pose.json", walking_px)
    assert "upperleg01.L" in load_pose(path).rotations


def test_missing_wrists_are_allowed(walking_px: FloatArray) -> None:
    points = walking_px.copy()
    points[[4, 7], 2] = 0
    assert fit_keypoints(points).mean_error < 0.04


def test_body_25_and_whole_body_files_read_like_coco(walking_px: FloatArray, tmp_path: Path) -> None:
    body_25 = np.zeros((25, 3))
    body_25[[0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]] = walking_px
    write_json(tmp_path / "b.json", body_25)
    assert np.allclose(read_keypoints(tmp_path / "b.json"), walking_px)
    whole_body = np.random.default_rng(1).uniform(0, 600, (133, 3))  # 17 joints; then feet, face and hands, ignored
    whole_body[:17] = [walking_px[COCO_18.index(name)] for name in COCO_17]
    write_json(tmp_path / "w.json", whole_body)
    found = read_keypoints(tmp_path / "w.json")
    kept = [place for place, name in enumerate(COCO_18) if name != "neck"]
    assert np.allclose(found[kept], walking_px[kept])
    shoulders = walking_px[[COCO_18.index("left_shoulder"), COCO_18.index("right_shoulder")]]
    assert np.allclose(found[COCO_18.index("neck")], shoulders.mean(0))
    assert fit_keypoints(found).mean_error < 0.04


def test_a_rendered_pose_map_gives_its_joints_back(walking_px: FloatArray, tmp_path: Path) -> None:
    canvas = np.zeros((1000, 600, 3), np.uint8)
    for first, second in ((1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12)):
        ends = walking_px[[first, second], :2].round().astype(int)
        cv2.line(canvas, tuple(ends[0].tolist()), tuple(ends[1].tolist()), (0, 0, 153), 8)
    for (x, y, _), (red, green, blue) in zip(walking_px, JOINT_COLOURS, strict=True):
        cv2.circle(canvas, (round(x), round(y)), 5, (blue, green, red), -1)
    cv2.imwrite(str(tmp_path / "map.png"), canvas)
    found = read_keypoints(tmp_path / "map.png")
    assert np.abs(found[:14, :2] - walking_px[:14, :2]).max() < 4


def test_a_photo_without_a_detector_says_so(tmp_path: Path) -> None:
    photo = np.random.default_rng(0).integers(60, 255, (64, 48, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    with pytest.raises(DetectorMissing):
        load_pose(str(tmp_path / "photo.png"))


@pytest.mark.parametrize("content", ["", "[]", '{"people": []}', '{"people": [{"pose_keypoints_2d": [1, 2]}]}'])
def test_a_broken_pose_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "pose.json").write_text(content)
    with pytest.raises(PoseInvalid):
        load_pose(str(tmp_path / "pose.json"))


def test_a_forearm_of_double_length_is_refused_with_the_joint_named(walking_px: FloatArray) -> None:
    points = walking_px.copy()
    points[4, :2] = points[3, :2] + 2.2 * (points[4, :2] - points[3, :2])
    with pytest.raises(PoseImpossible, match="right wrist"):
        fit_keypoints(points)


def test_a_knee_bent_backwards_is_refused_with_the_joint_named() -> None:
    with pytest.raises(PoseImpossible, match="left knee"):
        validate_pose(Pose("bird", {"lowerleg01.L": np.array([-1.0, 0.0, 0.0])}))


def test_a_pose_that_hangs_head_down_is_refused_with_the_neck_named(walking_px: FloatArray, tmp_path: Path) -> None:
    points = walking_px.copy()
    points[:, 1] = 900 - points[:, 1]  # as of a tool whose y axis points up
    with pytest.raises(PoseImpossible, match="at the neck: it would hang below the hips"):
        load_pose(write_json(tmp_path / "pose.json", points))


def test_a_pose_map_that_lies_on_its_side_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    canvas = np.zeros((300, 200, 3), np.uint8)
    for place, (red, green, blue) in enumerate(JOINT_COLOURS):
        cv2.circle(canvas, (100, 10 + 15 * place), 5, (red, green, blue), -1)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by 90 degrees counter-clockwise
    Image.fromarray(np.rot90(canvas)).save(tmp_path / "map.png", exif=exif)
    found = read_keypoints(tmp_path / "map.png")
    assert np.abs(found[:, :2] - [[100.5, 10.5 + 15 * place] for place in range(18)]).max() < 2
