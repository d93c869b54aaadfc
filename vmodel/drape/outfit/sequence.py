"""Several garments on one person, put on one after the other from the skin outwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from vmodel.body.model.body import Body
from vmodel.config import Settings
from vmodel.drape.outfit.compress_layers import compress_under, overhang_share, pull_under
from vmodel.drape.outfit.layering import (
    FLAT_M,
    THICKEST_M,
    cut_below_band,
    drop_poking_triangles,
    hangs_beside,
    in_order,
    is_lower,
    merge_garments,
    pad_body,
    poke_through_share,
    push_out_over,
    push_under,
)
from vmodel.drape.simulate.drape import Progress, drape
from vmodel.drape.simulate.put_on import FITTING, for_fitting, for_piece
from vmodel.errors import DrapeFailed
from vmodel.types import Drape, Garment, Pose

MOST_THROUGH = 0.002
"""Share of an inner garment's vertices that may lie outside the garment over it before a warning is given."""
PIECE_THROUGH = 0.02
"""The same where one of the two only completes the outfit, before it counts as not staying on."""


def drape_outfit(
    garments: Sequence[Garment],
    body: Body,
    pose: Pose,
    settings: Settings,
    tucked: bool = False,
    fitting: bool = False,
    progress: Progress | None = None,
    pieces: int = 0,
) -> tuple[Garment, Drape]:
    """Put on all garments and bring the wearer into a pose.

    Args:
        garments: scaled to centimetres, the one on sale first, the others in any order.
        body: the wearer.
        pose: the target.
        settings: ``cache`` holds finished drapes.
        tucked: tops go inside what is worn on the legs.
        fitting: coarser cloth for a first look.
        progress: called with the share done, 0..1, for each garment anew.
        pieces: how many of the last garments only complete the outfit, and are draped with less effort.
    Returns:
        All garments joined into one, and their drape.
    Raises:
        DrapeFailed: one of them did not stay on, or one that completes the outfit does not lie with the others.
    """
    own = len(garments) - pieces
    usual = _try_on if fitting else drape
    if len(garments) == 1:
        return garments[0], usual(garments[0], body, pose, settings, progress)
    drapes: dict[int, Drape] = {}
    wearer = pressed = body
    posed = body.posed(pose)
    for index in in_order([garment.kind for garment in garments], tucked):
        lower = is_lower(garments[index].kind)
        put_on = usual if fitting or index < own else _put_on_piece
        try:
            worn = put_on(garments[index], wearer, pose, settings, progress)
        except DrapeFailed:
            if not drapes:
                raise
            worn = put_on(garments[index], pressed, pose, settings, progress)
        for inner, lying in drapes.items():
            inside = tucked and lower and not is_lower(garments[inner].kind)
            seen = cut_below_band(lying, worn, body, posed) if inside else lying
            sunk = push_under(seen, worn, hangs_beside(seen, worn, body, posed))
            drapes[inner] = pull_under(compress_under(sunk, worn, body, posed), worn, body, posed)
        drapes[index] = worn
        if len(drapes) == len(garments):
            break
        wearer = pad_body(wearer, wearer.posed(pose), worn, FLAT_M if tucked and not lower else THICKEST_M)
        # A narrow garment presses what is loose beneath it flat.
        pressed = pad_body(pressed, pressed.posed(pose), worn, FLAT_M)
    # Cloth that sank under a coat may have sunk into the layer below: outer garments are lifted over what is left.
    order = list(drapes)
    for inner, outer in combinations(order, 2):
        drapes[outer] = push_out_over(
            drapes[outer], drapes[inner], hangs_beside(drapes[inner], drapes[outer], body, posed)
        )
    for inner, outer in combinations(order, 2):
        drapes[inner] = drop_poking_triangles(
            drapes[inner], drapes[outer], hangs_beside(drapes[inner], drapes[outer], body, posed)
        )
    through = {False: 0.0, True: 0.0}
    for inner, outer in combinations(order, 2):
        pair, with_piece = (drapes[inner], drapes[outer]), max(inner, outer) >= own
        seen_through = poke_through_share(*pair, hangs_beside(*pair, body, posed))
        through[with_piece] = max(through[with_piece], seen_through, overhang_share(*pair, body, posed))
    shown = "of an inner garment shows through the one over it"
    if through[True] > PIECE_THROUGH:
        raise DrapeFailed(f"{through[True]:.1%} {shown}")
    whole, joined = merge_garments(garments, [drapes[index] for index in range(len(garments))], main=0)
    if through[False] > MOST_THROUGH:
        warning = f"{through[False]:.1%} {shown}; try another size or pose"
        joined = replace(joined, warnings=(*joined.warnings, warning))
    return whole, joined


def _put_on_piece(garment: Garment, body: Body, pose: Pose, settings: Settings, progress: Progress | None) -> Drape:
    return drape(garment, body, pose, settings, progress, for_piece(garment))


def _try_on(garment: Garment, body: Body, pose: Pose, settings: Settings, progress: Progress | None) -> Drape:
    """Drape coarser cloth for a first look, finer cloth where small pieces or narrow sleeves do not stay on."""
    try:
        return drape(garment, body, pose, settings, progress, for_fitting(garment))
    except DrapeFailed:
        return drape(garment, body, pose, settings, progress, FITTING)
