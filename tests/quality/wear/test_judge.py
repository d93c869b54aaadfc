"""The wear check passes correctly worn garments, and reports the right fault of broken drapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.support.garments import broken_drapes, by_formula
from tests.support.garments.broken_drapes import Worn
from tests.support.garments.broken_kinds import SKIRTS, SLEEVES, TOPS, TROUSERS
from vmodel.body.base_layer.paint import is_guarded
from vmodel.body.mesh.anatomy_chart import load_anatomy
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.outfit.layering import merge_garments
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.garment.blocks.library import is_for_children
from vmodel.garment.designs.block_design import Design, make_garment
from vmodel.quality.errors import NotWornRight
from vmodel.quality.wear.judge import BAR, LIMITS, WornReport, check_worn, judge_worn
from vmodel.quality.wear.reasons import REASONS
from vmodel.types import Garment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home)


def put_on(garment: Garment, model: str, pose: str, settings: Settings) -> Worn:
    body = build_body(load_roster(settings)[model])
    worn = drape(garment, body, load_pose(pose), settings, options=for_fitting(garment))
    return Worn(garment, worn, body, body.posed(load_pose(pose)))


def block(name: str, model: str, settings: Settings) -> Garment:
    """Return a block cut to a model's measures."""
    body = build_body(load_roster(settings)[model])
    assert is_for_children(name) == body.model.is_child
    return make_garment(Design(name, body.measurements), name)[3]


def judged(worn: Worn, broken: Callable[[Worn], object] | None = None) -> WornReport:
    lying = worn.drape if broken is None else broken(worn)
    return judge_worn(worn.garment, lying, worn.body, worn.posed)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tee(settings: Settings) -> Worn:
    return put_on(by_formula.tee(), "wm-ines", "standing", settings)


@pytest.fixture(scope="module")
def long_sleeve(settings: Settings) -> Worn:
    return put_on(block("sweatshirt", "wm-ines", settings), "wm-ines", "walking", settings)


@pytest.fixture(scope="module")
def skirt(settings: Settings) -> Worn:
    return put_on(by_formula.skirt(), "wm-ines", "standing", settings)


@pytest.fixture(scope="module")
def trousers(settings: Settings) -> Worn:
    return put_on(by_formula.trousers(), "wm-ines", "standing", settings)


@pytest.mark.parametrize("name", ["tee", "long_sleeve", "skirt", "trousers"])
def test_a_garment_that_is_worn_right_passes_with_room_to_spare(name: str, request: pytest.FixtureRequest) -> None:
    report = judged(request.getfixturevalue(name))
    assert report.passed
    assert report.reason == ""
    assert min(report.scores.values()) > BAR + 0.2, report.figures


@pytest.mark.parametrize(
    ("name", "model", "pose"),
    [
        ("dress", "wm-moana", "walking"),
        ("shirt", "mn-tane", "seated"),
        ("shorts", "mn-minh", "both-hands-on-hips"),
        ("child-tee", "ch-yuki", "child-hands-up"),
    ],
)
def test_blocks_pass_on_bodies_and_in_poses_of_all_kinds(name: str, model: str, pose: str, settings: Settings) -> None:
    report = judged(put_on(block(name, model, settings), model, pose, settings))
    assert report.passed, (report.missed, report.figures)


@pytest.mark.parametrize("name", TOPS)
def test_a_broken_top_is_caught_and_the_reason_named(name: str, tee: Worn) -> None:
    score, broken = TOPS[name]
    report = judged(tee, broken)
    assert score in report.missed, (report.scores, report.figures)
    assert report.reason == REASONS[report.missed[0]]


@pytest.mark.parametrize("name", {**TOPS, **SLEEVES})
def test_a_broken_top_with_long_sleeves_is_caught_in_another_pose(name: str, long_sleeve: Worn) -> None:
    score, broken = {**TOPS, **SLEEVES}[name]
    report = judged(long_sleeve, broken)
    assert score in report.missed, (report.scores, report.figures)


@pytest.mark.parametrize("name", SKIRTS)
def test_a_broken_skirt_is_caught_and_the_reason_named(name: str, skirt: Worn) -> None:
    score, broken = SKIRTS[name]
    report = judged(skirt, broken)
    assert score in report.missed, (report.scores, report.figures)


@pytest.mark.parametrize("name", TROUSERS)
def test_broken_trousers_are_caught_and_the_reason_named(name: str, trousers: Worn) -> None:
    score, broken = TROUSERS[name]
    report = judged(trousers, broken)
    assert score in report.missed, (report.scores, report.figures)


def test_a_hole_over_the_guard_zone_is_caught_however_small(tee: Worn) -> None:
    zone = tee.posed.vertices_m[is_guarded(load_anatomy().spot_mm) & (tee.body.rest.vertices_m[:, 2] > 1.1)]
    middle = tee.drape.vertices_m[tee.drape.triangles].mean(axis=1)
    near = cKDTree(zone).query(middle)[0] < 0.03
    assert 0 < near.mean() < 0.03
    kept = {name: getattr(tee.drape, name)[~near] for name in ("triangles", "texture_px", "texture", "panel")}
    report = judged(tee, lambda worn: replace(worn.drape, **kept))
    assert judged(tee).figures["guard zone bare"] == 0
    assert report.figures["guard zone bare"] > 0.5
    assert "cover" in report.missed


def test_every_figure_counts_for_a_score_that_has_a_reason() -> None:
    assert {limit.score for limit in LIMITS.values()} == set(REASONS)
    assert all(limit.best < limit.worst for limit in LIMITS.values())
    assert all(reason.count(";") == 1 and reason.endswith(".") for reason in REASONS.values())


def test_a_miss_is_an_error_with_its_reason_and_the_remedy(tee: Worn) -> None:
    check_worn([tee.garment], tee.drape, tee.body, tee.posed)
    with pytest.raises(NotWornRight, match=r"front is not in front; .*--category") as caught:
        check_worn([tee.garment], broken_drapes.twisted(180)(tee), tee.body, tee.posed)
    assert caught.value.code == "not_worn_right"
    assert "front" in caught.value.missed


def test_each_garment_of_an_outfit_is_judged_by_itself(tee: Worn, skirt: Worn) -> None:
    worn = [tee, skirt]

    def check(drapes: list[object]) -> None:
        joined = merge_garments([each.garment for each in worn], drapes, main=0)[1]  # type: ignore[arg-type]
        check_worn([each.garment for each in worn], joined, tee.body, tee.posed)

    check([tee.drape, skirt.drape])
    with pytest.raises(NotWornRight) as caught:
        check([tee.drape, broken_drapes.shifted_to("lowerleg01.L")(skirt)])
    assert "waistband" in caught.value.missed
    with pytest.raises(NotWornRight) as caught:
        check([broken_drapes.shifted(up=0.16)(tee), skirt.drape])
    assert "neck" in caught.value.missed


def test_what_the_garment_does_not_name_is_not_asked(tee: Worn) -> None:
    bare = replace(tee.garment, landmarks_cm={"neck_left": tee.garment.landmarks_cm["neck_left"]})
    report = judge_worn(bare, tee.drape, tee.body, tee.posed)
    assert report.passed, report.figures
    assert "sleeves" not in report.scores


def test_the_same_drape_is_judged_the_same(tee: Worn) -> None:
    first, second = judged(tee), judged(tee)
    assert first.figures == second.figures
    assert all(np.isfinite(value) for value in first.figures.values())
