"""Choice of pieces: which half is completed, in which colour, and for whom."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vmodel.core.colour import to_linear
from vmodel.rights.policy.minors import ALLOWED_FOR_CHILDREN, check_detected
from vmodel.types import Category, GarmentKind, Length, Neckline, Sleeve, VirtualModel
from vmodel.wardrobe.choose import check_style, choose_pieces, lab_of, lab_of_hex, lacking
from vmodel.wardrobe.errors import UnknownStyle
from vmodel.wardrobe.pieces import PIECES, Piece
from vmodel.wardrobe.styles import AUTO, LOOKS, PLAIN

TOP = GarmentKind(Category.TOP, 1.0, Sleeve.SHORT, Neckline.CREW)
TROUSERS = GarmentKind(Category.TROUSERS, 1.0, length=Length.ANKLE)
JACKET = GarmentKind(Category.OUTERWEAR, 1.0, Sleeve.LONG, Neckline.COLLAR)
COLOURS = ("#f4f4f2", "#101012", "#808284", "#0f6b72", "#b02a30", "#e6c84a", "#20356b", "#7a5a3c", "#c9b8a0", "#d98cab")


def chosen(
    kinds: list[GarmentKind], colour: str = "#0f6b72", style: str = AUTO, gender: str = "woman", seed: int = 0
) -> tuple[Piece, ...]:
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)
    red, green, blue = to_linear(rgb)
    return choose_pieces(style, kinds, gender, (float(red), float(green), float(blue)), f"photo {seed}")


@pytest.mark.parametrize(
    ("kinds", "halves"),
    [
        ([TOP], (False, True)),
        ([TROUSERS], (True, False)),
        ([replace(TROUSERS, category=Category.SKIRT)], (True, False)),
        ([replace(JACKET, open_front=True)], (True, True)),
        ([JACKET], (False, True)),
        ([replace(TOP, open_front=True), TROUSERS], (True, False)),
        ([replace(TOP, category=Category.DRESS)], (False, False)),
        ([replace(TOP, category=Category.JUMPSUIT)], (False, False)),
        ([replace(TOP, category=Category.SWIMWEAR)], (False, False)),
        ([TOP, TROUSERS], (False, False)),
        ([replace(JACKET, open_front=True), TOP, TROUSERS], (False, False)),
    ],
)
def test_only_what_an_outfit_lacks_is_added(kinds: list[GarmentKind], halves: tuple[bool, bool]) -> None:
    assert lacking(kinds) == halves
    worn = [each.kind.category.covers_upper for each in chosen(kinds)]
    assert worn == [upper for upper, wanted in zip((True, False), halves, strict=True) if wanted]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("gender", ["woman", "man", "girl", "boy"])
def test_a_piece_is_told_apart_at_the_waist_and_quieter_than_what_is_sold(colour: str, gender: str) -> None:
    theirs = lab_of_hex(colour)
    for seed in range(20):
        for kind in (TOP, TROUSERS):
            (piece,) = chosen([kind], colour, gender=gender, seed=seed)
            own = lab_of_hex(piece.colour)
            assert abs(own[0] - theirs[0]) >= 13, piece.name
            assert np.hypot(*own[1:]) <= max(np.hypot(*theirs[1:]), 25), piece.name


@pytest.mark.parametrize("colour", COLOURS)
def test_two_pieces_under_an_open_jacket_are_told_apart_too(colour: str) -> None:
    for seed in range(20):
        top, trousers = chosen([replace(JACKET, open_front=True)], colour, seed=seed)
        assert abs(lab_of_hex(top.colour)[0] - lab_of_hex(trousers.colour)[0]) >= 13, (top.name, trousers.name)


def test_the_same_garment_gets_the_same_piece_and_a_shop_shows_several() -> None:
    assert chosen([TOP], seed=3) == chosen([TOP], seed=3)
    assert len({chosen([TOP], seed=seed) for seed in range(30)}) >= 3


@pytest.mark.parametrize("look", LOOKS)
def test_a_named_look_uses_its_own_pieces(look: str) -> None:
    assert all(look in each.looks for seed in range(20) for each in chosen([TOP], style=look, seed=seed))


def test_named_pieces_are_worn_where_they_are_wanted() -> None:
    open_jacket = replace(JACKET, open_front=True)
    assert [each.name for each in chosen([open_jacket], style="jeans-dark+tee-white")] == ["tee-white", "jeans-dark"]
    assert chosen([TROUSERS], style="jeans-dark") == ()
    assert chosen([TOP], style=PLAIN) == ()
    assert chosen([TOP], style="midi-black", gender="man") == ()


@pytest.mark.parametrize("style", ["", "fancy", "jeans-dark+", "jeans-dark+fancy", "auto+jeans-dark"])
def test_a_style_that_does_not_exist_is_refused_with_those_that_do(style: str) -> None:
    with pytest.raises(UnknownStyle, match="auto, plain, casual, smart"):
        check_style(style)


def test_every_style_and_pair_of_pieces_is_accepted() -> None:
    for style in (AUTO, PLAIN, *LOOKS, *PIECES, "tee-white+jeans-mid"):
        check_style(style)


def test_children_wear_everyday_clothes_only(child: VirtualModel) -> None:
    worn = [each for each in PIECES.values() if each.is_worn_by(child.gender)]
    assert {each.kind.category.covers_upper for each in worn} == {True, False}
    for each in worn:
        assert each.kind.category in ALLOWED_FOR_CHILDREN - {Category.SKIRT, Category.SHORTS, Category.DRESS}
        check_detected(child, replace(each.kind, stated=False), each.tailoring.material)


@pytest.fixture(params=["ch-mila", "ch-noah"])
def child(request: pytest.FixtureRequest) -> VirtualModel:
    from vmodel.body.model.roster import load_roster
    from vmodel.config import Settings

    return load_roster(Settings())[request.param]


def test_lab_is_that_of_the_cie() -> None:
    assert np.allclose(lab_of((1.0, 1.0, 1.0)), (100, 0, 0), atol=0.6)
    assert np.allclose(lab_of_hex("#ff0000"), (53.24, 80.09, 67.20), atol=0.6)


def test_the_manual_lists_every_piece() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    table = manual.split("### Style")[1].split("###")[0].split("| pieces |")[1]
    assert sorted(re.findall(r"`([\w-]+)`", table.split("\n\n")[0])) == sorted(PIECES)
