"""What a person detector trained on real people sees in our pictures: ``python -m benchmarks.detector``.

The detector comes from the npm package @mediapipe/pose (``make bench-detector`` fetches it). A full-body shot passes
if exactly one person is found; a joint's error is its distance from the requested pose as a share of the body's height.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.pose_detector import PoseDetector
from benchmarks.tables import EXAMPLES, print_table
from pipelines.loading import load_pipeline
from vmodel.batch import shoot_all
from vmodel.config import Settings
from vmodel.request import GarmentSource, ShotRequest
from vmodel.shoot import shoot
from vmodel.studio import Studio
from vmodel.take import Failure, Shot
from vmodel.types import FloatArray

POSES = ("standing", "contrapposto", "hand-on-hip", "walking", "a-pose-relaxed")
MODELS = ("wm-ines", "mn-tomas")
#: Shoulders, elbows, wrists, hips, knees and ankles of COCO-18.
LIMBS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]


def main(arguments: Sequence[str] | None = None) -> None:
    """Shoot every model in every pose, front view, and print what was found."""
    parser = argparse.ArgumentParser(description="Ask a person detector what it sees in our pictures.")
    parser.add_argument("--model-folder", type=Path, required=True, help="unpacked npm package @mediapipe/pose")
    parser.add_argument("--photo", type=Path, default=EXAMPLES / "logo-tee.jpg")
    asked = parser.parse_args(arguments)
    detector, studio = PoseDetector(asked.model_folder), Studio(Settings())
    requests = [ShotRequest(GarmentSource(asked.photo), model=model, pose=pose) for model in MODELS for pose in POSES]
    rows, single, errors = [], 0, []
    make_shot = partial(shoot, studio=studio, pipeline=load_pipeline("draft"))
    for result in shoot_all(requests, make_shot, studio.settings.home):
        name = [str(result.request.model), str(result.request.pose)]
        if isinstance(result, Failure):
            rows.append([*name, result.code, "", ""])
            continue
        people = detector.find(np.ascontiguousarray(result.picture[..., :3]))
        single += len(people) == 1
        if not people:
            rows.append([*name, "0", "", ""])
            continue
        error = joint_errors(result, people[0].keypoints_px)
        errors.append(error)
        rows.append([*name, str(len(people)), f"{people[0].score:.2f}", f"{np.mean(error):.1%} / {np.max(error):.1%}"])
    print_table(
        "Person detector on full-body shots", ["model", "pose", "persons", "score", "joint error, mean / worst"], rows
    )
    print(f"exactly one person in {single} of {len(rows)} shots ({single / len(rows):.0%})")
    if errors:
        within = np.mean(np.concatenate(errors) <= 0.10)
        print(f"joints within 10 % of body height: {within:.0%}")


def joint_errors(shot: Shot, found_px: FloatArray) -> FloatArray:
    """(12,) distances of limbs' joints as a share of the person's height in the picture."""
    rows = np.flatnonzero((shot.maps.person_mask > 0.5).any(axis=1))
    height = max(float(rows[-1] - rows[0]), 1.0)
    asked = shot.maps.keypoints_px[LIMBS, :2]
    return np.linalg.norm(found_px[LIMBS, :2] - asked, axis=1) / height


if __name__ == "__main__":
    main(sys.argv[1:])
