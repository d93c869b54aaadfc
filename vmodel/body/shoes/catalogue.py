"""Catalogue of shoes: their names, colours and materials. It loads nothing heavy, as lists of choices read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vmodel.errors import InputError

Colour = tuple[float, float, float]

AUTO, CANVAS_SHOES = "auto", "canvas"
"""Names that are no kind: shoes chosen to suit the garment, and the plain white shoes of earlier pictures."""


class UnknownShoes(InputError):
    """No shoes have this name."""

    code = "unknown_shoes"

    def __init__(self, shoes: str) -> None:
        kind = next((each for each in LOOKS if shoes.startswith(f"{each}-")), "loafers")
        colours = " or ".join(f"{kind}-{colour}" for colour in LOOKS[kind])
        super().__init__(f"Unknown shoes {shoes!r}; use one of: {', '.join(SHOES)}; or name a colour: {colours}.")
        self.shoes = shoes


@dataclass(frozen=True)
class ShoeLook:
    """Look of one material of a shoe.

    Attributes:
        albedo: linear-light colour.
        roughness: 0..1 of its gloss.
        specular: reflectance seen head-on; 0 for a matte material without gloss.
        sheen: 0..1 glow of fibres at grazing angles.
    """

    albedo: Colour
    roughness: float = 1.0
    specular: float = 0.0
    sheen: float = 0.0


CANVAS: Final = tuple(ShoeLook(each) for each in ((0.70, 0.69, 0.665), (0.66, 0.655, 0.64), (0.30, 0.27, 0.24)))
"""Looks of upper, sole and lining of the white canvas shoes."""


def _leather(albedo: Colour) -> ShoeLook:
    return ShoeLook(albedo, 0.42, 0.045)


def _suede(albedo: Colour) -> ShoeLook:
    return ShoeLook(albedo, 0.92, 0.008, 0.10)


def _cloth(albedo: Colour) -> ShoeLook:
    return ShoeLook(albedo, 0.88, 0.010, 0.03)


def _rubber(albedo: Colour) -> ShoeLook:
    return ShoeLook(albedo, 0.70, 0.030)


_WHITE, _OFF_WHITE, _PALE = (0.60, 0.59, 0.57), (0.42, 0.405, 0.375), (0.305, 0.295, 0.27)
_GREY, _CHARCOAL, _BLACK = (0.12, 0.12, 0.122), (0.055, 0.055, 0.057), (0.018, 0.0175, 0.018)
_NAVY, _TAN, _DARK_TAN = (0.020, 0.028, 0.060), (0.205, 0.115, 0.058), (0.105, 0.052, 0.026)
_CORK, _STACK, _BARE = (0.26, 0.165, 0.095), (0.060, 0.036, 0.022), (0.34, 0.255, 0.18)


def _trainer(upper: Colour, trim: Colour, sole: Colour, lining: Colour) -> dict[str, ShoeLook]:
    shade = (0.55 * sole[0], 0.54 * sole[1], 0.53 * sole[2])
    return {
        "upper": _leather(upper), "trim": _suede(trim), "sole": _rubber(sole), "outsole": _rubber(shade),
        "lining": _cloth(lining), "lace": _cloth(sole if sum(upper) > 0.3 else lining), "sock": _cloth(lining),
    }  # fmt: skip


def _dress(upper: ShoeLook, sole: Colour, lining: Colour, trim: ShoeLook | None = None) -> dict[str, ShoeLook]:
    return {
        "upper": upper, "trim": trim or upper, "sole": _rubber(sole), "outsole": _rubber(sole),
        "lining": _cloth(lining),
    }  # fmt: skip


LOOKS: Final[Mapping[str, Mapping[str, Mapping[str, ShoeLook]]]] = {
    "sneakers": {
        "white": _trainer(_WHITE, _PALE, _WHITE, _OFF_WHITE),
        "black": _trainer(_BLACK, _CHARCOAL, _CHARCOAL, _BLACK),
        "navy": _trainer(_NAVY, _NAVY, _PALE, _GREY),
        "grey": _trainer(_GREY, _CHARCOAL, _PALE, _GREY),
    },
    "strap-sneakers": {
        "white": _trainer(_WHITE, _GREY, _WHITE, _OFF_WHITE),
        "navy": _trainer(_NAVY, _GREY, _PALE, _GREY),
        "grey": _trainer(_GREY, _CHARCOAL, _PALE, _GREY),
    },
    "loafers": {
        "black": _dress(_leather(_BLACK), _BLACK, _STACK),
        "tan": _dress(_leather(_TAN), _STACK, _BARE),
        "navy": _dress(_suede(_NAVY), _STACK, _STACK),
    },
    "ankle-boots": {
        "black": _dress(_leather(_BLACK), _BLACK, _CHARCOAL, _cloth(_BLACK)),
        "tan": _dress(_suede(_TAN), _STACK, _BARE, _cloth(_DARK_TAN)),
        "grey": _dress(_suede(_GREY), _BLACK, _CHARCOAL, _cloth(_CHARCOAL)),
    },
    "ballet-flats": {
        "black": _dress(_leather(_BLACK), _BLACK, _BARE),
        "tan": _dress(_leather(_TAN), _STACK, _BARE),
        "navy": _dress(_leather(_NAVY), _BLACK, _BARE),
    },
    "sandals": {
        "tan": _dress(_leather(_TAN), _CORK, _BARE),
        "black": _dress(_leather(_BLACK), _CHARCOAL, _STACK),
        "white": _dress(_leather(_WHITE), _CORK, _BARE),
    },
}
"""Kind -> colour -> material of a part -> its look."""

SHOES: Final = (AUTO, CANVAS_SHOES, *LOOKS)
"""Names that a request takes; a kind may be followed by a dash and one of its colours."""


def check_shoes(name: str) -> None:
    """Reject shoes that are not in the catalogue.

    Raises:
        UnknownShoes: neither a kind, nor one in a colour of its own.
    """
    if name not in every_name():
        raise UnknownShoes(name)


def split_name(name: str) -> tuple[str, str]:
    """Return kind and colour of shoes; the colour is empty where the name says none."""
    if name in SHOES:
        return name, ""
    kind, _, colour = name.rpartition("-")
    return kind, colour


def every_name() -> list[str]:
    """Return all names that a request takes, also those with a colour."""
    return [*SHOES, *(f"{kind}-{colour}" for kind, colours in LOOKS.items() for colour in colours)]
