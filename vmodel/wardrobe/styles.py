"""Names of styles: what the model wears besides the seller's garments."""

from __future__ import annotations

from typing import Final

AUTO: Final = "auto"
"""vmodel chooses what suits the garment and its wearer."""
PLAIN: Final = "plain"
"""The base layer, and nothing over it."""
LOOKS: Final = ("casual", "smart")
"""Styles that choose among a part of the wardrobe."""
STYLES: Final = (AUTO, PLAIN, *LOOKS)
"""All that have a name; a style may also name pieces of the wardrobe, joined by ``+``."""
