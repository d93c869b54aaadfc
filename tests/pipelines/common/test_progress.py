"""Observed pipelines: the draft is shown, steps are reported, and one process at a time uses the card."""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.common.progress import MonitoredPipeline, gpu_lock
from pipelines.draft import DraftPipeline
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray


class Twice:
    """A pipeline that makes several pictures at once, in two steps."""

    name, generative, steps, at_once = "twice", True, 2, 2

    def __init__(self) -> None:
        self.pipeline = torch.nn.Module()
        self.pipeline.transformer = torch.nn.Identity()

    def __call__(self, context: RenderContext) -> ByteArray:
        return self.make([context])[0]

    def make(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        for _ in range(self.steps):
            self.pipeline.transformer(torch.zeros(1))
        return [255 - context.draft for context in contexts]


def test_a_draft_is_shown_and_steps_are_told_for_one_picture_and_for_several(
    tee_context: RenderContext, tmp_path: Path
) -> None:
    shown, told = list[ByteArray](), list[float]()
    monitored = MonitoredPipeline(Twice(), shown.append, told.append, tmp_path)
    assert np.array_equal(monitored(tee_context), 255 - tee_context.draft)
    assert len(monitored.make([tee_context, tee_context])) == 2
    assert len(shown) == 2
    assert all(np.array_equal(each, tee_context.draft) for each in shown)
    assert told == [0, 0.5, 0, 0.5]


def test_a_draft_is_made_without_ado_and_singly(tee_context: RenderContext, tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise AssertionError

    monitored = MonitoredPipeline(DraftPipeline(), refuse, refuse, tmp_path)
    assert np.array_equal(monitored(tee_context), tee_context.draft)
    with pytest.raises(TypeError, match="one picture at a time"):
        monitored.make([tee_context])


class Invents:
    """A generative pipeline without networks of diffusers, one picture at a time."""

    name, generative = "invents", True

    def __call__(self, context: RenderContext) -> ByteArray:
        return 255 - context.draft


def test_a_pipeline_without_networks_tells_no_steps_and_shows_its_draft(
    tee_context: RenderContext, tmp_path: Path
) -> None:
    shown, told = list[ByteArray](), list[float]()
    monitored = MonitoredPipeline(Invents(), shown.append, told.append, tmp_path)
    assert np.array_equal(monitored(tee_context), 255 - tee_context.draft)
    assert (len(shown), told) == (1, [])


def test_one_process_at_a_time_has_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU/2")
    with gpu_lock(tmp_path / "locks"):
        (path,) = (tmp_path / "locks").iterdir()
        assert path.name == "card-GPU_2-1.lock"
        with path.open("w") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
