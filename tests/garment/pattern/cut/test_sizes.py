"""Sizes in centimetres from a photo, usual ease on bodies, and the seller's statements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vmodel.garment.pattern.cut.sizes import Size, shown_of, solve_sizes
from vmodel.types import Category, GarmentKind

CM_PER_PX = 0.2
FLAT = GarmentKind(Category.TOP, 1.0)


def seen(width_px: float = 240.0, length_px: float = 340.0) -> list[Size]:
    """Return sizes of a top of 48 by 68 cm at ``CM_PER_PX``, on a body whose tops usually measure 50 by 66 cm."""
    return [
        Size("chest", width_px, 0.04, 50.0, 0.12, 46.0, 70.0, is_width=True),
        Size("length", length_px, 0.03, 66.0, 0.16, 40.0, 90.0),
        Size("cuff", None, 0.1, 16.0, 0.2, 12.0, 24.0),
    ]


def test_the_scale_of_a_photo_is_found_from_what_the_body_usually_wears() -> None:
    sizes, scale = solve_sizes(seen(), FLAT)
    assert scale == pytest.approx(CM_PER_PX, rel=0.1)
    assert sizes["length"] / sizes["chest"] == pytest.approx(68 / 48, rel=0.1)
    assert sizes["cuff"] == pytest.approx(16.0)  # the photo does not show it


@pytest.mark.parametrize("factor", [0.25, 1.0, 7.0])
def test_sizes_do_not_follow_how_large_the_picture_is(factor: float) -> None:
    sizes, scale = solve_sizes(seen(240 * factor, 340 * factor), FLAT)
    usual, its_scale = solve_sizes(seen(), FLAT)
    assert sizes == pytest.approx(usual)
    assert scale * factor == pytest.approx(its_scale)


@pytest.mark.parametrize("width_px", [20.0, 100.0, 900.0, 5000.0])
def test_whatever_a_photo_shows_sizes_stay_what_the_body_can_wear(width_px: float) -> None:
    sizes, _ = solve_sizes(seen(width_px), FLAT)
    for size in seen():
        assert size.low * 0.999 <= sizes[size.name] <= size.high * 1.001


@pytest.mark.parametrize("stated", [{"length": 60.0}, {"chest": 56.0}, {"chest": 80.0, "length": 30.0}])
def test_what_the_seller_stated_wins_even_against_the_bounds(stated: dict[str, float]) -> None:
    sizes, _ = solve_sizes(seen(), FLAT, stated)
    for name, value in stated.items():
        assert sizes[name] == pytest.approx(value, rel=0.01)


def test_a_stated_length_sets_the_scale() -> None:
    _, scale = solve_sizes(seen(), FLAT, {"length": 85.0})
    assert scale == pytest.approx(85 / 340, rel=0.03)


def test_a_garment_on_a_form_is_cut_wider_than_its_photo_and_no_longer() -> None:
    """The photo shows the body's projection: less than two thirds of the flat width."""
    narrow = 240 * shown_of("chest", "form")
    on_form, _ = solve_sizes(seen(narrow), replace(FLAT, laid="form"))
    flat, _ = solve_sizes(seen(), FLAT)
    assert on_form["chest"] == pytest.approx(flat["chest"], rel=0.06)
    assert on_form["length"] == pytest.approx(flat["length"], rel=0.06)
    assert on_form["chest"] / on_form["length"] > 1.3 * narrow / 340


@pytest.mark.parametrize("laid", ["flat", "hanger"])
@pytest.mark.parametrize("category", [Category.TOP, Category.DRESS, Category.OUTERWEAR])
def test_a_garment_that_is_wide_for_its_length_and_shoulders_is_cut_wide(category: Category, laid: str) -> None:
    across = Size("shoulder", 210.0, 0.05, 42.0, 0.08, 38.0, 60.0)
    kind = GarmentKind(category, 1.0, laid=laid)
    shown = 240 if laid == "flat" else 194
    usual, wide = (solve_sizes([*seen(shown * factor), across], kind)[0] for factor in (1.0, 1.2))
    assert wide["chest"] / wide["length"] > 1.08 * usual["chest"] / usual["length"]
    assert wide["chest"] > 1.04 * usual["chest"]


def test_a_top_on_a_hanger_is_wider_than_its_folded_sides_show() -> None:
    flat, hung = (
        solve_sizes(seen(240 * share), replace(FLAT, laid=laid))[0] for laid, share in (("flat", 1.0), ("hanger", 0.81))
    )
    assert hung["chest"] == pytest.approx(flat["chest"], rel=0.02)


def test_less_trust_in_the_photo_makes_a_garment_more_like_others_of_its_kind() -> None:
    long_ = seen(length_px=430)
    whole, less = (solve_sizes(long_, FLAT, trust=trust)[0] for trust in (1.0, 0.2))
    usual = 66 / 50
    assert usual < less["length"] / less["chest"] < whole["length"] / whole["chest"]


@pytest.mark.parametrize("sleeve_px", [5.0, 30.0, 900.0])
def test_one_wrong_reading_leaves_the_other_sizes_as_they_are(sleeve_px: float) -> None:
    """A cap sleeve is a few pixels long, and no sleeve can be worn as short as that makes it."""
    body = Size("shoulder", 220.0, 0.05, 42.0, 0.08, 38.0, 60.0)
    right, wrong = (
        solve_sizes([*seen(), body, Size("sleeve", px, 0.07, 20.0, 0.6, 9.0, 32.0)], FLAT)[0]
        for px in (100.0, sleeve_px)
    )
    for name in ("chest", "length", "shoulder"):
        assert wrong[name] == pytest.approx(right[name], rel=0.09)
