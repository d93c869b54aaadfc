"""Detections of a person detector trained on real people in our pictures: ``python -m benchmarks.detector``.

The detector comes from the npm package @mediapipe/pose (``make bench-detector`` fetches it). A full-body shot passes
if exactly one person is found; a joint's error is its distance from the requested pose as a share of the body's height.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common.pose_detector import PoseDetector
from benchmarks.common.tables import EXAMPLES, Figures, Table, publish
from pipelines.registry import load_pipeline
from vmodel.config import Settings
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Failure, Shot
from vmodel.shot.request import GarmentSource, ShotRequest, parse_size
from vmodel.studio.sequence import run_sequentially
from vmodel.studio.stage_cache import StageCache
from vmodel.types import FloatArray

POSES = ("standing", "contrapposto", "hand-on-hip", "walking", "hands-clasped-front", "seated", "one-arm-raised")
WOMEN = ("wm-ines", "wm-adaeze", "wm-hana", "wm-priya", "wm-greta", "wm-keisha", "wm-saoirse")
ANYBODY = ("wm-amina", "mn-tomas", "wm-freja", "mn-kwame", "wm-rosa", "mn-walter", "mn-kenji")
FOR_WOMEN = ("dress", "skirt", "camisole")
#: Shoulders, elbows, wrists, hips, knees and ankles of COCO-18.
LIMBS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
NEAR = 0.10


@dataclass(frozen=True)
class DetectedShot:
    """Detections in one shot.

    Attributes:
        people: number of persons found.
        score: of the best, 0..1; 0 if no person was found.
        joint_errors: (12,) shares of the body's height; empty if no person was found.
    """

    shot: Shot
    people: int
    score: float
    joint_errors: FloatArray


def main(arguments: Sequence[str] | None = None) -> None:
    """Shoot every example on seven people in seven poses, front view, and print the detections."""
    parser = argparse.ArgumentParser(description="Ask a person detector what it sees in our pictures.")
    parser.add_argument("--model-folder", type=Path, required=True, help="unpacked npm package @mediapipe/pose")
    parser.add_argument("--size", default="1024x768", help="height x width of the shots")
    parser.add_argument("--shots", type=int, help="only so many; all 42 by default")
    asked = parser.parse_args(arguments)
    requests = every_request(parse_size(asked.size))[: asked.shots]
    detector, stages = PoseDetector(asked.model_folder), StageCache(Settings())
    make_shot = partial(shoot, stages=stages, pipeline=load_pipeline("draft"))
    sightings: list[DetectedShot] = []
    failures: list[Failure] = []
    for result in run_sequentially(requests, make_shot, stages.settings.home):
        if isinstance(result, Failure):
            failures.append(result)
            print(f"{result.request.garment.photo.name}: {result.code}: {result.message}", file=sys.stderr)
            continue
        sightings.append(look_at(result, detector))
        print(" | ".join(row_of(sightings[-1])), file=sys.stderr, flush=True)
    publish(summary(sightings, failures, asked.size), keep=asked.shots is None)


def every_request(size: tuple[int, int]) -> list[ShotRequest]:
    """Return each example in each pose; the model changes with every shot."""
    requests = []
    for step, pose in enumerate(POSES):
        for number, photo in enumerate(sorted(EXAMPLES.glob("*.jpg"))):
            people = WOMEN if any(word in photo.stem for word in FOR_WOMEN) else ANYBODY
            model = people[(number + step) % len(people)]
            requests.append(ShotRequest(GarmentSource(photo), model=model, pose=pose, size=size, style="plain"))
    return requests


def look_at(shot: Shot, detector: PoseDetector) -> DetectedShot:
    """Run the detector on one shot."""
    people = detector.find(np.ascontiguousarray(shot.picture[..., :3]))
    if not people:
        return DetectedShot(shot, 0, 0.0, np.zeros(0))
    return DetectedShot(shot, len(people), people[0].score, joint_errors(shot, people[0].keypoints_px))


def joint_errors(shot: Shot, found_px: FloatArray) -> FloatArray:
    """Return (12,) distances of limbs' joints as a share of the person's height in the picture."""
    rows = np.flatnonzero((shot.maps.person_mask > 0.5).any(axis=1))
    height = max(float(rows[-1] - rows[0]), 1.0)
    asked = shot.maps.keypoints_px[LIMBS, :2]
    return np.linalg.norm(found_px[LIMBS, :2] - asked, axis=1) / height


def row_of(sighting: DetectedShot) -> list[str]:
    """Return one line of the table."""
    shot, errors = sighting.shot, sighting.joint_errors
    seen = [f"{sighting.score:.2f}", f"{errors.mean():.1%}", f"{errors.max():.1%}"] if len(errors) else ["", "", ""]
    return [shot.request.garment.photo.stem, shot.model.id, shot.pose, str(sighting.people), *seen]


def summary(sightings: Sequence[DetectedShot], failures: Sequence[Failure], size: str) -> Figures:
    """Return shares over all shots that were made; failed shots are counted separately."""
    head = ["garment", "model", "pose", "persons", "score", "joint error, mean", "worst"]
    table = Table(f"Person detector on full-body shots, front view, {size}", head, [row_of(s) for s in sightings])
    count = max(len(sightings), 1)
    single = sum(sighting.people == 1 for sighting in sightings)
    errors = [sighting.joint_errors for sighting in sightings if len(sighting.joint_errors)]
    every = sum(float(error.max()) <= NEAR for error in errors)
    posed = sum(float(error.mean()) <= NEAR for error in errors)
    findings = [
        f"Exactly one person is found in {single} of {len(sightings)} shots ({single / count:.0%}; bar: 95 %).",
        f"In {posed} of them the joints lie within 10 % of body height of the requested pose on average "
        f"({posed / count:.0%}); in {every} of them every joint does.",
    ]
    if failures:
        findings.append(f"{len(failures)} shots were refused: {', '.join(sorted({f.code for f in failures}))}.")
    return Figures("detector", [table], findings)


if __name__ == "__main__":
    main(sys.argv[1:])
