"""Poses from photos and the pose score by DWPose, with small ONNX networks that have the published interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.tiny_models.dwpose import draw_joints, write_dwpose
from vmodel.body.mesh.keypoints import COCO_18
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.dwpose import JOINT_FINDER, PERSON_FINDER, find_joints, find_people
from vmodel.body.pose.library import load_pose
from vmodel.body.pose.openpose import read_keypoints
from vmodel.config import Settings
from vmodel.errors import PoseInvalid, WeightsIncomplete
from vmodel.types import FloatArray

_COCO_17 = [0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10]
"""COCO-18 indices of COCO's own 17 joints."""
SIZE = (900, 600)
#: Box of the figure in the finder's 640 pixels, to which a picture of this size is scaled by 0.711.
BOX = (150.0, 60.0, 290.0, 620.0)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Install DWPose and return the settings."""
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path))
    folder = tmp_path / "weights" / "dwpose"
    write_dwpose(folder / "networks", [BOX])
    (folder / "record.json").write_text("{}")
    return Settings()


@pytest.fixture(scope="module")
def walking_px() -> FloatArray:
    """Return (18, 2) joints of a walking figure, within the box."""
    body = build_body(load_roster(Settings())["wm-ines"])
    points = body.keypoints(body.posed(load_pose("walking")))
    return np.stack([points[:, 0] * 440 + 310, 840 - points[:, 2] * 430], axis=1)


def photo_of(joints_px: FloatArray) -> np.ndarray:
    return draw_joints(SIZE, joints_px[_COCO_17])


def test_joints_are_found_where_they_are_in_the_photo(settings: Settings, walking_px: FloatArray) -> None:
    photo = photo_of(walking_px)
    (box,) = find_people(photo, settings)
    assert np.allclose(np.array(box) * 640 / 900, BOX, atol=0.01)
    found = find_joints(photo, box, settings)
    assert found.shape == (len(COCO_18), 3)
    assert (found[:, 2] > 0.6).all()
    shown = np.delete(np.arange(18), [1])
    assert np.abs(found[shown, :2] - walking_px[shown]).max() < 8
    assert np.allclose(found[1, :2], (found[2, :2] + found[5, :2]) / 2)


@pytest.mark.parametrize(("tint", "people"), [((60, 0, 0), 1), ((0, 0, 60), 0)], ids=["reddish", "bluish"])
def test_people_are_looked_for_in_the_order_of_colours_that_the_finder_was_taught(
    settings: Settings, tint: tuple[int, int, int], people: int
) -> None:
    assert len(find_people(np.full((*SIZE, 3), 100, np.uint8) + np.uint8(tint), settings)) == people


def test_what_is_not_seen_is_not_guessed(settings: Settings, walking_px: FloatArray) -> None:
    hidden = walking_px.copy()
    hidden[[2, 4]] = np.nan
    found = find_joints(photo_of(hidden), (210, 80, 410, 870), settings)
    # The right shoulder and so the neck, and the right wrist.
    assert np.flatnonzero(found[:, 2] == 0).tolist() == [1, 2, 4]


def test_a_pose_is_taken_from_a_photo(settings: Settings, walking_px: FloatArray, tmp_path: Path) -> None:
    Image.fromarray(photo_of(walking_px)).save(tmp_path / "photo.png")
    assert "upperleg01.L" in load_pose(str(tmp_path / "photo.png")).rotations


@pytest.mark.parametrize("boxes", [[], [BOX, (300.0, 60.0, 420.0, 620.0)]], ids=["nobody", "two"])
def test_nobody_and_several_people_are_refused(
    settings: Settings, walking_px: FloatArray, tmp_path: Path, boxes: list[tuple[float, ...]]
) -> None:
    write_dwpose(tmp_path / "weights" / "dwpose" / "networks", boxes)  # type: ignore[arg-type]
    Image.fromarray(photo_of(walking_px)).save(tmp_path / "photo.png")
    with pytest.raises(PoseInvalid, match=f"shows {len(boxes)} people"):
        read_keypoints(tmp_path / "photo.png")


def test_one_person_is_one_box(settings: Settings, tmp_path: Path) -> None:
    nearly = tuple(side + 3 for side in BOX)
    write_dwpose(tmp_path / "weights" / "dwpose" / "networks", [BOX, nearly])  # type: ignore[list-item]
    assert len(find_people(np.zeros((*SIZE, 3), np.uint8), settings)) == 1


@pytest.mark.parametrize("file", [PERSON_FINDER, JOINT_FINDER])
@pytest.mark.parametrize("spoilt", [None, b"", b"no network at all"], ids=["gone", "empty", "other"])
def test_weights_that_are_no_networks_are_refused_with_the_command(
    settings: Settings, walking_px: FloatArray, tmp_path: Path, file: str, spoilt: bytes | None
) -> None:
    path = tmp_path / "weights" / "dwpose" / "networks" / file
    path.unlink()
    if spoilt is not None:
        path.write_bytes(spoilt)
    Image.fromarray(photo_of(walking_px)).save(tmp_path / "photo.png")
    with pytest.raises(WeightsIncomplete, match="run `vmodel weights pull dwpose`"):
        read_keypoints(tmp_path / "photo.png")
