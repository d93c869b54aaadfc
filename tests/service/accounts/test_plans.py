"""Prices and plans follow the file, and an error names the faulty place in it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.registry import PIPELINES
from vmodel.config import Settings
from vmodel.errors import SizeOutOfRange
from vmodel.limits import check_size
from vmodel.service.accounts.plans import OWN_PLANS, read_plans
from vmodel.service.errors import PipelineNotPriced, PlansInvalid, StepsNotOffered, UnknownPlan

SMALL = "pipelines: {draft: 3}\nsizes: [{megapixels: 1, times: 1}, {megapixels: 2, times: 5}]\nplans: {a: {monthly_credits: 1, concurrent_jobs: 1, pictures_a_day: 1, requests_a_minute: 1}}\n"  # noqa: E501


def load_steps(pipeline: str) -> int:
    """Return a pipeline's own number of steps."""
    name = "embedded.pipeline" if pipeline == "embedded" else f"hub.models.{pipeline.replace('-', '_')}"
    steps: int = import_module(f"pipelines.{name}").STEPS
    return steps


RESEARCH = {name for name, weights in CATALOGUE.items() if weights.research_only}


def test_every_pipeline_but_those_for_research_has_a_price_at_every_size_that_can_be_asked_for() -> None:
    plans = read_plans(Settings())
    check_size((3072, 3072))
    assert set(PIPELINES) >= RESEARCH
    for pipeline in RESEARCH:
        # A pipeline that must not be sold is refused: neither page nor API takes an order.
        with pytest.raises(PipelineNotPriced):
            plans.price_shot(pipeline, (1024, 768))
    for pipeline in PIPELINES.keys() - RESEARCH:
        prices = [plans.price_shot(pipeline, size) for size in ((384, 288), (1024, 768), (2048, 1536), (3072, 3072))]
        assert prices == sorted(prices)
        assert prices[0] >= 1
        assert prices[0] < prices[-1]


def test_more_steps_cost_more_and_unpriced_numbers_are_refused_with_the_allowed_ones() -> None:
    plans = read_plans(Settings())
    for pipeline, offered in plans.steps.items():
        prices = [plans.price_shot(pipeline, (1024, 768), steps) for steps in sorted(offered)]
        assert prices == sorted(set(prices))
        assert plans.price_shot(pipeline, (1024, 768)) == plans.price_shot(pipeline, (1024, 768), load_steps(pipeline))
        with pytest.raises(StepsNotOffered, match=f"use one of: {', '.join(map(str, sorted(offered)))}, or leave"):
            plans.price_shot(pipeline, (1024, 768), 200)
    assert plans.steps.keys() == plans.pipelines.keys() - {"draft"}


def test_a_laptop_needs_no_plan_of_its_own_to_try_and_the_operators_is_wide() -> None:
    plans = read_plans(Settings())
    assert plans.plan("free").monthly_credits >= plans.price_shot("draft", (1024, 768))
    assert plans.plan("house").monthly_credits >= 100_000
    with pytest.raises(UnknownPlan):
        plans.plan("golden")


def test_a_file_of_ones_own_sets_prices(tmp_path: Path) -> None:
    own = tmp_path / "plans.yaml"
    own.write_text(SMALL, encoding="utf-8")
    plans = read_plans(Settings(plans=own))
    assert plans.price_shot("draft", (1000, 1000)) == 3
    assert plans.price_shot("draft", (1001, 1000)) == 15
    with pytest.raises(SizeOutOfRange):
        plans.price_shot("draft", (2000, 2000))
    with pytest.raises(PipelineNotPriced):
        plans.price_shot("embedded", (1000, 1000))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("sizes:", "steps: {draft: {4: 0}}\nsizes:", "steps.draft.4"),
        ("draft: 3", "draft: 1.5", "pipelines.draft"),
        ("draft: 3", "draft: -1", "pipelines.draft"),
        ("times: 5", "times: 0", "sizes.1.times"),
        ("megapixels: 2", "megapixels: 0.5", "small to large"),
        ("concurrent_jobs: 1, ", "", "plans.a.concurrent_jobs"),
        ("plans: {a", "plan: {a", "plans"),
        ("}}", "", "not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    own = tmp_path / "plans.yaml"
    own.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(PlansInvalid, match=place):
        read_plans(Settings(plans=own))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlansInvalid, match="nowhere"):
        read_plans(Settings(plans=tmp_path / "nowhere.yaml"))
    assert OWN_PLANS.is_file()
