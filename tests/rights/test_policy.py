from __future__ import annotations

import pytest

from vmodel.body.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import NotAllowedForChildren, UnknownCategory
from vmodel.rights.policy import REFUSED_WORDS, check_declared, check_detected, read_category
from vmodel.types import Category, GarmentKind, Length, Neckline, Sleeve, VirtualModel

TEE = GarmentKind(Category.TOP, 0.95, Sleeve.SHORT, Neckline.CREW, Length.HIP)


@pytest.fixture(scope="module")
def child() -> VirtualModel:
    return next(model for model in load_roster(Settings()).values() if model.is_child)


@pytest.fixture(scope="module")
def adult() -> VirtualModel:
    return next(model for model in load_roster(Settings()).values() if not model.is_child)


@pytest.mark.parametrize("word", sorted(REFUSED_WORDS | {"costume", "", "Swimwear", " lingerie "}))
def test_a_child_wears_nothing_that_is_declared_off_the_list(child: VirtualModel, word: str) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_declared(child, word)


@pytest.mark.parametrize("material", ["chiffon", "Lace", "sheer"])
def test_a_child_wears_nothing_see_through(child: VirtualModel, material: str) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_declared(child, "top", material)


def test_a_child_may_wear_everyday_clothes(child: VirtualModel) -> None:
    for category in Category:
        check_declared(child, category.value)
    check_detected(child, TEE, "jersey")
    check_detected(child, GarmentKind(Category.DRESS, 0.9, Sleeve.NONE, Neckline.CREW, Length.KNEE), "cotton")


@pytest.mark.parametrize(
    "kind",
    [
        GarmentKind(Category.TOP, 0.59, Sleeve.SHORT, Neckline.CREW),
        GarmentKind(Category.TOP, 0.95, Sleeve.SHORT, Neckline.CREW, stated=True),
        GarmentKind(Category.TOP, 0.95, Sleeve.STRAP, Neckline.V),
        GarmentKind(Category.DRESS, 0.95, Sleeve.STRAP, Neckline.V, Length.MINI),
        GarmentKind(Category.DRESS, 0.95, Sleeve.NONE, Neckline.STRAPLESS, Length.KNEE),
        GarmentKind(Category.TOP, 0.95, Sleeve.NONE, Neckline.SCOOP, Length.CROPPED),
        GarmentKind(Category.JUMPSUIT, 0.95, Sleeve.NONE, Neckline.SCOOP, Length.MINI),
        GarmentKind(Category.SHORTS, 0.95, length=Length.MINI),
    ],
)
def test_a_child_wears_nothing_whose_photo_leaves_a_doubt(child: VirtualModel, kind: GarmentKind) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_detected(child, kind, "jersey")


def test_a_detected_see_through_material_is_refused_for_a_child(child: VirtualModel) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_detected(child, TEE, "chiffon")


def test_adults_are_not_held_to_the_rules_for_children(adult: VirtualModel) -> None:
    check_declared(adult, "swimwear", "chiffon")
    check_detected(adult, GarmentKind(Category.TOP, 0.2, Sleeve.STRAP), "chiffon")


def test_an_unknown_category_names_the_known_ones() -> None:
    with pytest.raises(UnknownCategory, match=r"dress.*trousers"):
        read_category("swimwear")
    assert read_category(" Dress ") is Category.DRESS
    assert read_category(None) is None
