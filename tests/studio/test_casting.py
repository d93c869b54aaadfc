"""Choice of a model when a request names none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from vmodel.body.model.roster import Roster, load_roster
from vmodel.config import Settings
from vmodel.errors import ModelInvalid
from vmodel.shot.pipeline_interface import Shot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.casting import choose_pose, rank_models
from vmodel.studio.dress_model import cast_models
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import Category, VirtualModel

GARMENTS = [f"photo {number}" for number in range(60)]


def first(models: Mapping[str, VirtualModel], content: str) -> VirtualModel:
    return rank_models(models.values(), content)[0]


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster(Settings())


def test_a_garment_always_gets_the_same_person(roster: Roster) -> None:
    backwards = list(roster.items())[::-1]
    for content in GARMENTS[:5]:
        assert first(roster, content) == first(dict(backwards), content)


def test_a_folder_of_garments_shows_several_people_and_no_child(roster: Roster) -> None:
    cast = [first(roster, content) for content in GARMENTS]
    assert len({model.id for model in cast}) >= 6
    assert not any(model.is_child for model in cast)


MENS = (("woman", 0.2), ("man", 0.7), ("girl", 0.02), ("boy", 0.08))
GIRLS = (("woman", 0.08), ("man", 0.02), ("girl", 0.8), ("boy", 0.1))


def test_what_is_made_for_men_is_shown_on_men_of_several_looks(roster: Roster) -> None:
    cast = [rank_models(roster.values(), content, MENS)[0] for content in GARMENTS]
    assert {model.gender for model in cast} == {"man"}
    assert len({model.id for model in cast}) >= 3


@pytest.mark.parametrize(("name", "gender"), [("logo-tee", "man"), ("floral-dress", "woman")])
def test_a_photo_decides_who_tries_its_garment_on(examples: Path, stages: StageCache, name: str, gender: str) -> None:
    request = ShotRequest(GarmentSource(examples / f"{name}.jpg"))
    reading = read_pattern(request.garment, stages)
    assert {model.gender for model in cast_models(reading, request, stages)} == {gender}


def test_no_child_is_cast_unnamed_even_for_a_childs_garment(roster: Roster) -> None:
    assert not any(model.is_child for model in rank_models(roster.values(), "photo", GIRLS))


def test_an_adult_in_what_looks_made_for_a_child_is_pointed_out_unless_chosen(tee_shot: Shot) -> None:
    def pointed_out(model: str, made_for: tuple[tuple[str, float], ...]) -> bool:
        garment = replace(tee_shot.garment, kind=replace(tee_shot.garment.kind, made_for=made_for))
        shot = replace(tee_shot, garment=garment, request=replace(tee_shot.request, model=model))
        return any("made for a child" in each and "--model" in each for each in shot.warnings)

    assert pointed_out("", GIRLS)
    assert not pointed_out("", MENS)
    assert not pointed_out(tee_shot.model.id, GIRLS)


def test_who_is_asked_next_is_somebody_else_of_the_roster(roster: Roster) -> None:
    ranked = rank_models(roster.values(), "photo")
    assert len({model.id for model in ranked}) == len(ranked) == sum(not model.is_child for model in roster.values())


def test_a_roster_without_adults_casts_nobody(roster: Roster) -> None:
    children = [model for model in roster.values() if model.is_child]
    with pytest.raises(ModelInvalid):
        rank_models(children, "photo")


def test_children_stand_plainly_and_adults_shift_their_weight_where_nobody_names_a_pose(roster: Roster) -> None:
    adults = [model for model in roster.values() if not model.is_child]
    children = [model for model in roster.values() if model.is_child]
    assert {choose_pose(model, Category.TOP) for model in children} == {"standing"}
    assert {choose_pose(model, Category.TOP) for model in adults} == {"contrapposto"}
    assert {choose_pose(model, Category.TROUSERS) for model in adults} == {"standing"}
