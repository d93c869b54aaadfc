"""Parametric blocks: garments of a small library, cut by formula to the measures of a body, in true centimetres."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from vmodel.garment import block_adult, block_child
from vmodel.garment.block_parts import Block, Trim
from vmodel.types import BodyMeasurements, GarmentKind

__all__ = ["BLOCKS", "KINDS", "Block", "Trim", "cut_block", "is_for_children"]

KINDS: Final[Mapping[str, GarmentKind]] = MappingProxyType({**block_adult.KINDS, **block_child.KINDS})
"""What each block is."""
BLOCKS: Final[Mapping[str, Callable[[BodyMeasurements], Block]]] = MappingProxyType(
    {**block_adult.DRAFTS, **block_child.DRAFTS}
)
"""Name -> what cuts it."""


def cut_block(name: str, body: BodyMeasurements) -> Block:
    """Cut a block to somebody's measures.

    Args:
        name: a key of ``BLOCKS``.
        body: whose measures.
    """
    return BLOCKS[name](body)


def is_for_children(name: str) -> bool:
    """True for a block that is drafted for a child's body and worn by children only."""
    return name in block_child.DRAFTS
