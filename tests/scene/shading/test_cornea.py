"""Eyes: catchlights lie on the iris beside the pupil, and turn with the head."""

from pathlib import Path

import numpy as np
import pytest

from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.scene.shading.cornea import eye_mirrors
from vmodel.types import Pose

LOOKS_LEFT = Pose("looks left", {"head": np.array([0.0, 0.0, 0.6])})
KEY_LIGHT = np.array([-0.45, -0.80, 0.40]) / np.linalg.norm([-0.45, -0.80, 0.40])
TO_CAMERA = np.array([0.0, -1.0, 0.0])
IRIS_MM = 6.2


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Body:
    home: Path = tmp_path_factory.mktemp("home")
    return build_body(load_roster(Settings(home=home))["wm-freja"])


def eyeball(centre_m: np.ndarray) -> np.ndarray:
    """Return (n, 3) points of the half of a round eyeball that faces the camera."""
    across, up = np.meshgrid(np.linspace(-0.8, 0.8, 161), np.linspace(-0.8, 0.8, 161))
    inside = across**2 + up**2 < 0.6
    out = np.stack([across[inside], -np.sqrt(1 - across[inside] ** 2 - up[inside] ** 2), up[inside]], axis=1)
    return centre_m + 0.016 * out


def test_a_soft_box_beside_the_camera_is_mirrored_on_the_iris(body: Body) -> None:
    eyes = body.eyes(body.posed(load_pose("standing")))
    halfway = (KEY_LIGHT + TO_CAMERA) / np.linalg.norm(KEY_LIGHT + TO_CAMERA)
    for centre, gaze in zip(eyes.centre_m, eyes.gaze, strict=True):
        points = eyeball(centre)
        normal, clear = eye_mirrors(eyes, points)
        bright = points[np.argmax((normal @ halfway) ** 400 * (0.3 + 0.7 * clear))]
        out = (bright - centre) / np.linalg.norm(bright - centre)
        from_pupil_mm = 16 * np.linalg.norm(out - gaze * (out @ gaze))
        assert from_pupil_mm < 0.75 * IRIS_MM


def test_the_white_of_the_eye_stays_round(body: Body) -> None:
    eyes = body.eyes(body.posed(load_pose("standing")))
    points = eyeball(eyes.centre_m[0])
    out = (points - eyes.centre_m[0]) / 0.016
    white = out @ eyes.gaze[0] < np.cos(np.radians(32))
    normal, clear = eye_mirrors(eyes, points)
    assert np.allclose(normal[white], out[white], atol=1e-3)
    assert not clear[white].any()


def test_the_gaze_follows_the_head(body: Body) -> None:
    ahead, aside = body.eyes(body.posed(Pose("ahead", {}))), body.eyes(body.posed(LOOKS_LEFT))
    turned = np.degrees(np.arccos(np.einsum("ec,ec->e", ahead.gaze, aside.gaze)))
    assert np.allclose(turned, np.degrees(0.6), atol=6)
    apart_mm = 1000 * np.linalg.norm(np.diff(aside.centre_m, axis=0))
    assert apart_mm == pytest.approx(1000 * np.linalg.norm(np.diff(ahead.centre_m, axis=0)), abs=1)
