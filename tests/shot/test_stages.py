"""Stages of a shot: their names in events, and the progress that they make."""

from __future__ import annotations

import json
from itertools import pairwise

from vmodel.service.jobs.renderer import Progress
from vmodel.shot.stages import PipelineName, Stage

ON_THE_WIRE = [
    "reading", "cutout", "understanding", "pattern", "hypotheses", "digest", "detecting", "body model", "body", "pose",
    "posing", "drape", "judge", "skin", "shoes", "hair", "posing hair", "posing shoes", "scene", "camera", "conditions",
    "draft", "photograph", "finish", "quality", "publish", "model3d",
]  # fmt: skip
"""Names that programs of others have seen in events and sidecars."""


def test_the_names_of_stages_stay_as_programs_know_them() -> None:
    assert json.loads(json.dumps({stage: stage for stage in Stage})) == {name: name for name in ON_THE_WIRE}


def test_progress_grows_from_stage_to_stage_and_ends_a_stage_where_the_next_one_starts() -> None:
    starts = [stage.start for stage in Stage if stage.start is not None]
    assert all(first < second for first, second in pairwise([0.0, *starts, 1.0]))


def test_progress_is_written_under_the_names_of_stages_and_pipelines() -> None:
    written: list[tuple[str, float]] = []
    told: tuple[tuple[Stage | PipelineName, float], ...] = (
        (Stage.DRAPE, 0.5), (Stage.POSING_HAIR, 0.0), (PipelineName("embedded"), 0.0), (Stage.PHOTOGRAPH, 1.0),
    )  # fmt: skip
    progress = Progress(lambda stage, share, _: written.append((stage, share)))
    for stage, share in told:
        progress(stage, share, b"a preview is written at once")
    assert written == [("drape", 0.35), ("posing hair", 0.35), ("embedded", 0.35), ("photograph", 0.93)]
    assert {type(stage) for stage, _ in written} == {str}
