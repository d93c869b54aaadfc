"""Wearer of a design, and the measures that it is cut to."""

from __future__ import annotations

from vmodel.body.model.body import build_body
from vmodel.body.model.roster import Roster
from vmodel.errors import BadUsage
from vmodel.garment.blocks.library import BLOCKS, is_for_children
from vmodel.studio.casting import cast_for_size, rank_models
from vmodel.types import BodyMeasurements, VirtualModel

CHILD_SIZE = "116"
"""Default size of children's blocks: about six years."""


def choose_wearer(
    block: str, model: str | None, size: str | None, roster: Roster
) -> tuple[VirtualModel, BodyMeasurements]:
    """Choose the wearer of a block, and the measures that it is cut to.

    Without a size, the block is cut to the wearer's measures. With one, it is cut to those of a model of this size,
    preferably of the wearer's gender. Without a wearer, a model of the size, or one of sample size, is cast. Only
    children wear blocks that are drafted for children.

    Args:
        block: a key of ``vmodel.garment.blocks.library.BLOCKS``.
        model: id of the wearer, or None.
        size: "XS" to "4XL", or a child's in cm like "116"; or None.
        roster: all models.
    Raises:
        BadUsage: no such block, nobody has this size, or an adult is to wear what is drafted for children.
        UnknownModel: no such model.
    """
    if block not in BLOCKS:
        raise BadUsage(f"Unknown block {block!r}; use one of: {', '.join(BLOCKS)}.")
    wearer = None if model is None else roster[model]
    childish = is_for_children(block)
    if childish and wearer is not None and not wearer.is_child:
        raise BadUsage(f"{block} is drafted for children; leave --model out or name a child, see `vmodel models list`.")
    if childish and wearer is None and size is None:
        size = CHILD_SIZE
    if size is None:
        wearer = wearer or rank_models(roster.values(), block)[0]
        return wearer, build_body(wearer).measurements
    able = [each for each in roster.values() if each.is_child or not childish]
    alike = [each for each in able if wearer is None or each.gender == wearer.gender]
    measured = cast_for_size(size, alike, block) or cast_for_size(size, able, block)
    if measured is None:
        whom = "virtual child" if childish else "virtual model"
        raise BadUsage(f"No {whom} has the size {size}, so nobody can be measured; see `vmodel models list`.")
    return wearer or measured, build_body(measured).measurements
