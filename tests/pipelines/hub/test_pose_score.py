"""With the weights of DWPose the quality gate also checks whether a pipeline moved a limb."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli.main import run
from tests.support.tiny_models.dwpose import draw_joints
from vmodel.body.pose.openpose import read_keypoints
from vmodel.config import Settings
from vmodel.errors import DetectorMissing
from vmodel.quality.gate import BARS, judge
from vmodel.quality.pose import POSE_BAR, limb_score, pose_score
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.studio.generate import generate_with_retries
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray, FloatArray

_COCO_17 = [0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10]
ELBOW, WRIST = 6, 7


@pytest.fixture
def settings(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Install DWPose as an operator would, and yield the settings."""
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    assert run(["weights", "pull", "dwpose", "--accept-licence"]) == 0
    yield Settings()
    shutil.rmtree(tmp_path / "home")


def standing(context: RenderContext, joints_px: FloatArray) -> ByteArray:
    """Draw a person of whom only the joints are visible."""
    return draw_joints(context.maps.person_mask.shape, joints_px[_COCO_17], radius=3)  # type: ignore[arg-type]


@pytest.fixture
def context(tee_context: RenderContext) -> RenderContext:
    """Return a context whose draft is such a picture."""
    drawn = replace(tee_context)
    vars(drawn)["draft"] = standing(tee_context, tee_context.maps.keypoints_px[:, :2])
    return drawn


def moved(context: RenderContext, joint: int, share: float) -> ByteArray:
    """Move a joint of the draft sideways by a share of the picture's height."""
    joints = context.maps.keypoints_px[:, :2].copy()
    joints[joint, 0] += share * len(context.draft)
    return standing(context, joints)


def test_a_person_who_stands_as_drawn_keeps_the_pose(context: RenderContext, settings: Settings) -> None:
    assert pose_score(context.draft, context, settings) == 1
    assert "pose" not in judge(context.draft, context, settings).missed
    slightly = pose_score(moved(context, WRIST, 0.005), context, settings)
    assert slightly is not None
    assert 0.9 < slightly < 1


def test_a_moved_forearm_is_refused_though_all_else_stands(context: RenderContext, settings: Settings) -> None:
    joints = context.maps.keypoints_px[:, :2].copy()
    joints[[ELBOW, WRIST], 0] += 0.1 * len(context.draft)
    report = judge(standing(context, joints), context, settings)
    assert report.scores["pose"] < POSE_BAR
    assert "pose" in report.missed


def test_a_limb_that_is_gone_is_refused(context: RenderContext, settings: Settings) -> None:
    joints = context.maps.keypoints_px[:, :2].copy()
    joints[[9, 10]] = np.nan
    assert "pose" in judge(standing(context, joints), context, settings).missed


def test_a_joint_that_the_draft_hides_is_not_asked() -> None:
    drawn = np.column_stack([np.arange(36).reshape(18, 2) * 10.0, np.ones(18)])
    made = drawn.copy()
    made[[6, 7], :2] += 500
    assert limb_score(drawn, made, 1e4) == pytest.approx(1 / 3)
    drawn[[6, 7], 2] = 0
    assert limb_score(drawn, made, 1e4) == 1
    assert limb_score(0 * drawn, made, 1e4) is None


def test_a_transparent_picture_is_looked_at_over_grey(context: RenderContext, settings: Settings) -> None:
    alpha = np.full((*context.draft.shape[:2], 1), 255, np.uint8)
    assert pose_score(np.dstack([context.draft, alpha]), context, settings) == 1
    assert pose_score(np.dstack([context.draft, 0 * alpha]), context, settings) == 0


class Mover:
    """A pipeline that moves an arm of the person."""

    name = "mover"
    generative = True

    def __call__(self, context: RenderContext) -> ByteArray:
        return moved(context, WRIST, 0.2)


def test_the_gate_asks_for_the_pose_where_the_weights_are_and_not_elsewhere(
    context: RenderContext, settings: Settings, tmp_path: Path
) -> None:
    scores = generate_with_retries(context, Mover(), StageCache(settings)).attempts[0].report.scores
    assert set(scores) == {*BARS, "pose"}
    without = StageCache(Settings(home=tmp_path / "elsewhere"))
    assert set(generate_with_retries(context, Mover(), without).attempts[0].report.scores) == set(BARS)


def test_a_photo_is_refused_with_the_command_until_the_weights_are_pulled_and_read_from_then_on(
    settings: Settings, tee_context: RenderContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    joints = tee_context.maps.keypoints_px[:, :2] * 1.6
    photo = draw_joints((820, 616), joints[_COCO_17])
    cv2.imwrite(str(tmp_path / "photo.png"), photo[..., ::-1])
    found = read_keypoints(tmp_path / "photo.png")
    # The tiny person finder always returns the same box; the joints in it are found.
    inside = (joints[:, 0] > 170) & (joints[:, 0] < 400) & (found[:, 2] > 0)
    inside[1] = False
    assert inside.sum() >= 8
    assert np.abs(found[inside, :2] - joints[inside]).max() < 8
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(DetectorMissing, match="`vmodel weights pull dwpose`"):
        read_keypoints(tmp_path / "photo.png")
