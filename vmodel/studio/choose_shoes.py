"""Choice of shoes where the seller named none, or no colour: they suit garment and wearer, and are quieter than it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import numpy as np

from vmodel.body.shoes.catalogue import AUTO, CANVAS_SHOES, LOOKS, Colour, split_name
from vmodel.core.colour import to_oklab
from vmodel.studio.fit_outfit import mean_colour
from vmodel.types import Category, Garment, VirtualModel

_DRESSY: Final = frozenset({"silk", "satin", "chiffon", "wool", "coat-wool", "leather"})
_SUITS: Final[Mapping[str, Mapping[Category, tuple[tuple[str, ...], tuple[str, ...]]]]] = {
    "woman": {
        Category.TOP: (("sneakers", "loafers"), ("loafers", "ballet-flats")),
        Category.DRESS: (("ballet-flats", "sandals", "sneakers"), ("ballet-flats", "ankle-boots")),
        Category.TROUSERS: (("sneakers", "ankle-boots", "loafers"), ("loafers", "ankle-boots")),
        Category.SHORTS: (("sneakers", "sandals"), ("loafers", "ballet-flats")),
        Category.SKIRT: (("sneakers", "ballet-flats"), ("ankle-boots", "ballet-flats")),
        Category.JUMPSUIT: (("sneakers", "sandals"), ("ballet-flats", "loafers")),
        Category.OUTERWEAR: (("sneakers", "ankle-boots"), ("ankle-boots", "loafers")),
        Category.SWIMWEAR: (("sandals",), ("sandals",)),
    },
    "man": {
        Category.TOP: (("sneakers",), ("loafers",)),
        Category.TROUSERS: (("sneakers", "ankle-boots"), ("loafers", "ankle-boots")),
        Category.SHORTS: (("sneakers", "loafers"), ("loafers",)),
        Category.JUMPSUIT: (("sneakers", "ankle-boots"), ("loafers",)),
        Category.OUTERWEAR: (("sneakers", "ankle-boots"), ("ankle-boots", "loafers")),
        Category.SWIMWEAR: (("sandals",), ("sandals",)),
    },
    "child": {
        Category.DRESS: (("strap-sneakers", "sandals"), ("strap-sneakers", "sandals")),
        Category.SHORTS: (("strap-sneakers", "sandals"), ("strap-sneakers", "sandals")),
    },
}
"""Wearer and category -> kinds for everyday cloth, and for dressy cloth."""
_OTHERWISE: Final = {"woman": ("sneakers", "loafers"), "man": ("sneakers", "loafers"), "child": ("strap-sneakers",) * 2}
_TIES_LACES: Final = 10
"""Age in years from which children wear sneakers with laces."""
_HARDLY_SEEN: Final = frozenset({"lining", "sock"})
_QUIET: Final = 0.3
"""Luminance that no shoes are brighter than, unless the garment is brighter: that of light skin."""
_ALIKE: Final = 0.35
"""Weight of a difference in lightness against a clash of hues."""


def choose_shoes(asked: str, garment: Garment, model: VirtualModel, content: str) -> str:
    """Return the full name of shoes: canvas, or a kind and its colour.

    One garment gets the same shoes in every pose and view.

    Args:
        asked: of ``ShotRequest``; a full name comes back as it is.
        garment: the one on sale; its category and cloth say how formal it is, its colour what goes with it.
        model: the wearer.
        content: identifies the garment's photo and the seed.
    """
    kind, colour = split_name(asked)
    if asked == CANVAS_SHOES or colour:
        return asked
    if asked == AUTO:
        wearer = "child" if model.is_child else model.gender
        casual, dressy = _SUITS[wearer].get(garment.kind.category, tuple((each,) for each in _OTHERWISE[wearer]))
        suited = dressy if garment.material in _DRESSY else casual
        # Ranked by digests, so that garments of one shop do not all get the first.
        kind = min(suited, key=lambda each: hashlib.sha256(f"{content} {each}".encode()).hexdigest())
        kind = "sneakers" if kind == "strap-sneakers" and model.age >= _TIES_LACES else kind
    return f"{kind}-{_quietest(kind, mean_colour(garment))}"


def brightness(kind: str, colour: str) -> float:
    """Return the largest luminance 0..1 of what is seen of shoes."""
    looks = LOOKS[kind][colour]
    return max(_luminance(look.albedo) for material, look in looks.items() if material not in _HARDLY_SEEN)


def _quietest(kind: str, garment: Colour) -> str:
    """Return the colour that goes best with a garment's, of those that are not brighter than it."""
    loudest = max(_luminance(garment), _QUIET)
    quiet = [colour for colour in LOOKS[kind] if brightness(kind, colour) <= loudest]
    return min(
        quiet or [min(LOOKS[kind], key=lambda colour: brightness(kind, colour))],
        key=lambda colour: _discord(LOOKS[kind][colour]["upper"].albedo, garment),
    )


def _discord(shoe: Colour, garment: Colour) -> float:
    """Return how badly two colours go together: far apart in lightness, or both strong and of different hue."""
    first, second = (to_oklab(np.array([each]))[0] for each in (shoe, garment))
    chroma = np.hypot(*first[1:]), np.hypot(*second[1:])
    clash = np.linalg.norm(first[1:] - second[1:]) if min(chroma) > 0.03 else 0.0
    return float(_ALIKE * abs(first[0] - second[0]) + clash)


def _luminance(colour: Colour) -> float:
    return float(np.dot(colour, (0.2126, 0.7152, 0.0722)))
