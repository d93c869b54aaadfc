"""Who wears a garment when nobody said."""

from __future__ import annotations

import pytest

from vmodel.body.roster import Roster, load_roster
from vmodel.casting import choose_model
from vmodel.config import Settings
from vmodel.errors import ModelInvalid
from vmodel.types import Category, GarmentKind, Neckline, Sleeve

TEE = GarmentKind(Category.TOP, 0.9, Sleeve.SHORT, Neckline.CREW)
CAMISOLE = GarmentKind(Category.TOP, 0.9, Sleeve.STRAP, Neckline.V)
GARMENTS = [f"photo {number}" for number in range(60)]


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster(Settings())


def test_a_garment_always_gets_the_same_person(roster: Roster) -> None:
    backwards = list(roster.values())[::-1]
    for content in GARMENTS[:5]:
        assert choose_model(TEE, roster.values(), content) == choose_model(TEE, backwards, content)


def test_a_folder_of_garments_shows_several_people_and_no_child(roster: Roster) -> None:
    cast = [choose_model(TEE, roster.values(), content) for content in GARMENTS]
    assert len({model.id for model in cast}) >= 8
    assert {model.gender for model in cast} == {"woman", "man"}


def test_dresses_and_bare_shoulders_are_cast_with_women(roster: Roster) -> None:
    for kind in (CAMISOLE, GarmentKind(Category.DRESS, 0.9), GarmentKind(Category.SKIRT, 0.9)):
        assert {choose_model(kind, roster.values(), content).gender for content in GARMENTS} == {"woman"}


def test_hair_leaves_a_top_visible(roster: Roster) -> None:
    styles = {choose_model(TEE, roster.values(), content).hair.style for content in GARMENTS}
    assert not {style for style in styles if style.startswith("long")}


def test_a_roster_without_adults_casts_nobody(roster: Roster) -> None:
    children = [model for model in roster.values() if model.is_child]
    with pytest.raises(ModelInvalid):
        choose_model(TEE, children, "photo")
