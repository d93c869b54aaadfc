"""Kinds of shoes as data: the shape of each, and the parts that it is built of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vmodel.body.shoes.parts import Band, Binding, Boot, Bow, Cord, Footbed, Part, Patch, Shell, Sole
from vmodel.body.shoes.surface import Knots, UpperShape


@dataclass(frozen=True)
class Kind:
    """Kind of shoe; mm are those of a shoe for a foot of 250 mm.

    Attributes:
        shape: of the upper, and of the sole's outline.
        parts: built in order.
        shaft_mm: height of a boot's upper edge; 0 for a low shoe.
        sock_mm: height of the sock that is worn with it; 0 for none.
        covers: it encloses the foot up to its topline.
    """

    shape: UpperShape
    parts: tuple[Part, ...]
    shaft_mm: float = 0.0
    sock_mm: float = 0.0
    covers: bool = True


_RUBBER_EDGE: Final = ((0.0, -1.0), (0.12, 1.4), (0.5, 2.2), (0.92, 2.3), (1.0, 1.6))
_WELT_EDGE: Final = ((0.0, 0.2), (0.12, 0.8), (0.6, 1.2), (0.8, 2.6), (0.95, 2.4), (1.0, 0.4))
_THIN_EDGE: Final = ((0.0, 0.2), (0.2, 1.0), (0.8, 1.2), (1.0, 0.2))
_FOOTBED_EDGE: Final = ((0.0, 1.4), (0.12, 2.4), (0.85, 2.6), (1.0, 1.8))
_FLAT_BOTTOM: Final = ((0.0, 2.5), (0.1, 0.0), (0.72, 0.0), (0.84, 2.0), (0.92, 4.5), (1.0, 6.0))


def _heel(breast: float, shank_mm: float) -> Knots:
    """Return the underside of a sole with a heel that ends at a station, before a raised shank."""
    return (
        (0.0, 1.0), (0.06, 0.0), (breast, 0.0), (breast + 0.012, shank_mm), (breast + 0.16, 0.7 * shank_mm),
        (breast + 0.34, 0.0), (0.74, 0.0), (0.85, 2.0), (0.93, 4.0), (1.0, 5.5),
    )  # fmt: skip


_LACED: Final = tuple(0.575 + 0.042 * row for row in range(5))


def _laces(stations: tuple[float, ...]) -> tuple[Cord, ...]:
    return tuple(
        Cord("lace", ((at, 0.76), (at + 0.004, 0.9), (at, 1.0), (at + 0.004, 1.1), (at, 1.24)), (2.3, 1.1), 2.4)
        for at in stations
    )


_SNEAKER: Final = UpperShape(
    feather=((0.0, 25.0), (0.3, 23.0), (0.75, 20.0), (1.0, 22.0)),
    topline=((0.0, 70.0), (0.06, 69.0), (0.28, 55.0), (0.42, 57.0), (0.55, 66.0), (1.0, 66.0)),
    throat=0.575,
    rounding=0.10,
    ease_mm=1.0,
    toe_mm=2.0,
)
_TRAINER_SOLE: Final = Sole(_FLAT_BOTTOM, _RUBBER_EDGE, ((0.0, "outsole"), (0.22, "sole")))

SNEAKERS: Final = Kind(
    _SNEAKER,
    (
        _TRAINER_SOLE,
        Shell(),
        Binding("upper", 3.6),
        Patch("trim", (0.0, 0.17), ((0.0, 0.0), (0.17, 0.0)), ((0.0, 0.20), (0.1, 0.17), (0.17, 0.03))),
        Patch(
            "upper", (0.70, 1.0), ((0.7, 0.0), (1.0, 0.0)), ((0.7, 0.10), (0.78, 0.30), (0.9, 0.36), (1.0, 0.38)), (0,)
        ),
        Patch(
            "upper", (0.585, 0.80), ((0.5, 0.52), (0.66, 0.56), (0.8, 0.72)), ((0.5, 0.80), (0.74, 0.86), (0.8, 0.88))
        ),
        Patch("lining", (0.565, 0.775), ((0.5, 0.86), (0.8, 0.90)), ((0.5, 1.14), (0.8, 1.10)), (1,), 0.5),
        *_laces(_LACED),
        Bow("lace", 0.56, 22.0, (1.7, 1.1)),
        Band("lining", (119.0, 80.0), -42.0, 30.0, (50.0, 200.0), 2.3, 2.6, 100.0),
    ),
    sock_mm=92.0,
)

STRAP_SNEAKERS: Final = Kind(
    _SNEAKER,
    (
        _TRAINER_SOLE,
        Shell(),
        Binding("upper", 3.8),
        Patch("trim", (0.0, 0.17), ((0.0, 0.0), (0.17, 0.0)), ((0.0, 0.20), (0.1, 0.17), (0.17, 0.03))),
        Patch("sole", (0.80, 1.0), ((0.8, 0.0), (1.0, 0.0)), ((0.8, 0.10), (0.86, 0.40), (1.0, 0.50)), (0,), 1.6),
        Patch("trim", (0.57, 0.645), ((0.5, 0.22), (0.7, 0.22)), ((0.5, 1.66), (0.7, 1.66)), (1,), 2.2, False, (8, 36)),
        Patch(
            "trim", (0.675, 0.745), ((0.5, 0.24), (0.8, 0.24)), ((0.5, 1.62), (0.8, 1.62)), (1,), 2.2, False, (8, 36)
        ),
        Band("lining", (119.0, 80.0), -42.0, 30.0, (50.0, 200.0), 2.3, 2.6, 100.0),
    ),
    sock_mm=96.0,
)

_HALF_APRON: Final = ((0.62, 0.50), (0.70, 0.52), (0.80, 0.52), (0.90, 0.54), (1.0, 0.56))
_APRON: Final = (*_HALF_APRON, *((2 - at, turn) for at, turn in _HALF_APRON[-2::-1]))

LOAFERS: Final = Kind(
    UpperShape(
        feather=((0.0, 25.0), (0.28, 23.0), (0.5, 14.0), (0.75, 11.0), (1.0, 15.0)),
        topline=((0.0, 62.0), (0.06, 61.0), (0.3, 47.0), (0.44, 49.0), (0.56, 58.0), (1.0, 60.0)),
        throat=0.60,
        rounding=0.10,
        toe_mm=5.0,
        point=0.10,
        low_mm=5.0,
    ),
    (
        Sole(_heel(0.26, 9.0), _WELT_EDGE, ((0.0, "sole"),)),
        Shell(),
        Binding("upper", 1.5),
        Cord("upper", _APRON, (1.5, 1.3), 0.3, 72),
        Patch(
            "upper", (0.605, 0.695), ((0.6, 0.30), (0.7, 0.34)), ((0.6, 1.70), (0.7, 1.66)), (1,), 1.6, False, (8, 40)
        ),
        Patch("sole", (0.638, 0.664), ((0.6, 0.90), (0.7, 0.92)), ((0.6, 1.10), (0.7, 1.08)), (1,), 1.9, False, (4, 8)),
        Patch("upper", (0.0, 0.10), ((0.0, 0.0), (0.1, 0.0)), ((0.0, 0.15), (0.07, 0.12), (0.1, 0.03))),
    ),
)

ANKLE_BOOTS: Final = Kind(
    UpperShape(
        feather=((0.0, 29.0), (0.28, 27.0), (0.5, 18.0), (0.75, 14.0), (1.0, 18.0)),
        topline=((0.0, 68.0), (0.1, 68.0), (0.3, 70.0), (0.44, 76.0), (0.54, 84.0), (1.0, 84.0)),
        throat=0.555,
        rounding=0.09,
        ease_mm=0.5,
        toe_mm=3.0,
        point=0.05,
        low_mm=3.0,
    ),
    (
        Sole(_heel(0.27, 10.0), _WELT_EDGE, ((0.0, "outsole"), (0.72, "sole"))),
        Shell(lined=False),
        Boot(),
        Patch("trim", (0.10, 0.22), ((0.0, 0.05), (1.0, 0.05)), ((0.0, 0.97), (1.0, 0.97)), (1,), 0.7, True),
        Patch("trim", (0.78, 0.90), ((0.0, 0.05), (1.0, 0.05)), ((0.0, 0.97), (1.0, 0.97)), (1,), 0.7, True),
    ),
    shaft_mm=132.0,
)

BALLET_FLATS: Final = Kind(
    UpperShape(
        feather=((0.0, 12.0), (0.3, 9.0), (0.75, 7.0), (1.0, 9.0)),
        topline=((0.0, 55.0), (0.06, 53.0), (0.2, 40.0), (0.4, 35.0), (0.58, 35.0), (0.68, 39.0), (1.0, 42.0)),
        throat=0.80,
        rounding=0.16,
        ease_mm=0.3,
        low_mm=11.0,
        lift_mm=6.0,
    ),
    (
        Sole(
            ((0.0, 1.0), (0.05, 0.0), (0.26, 0.0), (0.27, 3.5), (0.42, 1.5), (0.55, 0.0), (0.8, 0.0), (1.0, 3.0)),
            _THIN_EDGE,
            ((0.0, "sole"),),
        ),
        Shell(),
        Footbed(),
        Binding("trim", 1.5),
        Bow("trim", 0.795, 9.0, (1.6, 1.0), False),
    ),
)

SANDALS: Final = Kind(
    UpperShape(
        feather=((0.0, 12.0), (0.3, 11.0), (0.75, 9.0), (1.0, 9.5)),
        topline=((0.0, 30.0), (1.0, 30.0)),
        throat=0.56,
        ease_mm=-1.0,
        toe_mm=-5.0,
        lift_mm=10.0,
    ),
    (
        Sole(((0.0, 1.0), (0.05, 0.0), (0.8, 0.0), (1.0, 3.0)), _FOOTBED_EDGE, ((0.0, "outsole"), (0.4, "sole")), 0.0),
        Footbed(),
        Band("upper", (176.0, 30.0), 4.0, 20.0, (6.0, 200.0)),
        Band("upper", (133.0, 40.0), -14.0, 20.0, (6.0, 200.0)),
        Band("upper", (54.0, 82.0), -78.0, 11.0),
        Band("upper", (58.0, 50.0), 12.0, 12.0, (8.0, 80.0)),
    ),
    covers=False,
)

KINDS: Final[Mapping[str, Kind]] = {
    "sneakers": SNEAKERS,
    "strap-sneakers": STRAP_SNEAKERS,
    "loafers": LOAFERS,
    "ankle-boots": ANKLE_BOOTS,
    "ballet-flats": BALLET_FLATS,
    "sandals": SANDALS,
}
