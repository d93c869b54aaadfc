"""Pieces of the wardrobe: a cut in a colour and a cloth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from vmodel.core.colour import parse_rgb
from vmodel.garment.blocks.paint import Colours, lay_out, paint_side
from vmodel.garment.designs.block_design import sew_block
from vmodel.types import BodyMeasurements, Garment, GarmentKind
from vmodel.wardrobe.cloth import wash_legs, weave_cloth
from vmodel.wardrobe.cuts import CUTS, Cut

_FINEST_PX_PER_CM: Final = 14.0
"""Finer than a full figure shows; the garment on sale has the sharper picture."""


@dataclass(frozen=True)
class Piece:
    """Something to wear with a garment on sale.

    Attributes:
        name: of its own.
        cut: a key of ``CUTS``.
        colour: "#rrggbb" of the cloth.
        cloth: see ``weave_cloth``.
        looks: named styles that it belongs to.
        wash: see ``wash_legs``; 0 for cloth that is not denim.
    """

    name: str
    cut: str
    colour: str
    cloth: str
    looks: frozenset[str]
    wash: float = 0.0

    @property
    def tailoring(self) -> Cut:
        """Its cut."""
        return CUTS[self.cut]

    @property
    def kind(self) -> GarmentKind:
        """Kind of garment."""
        return self.tailoring.kind

    def is_worn_by(self, gender: str) -> bool:
        """Tell whether a woman, man, girl or boy wears it."""
        return self.tailoring.draft_for(gender) is not None


def _pieces(*rows: tuple[str, str, str, str, str, float]) -> Mapping[str, Piece]:
    made = (
        Piece(name, cut, colour, cloth, frozenset(looks.split()), wash)
        for name, cut, colour, cloth, looks, wash in rows
    )
    return MappingProxyType({each.name: each for each in made})


PIECES: Final[Mapping[str, Piece]] = _pieces(
    ("jeans-light", "straight-jeans", "#8499b3", "denim", "casual", 0.6),
    ("jeans-mid", "straight-jeans", "#4d6688", "denim", "casual", 0.9),
    ("jeans-dark", "straight-jeans", "#2a364c", "denim", "casual smart", 0.35),
    ("jeans-black", "straight-jeans", "#2b2c30", "denim", "casual", 0.15),
    ("slim-jeans-mid", "slim-jeans", "#4d6688", "denim", "casual", 0.8),
    ("slim-jeans-dark", "slim-jeans", "#2a364c", "denim", "casual smart", 0.3),
    ("slim-black", "slim-trousers", "#232326", "twill", "casual smart", 0.0),
    ("slim-grey", "slim-trousers", "#65676b", "wool", "smart", 0.0),
    ("slim-navy", "slim-trousers", "#262e40", "twill", "smart", 0.0),
    ("chinos-stone", "chinos", "#cbc3b3", "twill", "casual smart", 0.0),
    ("chinos-beige", "chinos", "#b2a48d", "twill", "casual smart", 0.0),
    ("chinos-navy", "chinos", "#2b3446", "twill", "casual smart", 0.0),
    ("chinos-olive", "chinos", "#5d5d4a", "twill", "casual", 0.0),
    ("chinos-brown", "chinos", "#5b4a3e", "twill", "casual", 0.0),
    ("tailored-cream", "tailored-trousers", "#ddd7c8", "wool", "smart", 0.0),
    ("tailored-grey", "tailored-trousers", "#77797d", "wool", "smart", 0.0),
    ("tailored-charcoal", "tailored-trousers", "#3f4145", "wool", "smart", 0.0),
    ("tailored-navy", "tailored-trousers", "#293042", "wool", "smart", 0.0),
    ("tailored-black", "tailored-trousers", "#242427", "twill", "smart", 0.0),
    ("midi-stone", "midi-skirt", "#c9c1b2", "twill", "smart", 0.0),
    ("midi-grey", "midi-skirt", "#6c6e72", "wool", "smart", 0.0),
    ("midi-navy", "midi-skirt", "#272f41", "twill", "smart", 0.0),
    ("midi-black", "midi-skirt", "#242427", "twill", "smart", 0.0),
    ("joggers-grey", "joggers", "#8f9195", "heather", "casual", 0.0),
    ("joggers-navy", "joggers", "#2c3548", "jersey", "casual", 0.0),
    ("joggers-black", "joggers", "#29292c", "jersey", "casual", 0.0),
    ("tee-white", "tee", "#efeeea", "jersey", "casual smart", 0.0),
    ("tee-cream", "tee", "#e2dccd", "jersey", "casual smart", 0.0),
    ("tee-grey", "tee", "#9b9ca0", "heather", "casual", 0.0),
    ("tee-stone", "tee", "#b9b0a2", "jersey", "casual", 0.0),
    ("tee-navy", "tee", "#2a3346", "jersey", "casual", 0.0),
    ("tee-black", "tee", "#242426", "jersey", "casual smart", 0.0),
    ("long-sleeve-white", "long-sleeve", "#efeeea", "jersey", "casual smart", 0.0),
    ("long-sleeve-cream", "long-sleeve", "#e2dccd", "jersey", "casual smart", 0.0),
    ("long-sleeve-grey", "long-sleeve", "#9b9ca0", "heather", "casual", 0.0),
    ("long-sleeve-navy", "long-sleeve", "#2a3346", "jersey", "casual smart", 0.0),
    ("long-sleeve-black", "long-sleeve", "#242426", "jersey", "casual smart", 0.0),
    ("fine-knit-cream", "fine-knit", "#ddd5c4", "heather", "smart", 0.0),
    ("fine-knit-camel", "fine-knit", "#a5917a", "heather", "smart", 0.0),
    ("fine-knit-grey", "fine-knit", "#7d7f84", "heather", "smart", 0.0),
    ("fine-knit-navy", "fine-knit", "#2a3346", "heather", "smart", 0.0),
    ("fine-knit-black", "fine-knit", "#28282b", "heather", "smart", 0.0),
)  # fmt: skip
"""Name of a piece -> the piece."""


def make_piece(piece: Piece, gender: str, measures: BodyMeasurements) -> Garment:
    """Cut and paint a piece to the measures of its wearer.

    Args:
        piece: of the wardrobe.
        gender: of a wearer who wears it, see ``Piece.is_worn_by``.
        measures: of the wearer.
    """
    draft = piece.tailoring.draft_for(gender)
    assert draft is not None
    block = draft(measures)
    canvas = lay_out(block, _FINEST_PX_PER_CM)
    ground = parse_rgb(piece.colour)
    band = tuple(round(0.96 * value) for value in ground)
    textures = []
    for seed, side in enumerate(("front", "back")):
        painted = paint_side(block, side, canvas, None, Colours(ground, (band[0], band[1], band[2])))
        woven = weave_cloth(painted, canvas, piece.cloth, seed)
        textures.append(wash_legs(woven, canvas, block, side, piece.wash) if piece.wash else woven)
    return sew_block(block, canvas, (np.asarray(textures[0]), np.asarray(textures[1])), piece.tailoring.material)
