"""Named places: what their wall, floor and distance look like, how far the wall is, and how the lens is set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from zlib import crc32

import numpy as np

from vmodel.scene.place import distant, floors, walls
from vmodel.scene.place.distant import Plane
from vmodel.types import ByteArray

_KEPT = 3

Draw = Callable[[np.random.Generator], ByteArray]
DrawPlanes = Callable[[np.random.Generator], tuple[Plane, ...]]


@dataclass(frozen=True)
class Place:
    """Description of a place.

    Attributes:
        floor: draws the floor, see ``floors``.
        ends_m: distance behind the model at which the floor ends, at a wall or a plane of ``distance``.
        wall: draws the wall there, see ``walls``; None where planes of ``distance`` stand instead.
        distance: paints planes behind that and in front of it.
        f_number: of the lens; a low one puts the distance further out of focus.
        gloss: 0..1 how much the floor mirrors.
        corner: the floor meets the wall in a corner, where less light comes; paper bends instead.
    """

    floor: Draw
    ends_m: float
    wall: Draw | None = None
    distance: DrawPlanes | None = None
    f_number: float = 4.0
    gloss: float = 0.0
    corner: bool = True


@dataclass(frozen=True)
class Set:
    """A place as it was drawn; do not write to its pictures.

    Attributes:
        place: its description.
        floor: (H, W, 3) uint8 sRGB.
        planes: far ones first.
    """

    place: Place
    floor: ByteArray
    planes: tuple[Plane, ...]


_SAND, _SAGE = (214, 199, 180), (176, 184, 168)

PLACES = {
    "paper-sand": Place(partial(floors.paper, colour=_SAND), 1.7, partial(walls.paper, colour=_SAND), corner=False),
    "paper-sage": Place(partial(floors.paper, colour=_SAGE), 1.7, partial(walls.paper, colour=_SAGE), corner=False),
    "plaster": Place(floors.screed, 1.5, walls.plaster, gloss=0.25),
    "limewash": Place(partial(floors.screed, colour=(182, 172, 158)), 1.4, walls.limewash, gloss=0.15),
    "concrete": Place(partial(floors.screed, colour=(142, 141, 138)), 2.0, walls.concrete, gloss=0.6),
    "white-brick": Place(partial(floors.planks, colour=(150, 122, 94), lying=True), 1.8, walls.white_brick, gloss=0.3),
    "apartment": Place(floors.planks, 1.9, walls.painted, gloss=0.5),
    "panelling": Place(floors.herringbone, 1.9, walls.panelling, gloss=0.5),
    "curtain": Place(partial(floors.planks, colour=(196, 176, 150), contrast=0.7), 1.6, walls.curtain, gloss=0.3),
    "wood": Place(partial(floors.screed, colour=(188, 184, 177)), 1.8, walls.wood, gloss=0.3),
    "terrace": Place(floors.slabs, 3.4, distance=distant.terrace, f_number=1.6),
    "street": Place(
        partial(floors.slabs, colour=(182, 177, 170), tile_m=(0.4, 0.8)), 17.0, distance=distant.street, f_number=1.6
    ),
    "living-room": Place(
        partial(floors.planks, colour=(190, 163, 132)), 4.6, distance=distant.living_room, f_number=1.4, gloss=0.5
    ),
}
"""Name -> description."""


@lru_cache(_KEPT)
def draw_place(name: str) -> Set:
    """Draw a place; the same name gives the same pixels. The last three are kept.

    Args:
        name: a key of ``PLACES``.
    """
    place = PLACES[name]
    floor, rest = (np.random.default_rng([crc32(name.encode()), part]) for part in range(2))
    planes = () if place.distance is None else place.distance(rest)
    if place.wall is not None:
        wall = Plane(place.ends_m, place.wall(rest), walls.PX_PER_M, -walls.HALF_WIDTH_M, walls.HEIGHT_M)
        planes = *planes, wall
    return Set(place, place.floor(floor), tuple(sorted(planes, key=lambda plane: -plane.behind_m)))
