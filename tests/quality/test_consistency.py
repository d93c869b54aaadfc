"""Consistency of a set: one person, one light, one garment; otherwise the odd one out is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.registry import load_pipeline
from vmodel.quality.consistency import BAR, Look, compare_looks, judge_sets, measure_look, shape_of, write_consistency
from vmodel.shoot import shoot

if TYPE_CHECKING:
    from vmodel.shot.pipeline_interface import Shot
    from vmodel.shot.request import ShotRequest
    from vmodel.studio.stage_cache import StageCache


@pytest.fixture(scope="module")
def views(stages: StageCache, tee_request: ShotRequest, tee_shot: Shot) -> list[Shot]:
    """Return shots of one garment on one person from three sides."""
    others = (replace(tee_request, model=tee_shot.model.id, view=view) for view in ("three-quarter", "back"))
    return [tee_shot, *(shoot(request, stages, load_pipeline("draft")) for request in others)]


@pytest.fixture(scope="module")
def looks(views: list[Shot]) -> list[Look]:
    return [measure_look(shot) for shot in views]


def repainted(shot: Shot, where: np.ndarray, factors: tuple[float, float, float]) -> Shot:
    """Return the same shot with some pixels of another colour."""
    picture = shot.picture.copy()
    picture[where] = np.clip(picture[where] * factors, 0, 255).astype(np.uint8)
    return replace(shot, generated=replace(shot.generated, picture=picture))


def test_views_of_one_person_in_one_light_belong_together(looks: list[Look]) -> None:
    found = compare_looks(looks)
    assert found.missed == ()
    assert set(found.apart) == {"garment", "skin", "hair", "background", "tint", "light", "person"}
    assert found.score > BAR + 0.015


def test_another_light_is_found(
    looks: list[Look], stages: StageCache, tee_shot: Shot, tee_request: ShotRequest
) -> None:
    request = replace(tee_request, model=tee_shot.model.id, view="three-quarter", light="dramatic-side")
    other = measure_look(shoot(request, stages, load_pipeline("draft")))
    found = compare_looks([*looks, other])
    assert "light" in found.missed
    assert found.outlier["light"] == len(looks)


def test_another_person_is_found_by_the_shape_of_face_and_body(looks: list[Look], stages: StageCache) -> None:
    others = [model for model in stages.roster.values() if shape_of(model) != dict(looks[0].person)]
    assert len(others) == len(stages.roster) - 1
    for model in others:
        found = compare_looks([*looks, replace(looks[0], person=shape_of(model))])
        assert found.missed == ("person",), model.id
        assert found.outlier["person"] == len(looks)


@pytest.mark.parametrize(
    ("what", "factors"),
    [("garment", (1.12, 1.0, 0.9)), ("skin", (0.5, 0.47, 0.47)), ("background", (1.0, 0.92, 0.85))],
)
def test_a_thing_that_changed_its_colour_is_named(
    what: str, factors: tuple[float, float, float], views: list[Shot], looks: list[Look]
) -> None:
    maps = views[1].maps
    where = {
        "garment": maps.garment_mask > 0.5,
        "skin": (maps.person_mask > 0.5) & (maps.garment_mask < 0.5) & (maps.hair_mask < 0.5),
        "background": maps.person_mask < 0.01,
    }[what]
    spoilt = measure_look(repainted(views[1], where, factors))
    found = compare_looks([looks[0], looks[2], spoilt])
    assert what in found.missed
    assert found.outlier[what] == 2


def test_a_closer_picture_of_the_same_place_belongs_to_the_set(
    stages: StageCache, tee_shot: Shot, tee_request: ShotRequest
) -> None:
    for place, compared in (("plaster", True), ("street", False)):
        asked = replace(tee_request, model=tee_shot.model.id, background=place)
        shots = [shoot(replace(asked, framing=each), stages, load_pipeline("draft")) for each in ("full", "upper")]
        found = compare_looks([measure_look(shot) for shot in shots])
        assert ("background" in found.apart) == compared
        assert "background" not in found.missed


def test_sets_are_reported_and_their_odd_picture_is_named(looks: list[Look], tmp_path: Path) -> None:
    odd = replace(looks[0], background=(0.2, 0.0, 0.0))
    seen = [(("shirt.jpg", "wm-a"), f"{index}.png", look) for index, look in enumerate((*looks, odd))]
    sets = judge_sets([*seen, (("shirt.jpg", "wm-b"), "alone.png", odd)])
    assert [each.model for each in sets] == ["wm-a"]
    assert (
        sets[0].warnings[0].startswith("3.png does not match the other 3 pictures of shirt.jpg on wm-a in background")
    )
    write_consistency(sets, tmp_path / "consistency.json")
    plain = json.loads((tmp_path / "consistency.json").read_text())
    assert plain["sets"][0]["missed"] == ["background"]
    assert plain["sets"][0]["score"] < BAR


def test_a_look_comes_back_from_a_journal(looks: list[Look]) -> None:
    again = [Look.from_json(json.loads(json.dumps(look.to_json()))) for look in looks]
    assert compare_looks([looks[0], again[0]]).score > 0.99
    assert compare_looks(again).score == pytest.approx(compare_looks(looks).score, abs=0.01)
