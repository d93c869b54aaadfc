"""Texts of strangers for which patterns with a choice of ways need hours to days; that each returns is the test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vmodel.garment.sewing.errors import SewingUnreadable
from vmodel.garment.sewing.formats.svg import read_svg_pieces
from vmodel.garment.sewing.pieces import read_name
from vmodel.garment.vector.curves import path_lines, split_length, transform_of
from vmodel.garment.vector.errors import DrawingTooLarge, DrawingUnsafe
from vmodel.garment.vector.svg_sanitiser import plain_colours, read_svg

MANY = 2_000_000


def svg(inside: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{inside}</svg>'.encode()


@pytest.mark.parametrize("quote", ["", "'", "&quot;"])
def test_an_address_of_nothing_but_blanks_is_refused(quote: str) -> None:
    with pytest.raises(DrawingUnsafe, match="a link to another file"):
        read_svg(svg(f'<rect style="fill:url({quote}{" " * 19_000}"/>'), "flat.svg")


def test_an_address_that_is_never_closed_must_lead_into_the_drawing_too() -> None:
    with pytest.raises(DrawingUnsafe, match="a link to another file"):
        read_svg(svg('<rect style="fill:url(http://127.0.0.1/"/>'), "flat.svg")
    for inside in ("url(#a)", "url( '#a' )", "URL(&quot;#a&quot;)"):
        read_svg(svg(f'<rect fill="{inside}"/>'), "flat.svg")


@pytest.mark.parametrize("text", ["0" * MANY, "1," * 999_999, "1e" * 999_999, "." * MANY, " " * MANY + "?"])
def test_an_arc_without_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a path"):
        path_lines(f"M0 0A{text}")


def test_arc_flags_need_no_gaps() -> None:
    (packed,) = path_lines("M0 0a5 5 30 1110 10 5 5 30 0 1.5.5")
    (spaced,) = path_lines("M0,0 a 5,5 30 1,1 10,10 a 5,5 30 0,1 0.5,0.5")
    assert packed.tolist() == spaced.tolist()


@pytest.mark.parametrize("text", ["a" * MANY, "scale(" * 300_000, "a " * 999_999, "(" * MANY])
def test_a_transform_without_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a transform cannot be read"):
        transform_of(text)


@pytest.mark.parametrize("text", ["e" * MANY, "1" * MANY + "A", "1" + " " * MANY + "A", "1e" * 999_999])
def test_a_length_without_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text[:20]):
        split_length(text)


def test_a_name_without_end_names_nothing() -> None:
    assert read_name("seam" + "-" * MANY + ".\nx") is None
    groups = f'<g id="piece{"-" * 19_000}&#10;x"/>' * 200
    with pytest.raises(SewingUnreadable, match="0 groups"):
        read_svg_pieces(svg(groups), "pattern.svg")


def test_a_style_sheet_without_a_colon_holds_no_colours() -> None:
    assert plain_colours(read_svg(svg(f"<style>{'a' * 499_000}</style>"), "flat.svg")) == {}


@pytest.mark.parametrize(
    "inside",
    ['<rect transform="{}"/>', '<rect style="{}"/>', '<g id="{}"/>', "<style>{}</style>"],
    ids=["transform", "style", "id", "sheet"],
)
def test_only_path_data_and_points_may_be_long(inside: str) -> None:
    with pytest.raises(DrawingTooLarge, match="letters; simplify it"):
        read_svg(svg(inside.format("a" * 600_000)), "flat.svg")


@pytest.mark.parametrize("attribute", ["d", "points"])
def test_path_data_and_points_may_be_long(attribute: str) -> None:
    tag: Callable[[str], str] = {"d": '<path d="{}"/>'.format, "points": '<polygon points="{}"/>'.format}[attribute]
    assert len(read_svg(svg(tag("0 " * 30_000)), "flat.svg")[0].attrib[attribute]) > 30_000
