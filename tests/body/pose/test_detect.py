"""Poses from photos by OpenPose where DWPose is not installed, with a small package of the published interface."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vmodel.body.pose.openpose import read_keypoints
from vmodel.errors import DetectorMissing, PoseInvalid

CODE = '''
from collections import namedtuple
from pathlib import Path

Keypoint = namedtuple("Keypoint", "x y")
Body = namedtuple("Body", "keypoints")
Pose = namedtuple("Pose", "body")


class OpenposeDetector:
    people = 1

    @classmethod
    def from_pretrained(cls, folder):
        assert (Path(folder) / "body_pose_model.pth").is_file()
        return cls()

    def detect_poses(self, picture):
        """Places in shares of the picture; the second joint is the brightest pixel, the last one is not seen."""
        row, column = divmod(int(picture[..., 0].argmax()), picture.shape[1])
        bright = Keypoint((column + 0.5) / picture.shape[1], (row + 0.5) / picture.shape[0])
        found = [Keypoint(0.5, 0.25), bright, *[Keypoint(0.1, 0.2)] * 15, None]
        return [Pose(Body(found))] * self.people
'''


@pytest.fixture
def openpose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install the package and its weights; returns the folder of the weights."""
    (tmp_path / "controlnet_aux.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "cache" / "models--lllyasviel--Annotators"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("a" * 40)
    weights = repository / "snapshots" / ("a" * 40)
    weights.mkdir(parents=True)
    (weights / "body_pose_model.pth").write_bytes(b"weights")
    yield weights
    sys.modules.pop("controlnet_aux", None)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = np.random.default_rng(0).integers(60, 200, (80, 40, 3), dtype=np.uint8)
    picture[60, 30] = 255
    Image.fromarray(picture).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_its_places_are_read_in_pixels_and_what_it_does_not_see_is_left_out(openpose: Path, photo: Path) -> None:
    found = read_keypoints(photo)
    assert found.shape == (18, 3)
    assert found[0].tolist() == [20, 20, 1]
    assert found[1].tolist() == [30.5, 60.5, 1]
    assert not found[17].any()


@pytest.mark.parametrize("people", [0, 2])
def test_nobody_and_several_people_are_refused(
    openpose: Path, photo: Path, people: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import controlnet_aux

    monkeypatch.setattr(controlnet_aux.OpenposeDetector, "people", people)
    with pytest.raises(PoseInvalid, match=f"shows {people} people"):
        read_keypoints(photo)


def test_without_its_weights_the_command_that_gets_the_others_is_named(openpose: Path, photo: Path) -> None:
    (openpose / "body_pose_model.pth").unlink()
    with pytest.raises(DetectorMissing, match="`vmodel weights pull dwpose`"):
        read_keypoints(photo)
