"""A worker keeps the weights of its most recently used pipelines."""

from __future__ import annotations

from weakref import ref

import pytest
import torch

from pipelines import pool
from pipelines.embedded.pipeline import STEPS, Embedded
from pipelines.hub.models.qwen_edit import FEW_STEPS
from pipelines.pool import PipelinePool
from pipelines.registry import load_pipeline, steps_to_load
from vmodel.errors import BadUsage, CardTooSmall
from vmodel.shot.pipeline_interface import Pipeline


def test_one_pipeline_is_kept_by_default_and_the_other_s_weights_are_gone_before_it_comes() -> None:
    pipelines = PipelinePool()
    first = pipelines.get("embedded", 1)
    assert pipelines.get("embedded", 1) is first
    gone = ref(first)
    del first
    assert pipelines.get("draft", None).name == "draft"
    assert gone() is None


def test_as_many_are_kept_as_the_setting_says_the_last_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMODEL_HUB_WARM", "2")
    pipelines = PipelinePool()
    draft, embedded = pipelines.get("draft", None), pipelines.get("embedded", 1)
    assert pipelines.get("draft", None) is draft
    assert pipelines.get("draft", None) is draft
    assert pipelines.get("embedded", 1) is embedded


def test_all_numbers_of_steps_share_one_loaded_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = list[str]()

    def counted(name: str, steps: int | None) -> Pipeline:
        loaded.append(name)
        return load_pipeline(name, steps)

    monkeypatch.setattr(pool, "load_pipeline", counted)
    pipelines = PipelinePool()
    usual, twice = pipelines.get("embedded", None), pipelines.get("embedded", 2)
    assert isinstance(usual, Embedded)
    assert isinstance(twice, Embedded)
    assert (usual.steps, twice.steps, pipelines.get("embedded", 4).steps) == (STEPS, 2, 4)
    assert twice.pipeline is usual.pipeline
    assert pipelines.get("embedded", None) is usual
    assert loaded == ["embedded"]


@pytest.mark.parametrize(("steps", "loading"), [(None, None), (4, FEW_STEPS), (8, FEW_STEPS), (9, None), (40, None)])
def test_few_steps_of_qwen_edit_have_weights_of_their_own(steps: int | None, loading: int | None) -> None:
    assert steps_to_load("qwen-edit", steps) == loading


def test_what_is_warm_gives_way_where_it_leaves_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMODEL_HUB_WARM", "8")
    pipelines = PipelinePool()
    before = ref(pipelines.get("embedded", 1))

    def on_a_small_card(name: str, steps: int | None) -> Pipeline:
        if before() is not None or name == "embedded":
            raise CardTooSmall(name, 5, 3)
        return load_pipeline(name, steps)

    given_back = list[bool]()
    monkeypatch.setattr(pool, "load_pipeline", on_a_small_card)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: given_back.append(before() is None))
    assert pipelines.get("draft", None).name == "draft"
    assert before() is None
    # Onto the card, after the earlier weights have left it.
    assert given_back == [True]
    with pytest.raises(CardTooSmall):
        pipelines.get("embedded", 9)


def test_no_pipeline_is_kept_of_which_loading_failed() -> None:
    pipelines = PipelinePool()
    for _ in range(2):
        with pytest.raises(BadUsage):
            pipelines.get("draft", 3)


def test_what_alone_does_not_fit_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()

    def on_a_small_card(name: str, steps: int | None) -> Pipeline:
        asked.append(name)
        raise CardTooSmall(name, 18, 3)

    monkeypatch.setattr(pool, "load_pipeline", on_a_small_card)
    with pytest.raises(CardTooSmall):
        PipelinePool().get("flux2-klein", None)
    # There were no kept weights to release.
    assert asked == ["flux2-klein"]
