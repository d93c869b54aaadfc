"""How wide a collar is along the neck: collars differ less than photos show them well."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.garment.block_parts import Block
from vmodel.types import Category, FloatArray

_USUAL: Final = ((0.0, 7.0), (0.3, 5.5), (0.6, 4.6), (1.0, 4.6))
"""Share of the way along the neck from a collar's front end to the back's middle, and its usual width there, cm."""
_SEWN_ON_CM: Final = 11.5
"""Way from the shoulder to a collar's front end: what is longer of a neck's edge is the placket that hangs open."""
_TIP: Final = 0.03
"""Share of the whole way over which an open collar's front edge leads out to its tip."""
_LAPEL_FROM_CM: Final = 13.0
"""How far a coat's front hangs open from which on lapels go down to its end and narrow to nothing there."""
_LAPEL: Final = ((0.0, 0.0), (0.12, 3.0), (0.35, 7.0), (0.6, 5.5), (1.0, 4.6))
LEANS_DOWN: Final = (0.83, 0.55)
"""Way of a collar's front edges on the cloth: down and outwards."""
LEANS: Final = 0.3
"""Share of that way over which they lean like this; from there on a collar falls away from the neck."""


def collar_widths(block: Block) -> FloatArray:
    """Say how wide the collar of a block is.

    Args:
        block: with a collar, fitted to a photo.
    Returns:
        (n, 2) share of the way along the neck from its front end to the back's middle, and the collar's width, cm.
    """
    if block.kind.category == Category.OUTERWEAR and np.ptp(block.front["neck"][:, 1]) > _LAPEL_FROM_CM:
        return np.array(_LAPEL)
    edges = (block.front["neck"], block.back["neck"])
    front, back = (float(np.linalg.norm(np.diff(edge, axis=0), axis=1).sum()) / 2 for edge in edges)
    begins = max(0.0, front - _SEWN_ON_CM) / (front + back)
    if begins < _TIP:
        return np.array(_USUAL)
    shares, widths = np.transpose(_USUAL)
    at = begins + _TIP + (1 - begins - _TIP) * shares
    return np.stack([np.r_[0.0, begins, at], np.r_[0.0, 0.0, widths]], axis=1)
