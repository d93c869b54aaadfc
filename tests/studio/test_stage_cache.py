"""A warm cache of stages: work begun ahead runs in parallel with the first stages, and gives the same result."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vmodel.config import Settings
from vmodel.errors import UnknownPose, VModelError
from vmodel.shot.stages import Stage
from vmodel.studio.stage_cache import StageCache


def test_what_is_begun_runs_beside_the_stage_before_it(tmp_path: Path) -> None:
    stages, both = StageCache(Settings(home=tmp_path)), threading.Barrier(2, timeout=60)

    def paint() -> str:
        both.wait()
        return "painted"

    stages.prefetch(Stage.SKIN, "ines", paint)
    stages.get_or_compute(Stage.DRAPE, "tee", both.wait)
    assert stages.get_or_compute(Stage.SKIN, "ines", paint) == "painted"
    assert set(stages.timings) == {"drape", "skin"}


def test_what_is_warm_is_not_begun_again(tmp_path: Path) -> None:
    stages = StageCache(Settings(home=tmp_path))
    assert stages.get_or_compute(Stage.SKIN, "ines", lambda: "painted") == "painted"
    stages.prefetch(Stage.SKIN, "ines", lambda: pytest.fail("made twice"))
    assert stages.get_or_compute(Stage.SKIN, "ines", lambda: "again") == "painted"


def test_a_refusal_of_what_was_begun_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    stages = StageCache(Settings(home=tmp_path))

    def refuse() -> None:
        raise UnknownPose("lying", ["standing"])

    stages.prefetch(Stage.SKIN, "ines", refuse)
    for _ in range(2):
        with pytest.raises(VModelError, match="lying"):
            stages.get_or_compute(Stage.SKIN, "ines", lambda: None)


def test_what_a_failed_shot_began_is_forgotten_with_the_next(tmp_path: Path) -> None:
    stages = StageCache(Settings(home=tmp_path))
    stages.prefetch(Stage.SKIN, "ines", lambda: "for the shot that failed")
    stages.reset_timings()
    assert stages.get_or_compute(Stage.SKIN, "ines", lambda: "for this one") == "for this one"
