"""Who wears a garment when nobody said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from vmodel.body.roster import Roster, load_roster
from vmodel.casting import rank_models
from vmodel.config import Settings
from vmodel.errors import ModelInvalid
from vmodel.types import Category, GarmentKind, Neckline, Sleeve, VirtualModel

TEE = GarmentKind(Category.TOP, 0.9, Sleeve.SHORT, Neckline.CREW)
GARMENTS = [f"photo {number}" for number in range(60)]


def first(kind: GarmentKind, models: Mapping[str, VirtualModel], content: str) -> VirtualModel:
    return rank_models(kind, models.values(), content)[0]


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster(Settings())


def test_a_garment_always_gets_the_same_person(roster: Roster) -> None:
    backwards = list(roster.items())[::-1]
    for content in GARMENTS[:5]:
        assert first(TEE, roster, content) == first(TEE, dict(backwards), content)


def test_a_folder_of_garments_shows_several_people_and_no_child(roster: Roster) -> None:
    cast = [first(TEE, roster, content) for content in GARMENTS]
    assert len({model.id for model in cast}) >= 3
    assert not any(model.is_child for model in cast)


def test_who_is_asked_next_is_somebody_else_of_the_roster(roster: Roster) -> None:
    ranked = rank_models(TEE, roster.values(), "photo")
    assert len({model.id for model in ranked}) == len(ranked) == sum(not model.is_child for model in roster.values())


def test_hair_leaves_a_top_visible(roster: Roster) -> None:
    styles = {first(TEE, roster, content).hair.style for content in GARMENTS}
    assert not {style for style in styles if style.startswith("long")}


def test_a_roster_without_adults_casts_nobody(roster: Roster) -> None:
    children = [model for model in roster.values() if model.is_child]
    with pytest.raises(ModelInvalid):
        rank_models(TEE, children, "photo")
