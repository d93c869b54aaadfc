"""Parametric blocks: garments of a small library, cut by formula to the measures of a body, in true centimetres."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from vmodel.garment.blocks import adult, child
from vmodel.garment.blocks.parts import Block, Trim
from vmodel.types import BodyMeasurements, GarmentKind

__all__ = ["BLOCKS", "KINDS", "Block", "Trim", "cut_block", "is_for_children"]

KINDS: Final[Mapping[str, GarmentKind]] = MappingProxyType({**adult.KINDS, **child.KINDS})
"""Name of a block -> kind of garment."""
BLOCKS: Final[Mapping[str, Callable[[BodyMeasurements], Block]]] = MappingProxyType({**adult.DRAFTS, **child.DRAFTS})
"""Name of a block -> function that cuts it."""


def cut_block(name: str, body: BodyMeasurements) -> Block:
    """Cut a block to the measures of a body.

    Args:
        name: a key of ``BLOCKS``.
        body: measures of the wearer.
    """
    return BLOCKS[name](body)


def is_for_children(name: str) -> bool:
    """Tell whether a block is drafted for a child's body and worn by children only."""
    return name in child.DRAFTS
