"""Shape of a technical flat, equal in all colourways, for fittings: recognised once, painted in any colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.pattern.fit import make_pattern
from vmodel.garment.recognition.kind import understand
from vmodel.garment.vector.artboard import Box
from vmodel.garment.vector.technical_flat import FITTING_SIDE_PX, TechnicalFlat, box_of, draw_flat
from vmodel.types import Category, Cutout, FlatLay, Garment, GarmentKind, Landmarks

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class DrawnShape:
    """A recognised drawing.

    Attributes:
        boxes: the box that each side fills, by "front" and, where it is drawn, "back".
        kind: of the front.
        marks: landmarks of each side; pixels of a fitting.
    """

    boxes: Mapping[str, Box]
    kind: GarmentKind
    marks: Mapping[str, Landmarks]

    @property
    def landmarks(self) -> Landmarks:
        """Landmarks of the front."""
        return self.marks["front"]


def understand_drawing(plain: TechnicalFlat, category: Category | None = None) -> DrawnShape:
    """Recognise a drawing.

    Args:
        plain: in the colours that all its colourways have in common, see ``in_plain_colours``.
        category: stated by the designer; overrides the guess.
    Raises:
        GarmentNotFound, SeveralGarments: see ``cut_out``.
        DrawingUnreadable, DrawingTooLarge: the renderer refuses it.
    """
    boxes = _by_side(lambda side: box_of(plain, side), ("front",) if plain.back is None else ("front", "back"))
    drawn = _by_side(lambda side: draw_flat(plain, side, longest_px=FITTING_SIDE_PX, box=boxes[side]), boxes)
    kind, front = understand(drawn["front"], cut_out(drawn["front"], None, category), category)
    marks = {"front": front}
    if "back" in drawn:
        behind = cut_out(drawn["back"], None, kind.category)
        marks["back"] = understand(drawn["back"], behind, kind.category)[1]
    return DrawnShape(boxes, kind, marks)


def paint_shape(
    shape: DrawnShape, flat: TechnicalFlat, material: str | None, worn_open: bool | None = None
) -> tuple[FlatLay, Cutout, Garment]:
    """Give a drawing its own colours.

    Args:
        shape: of this drawing in any colourway.
        flat: in the colours that are wanted.
        material: name in the drape's materials; guessed from the category when None.
        worn_open: see ``make_pattern``.
    Returns:
        The front as a flat-lay of at most ``FITTING_SIDE_PX`` pixels a side, its cut-out, and the garment as
        ``make_pattern`` gives it.
    """
    sides = _by_side(lambda side: draw_flat(flat, side, None, FITTING_SIDE_PX, shape.boxes[side]), shape.boxes)
    cut = {side: cut_out(flat_lay, None, shape.kind.category) for side, flat_lay in sides.items()}
    back = (sides["back"], cut["back"], shape.marks["back"], None) if "back" in sides else None
    garment = make_pattern(sides["front"], cut["front"], shape.kind, shape.landmarks, back, material, worn_open)
    return sides["front"], cut["front"], garment


def _by_side(make: Callable[[str], T], sides: Iterable[str]) -> dict[str, T]:
    """Apply a function to all sides in parallel, because the renderer runs in a separate process."""
    sides = tuple(sides)
    with ThreadPoolExecutor(len(sides)) as pool:
        return dict(zip(sides, pool.map(make, sides), strict=True))
