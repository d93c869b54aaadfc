"""Wardrobe pieces that complete the outfit of a shot, made for the wearer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from vmodel.core.colour import to_linear
from vmodel.shot.pipeline_interface import GarmentReading, WornStyle
from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import Stage
from vmodel.studio.fit_outfit import Outfit
from vmodel.studio.read_garment import digest_of
from vmodel.studio.stage_cache import StageCache
from vmodel.types import BodyMeasurements, Garment, VirtualModel
from vmodel.wardrobe.choose import choose_pieces
from vmodel.wardrobe.pieces import Piece, make_piece
from vmodel.wardrobe.styles import AUTO, PLAIN

_STEP_PX: Final = 8


@dataclass(frozen=True, eq=False)
class Completion:
    """Pieces of the wardrobe that one model wears with the seller's garments.

    Attributes:
        pieces: as they were chosen.
        garments: the same, made for the wearer.
    """

    pieces: tuple[Piece, ...]
    garments: tuple[Garment, ...]

    @property
    def tucks(self) -> bool:
        """A top of the wardrobe is tucked in: it must not cover what is worn on the legs."""
        return any(each.kind.category.covers_upper for each in self.pieces)

    @property
    def style(self) -> WornStyle:
        """What is worn."""
        return WornStyle("+".join(each.name for each in self.pieces) or PLAIN)

    def beside(self, outfit: Outfit) -> Outfit:
        """Return an outfit with these pieces."""
        return replace(outfit, beside=(*outfit.beside, *self.garments))


def complete_outfit(
    outfit: Outfit,
    reading: GarmentReading,
    model: VirtualModel,
    measures: BodyMeasurements,
    request: ShotRequest,
    stages: StageCache,
) -> Completion:
    """Choose and make the pieces that an outfit lacks.

    Args:
        outfit: the seller's garments, fitted.
        reading: of the garment on sale.
        model: the wearer.
        measures: of the wearer.
        request: says the style; a fast preview is completed only by a style that was named.
        stages: keeps pieces that were made.
    """
    if request.style == PLAIN or (request.fitting and request.style == AUTO):
        return Completion((), ())
    kinds = [reading.kind, *(each.kind for each in outfit.beside)]
    content = f"{digest_of(request.garment, reading, stages)} {request.seed}"
    pieces = choose_pieces(request.style, kinds, model.gender, _mean_colour(reading), content)
    return Completion(pieces, tuple(_make(each, model, measures, stages) for each in pieces))


def _mean_colour(reading: GarmentReading) -> tuple[float, float, float]:
    """Return the mean linear-light colour of a garment in its photo, which is the same whoever wears it."""
    shown = reading.flat_lay.rgb[::_STEP_PX, ::_STEP_PX][reading.cutout.mask[::_STEP_PX, ::_STEP_PX]]
    red, green, blue = to_linear(shown if len(shown) else reading.flat_lay.rgb.reshape(-1, 3)).mean(axis=0)
    return float(red), float(green), float(blue)


def _make(piece: Piece, model: VirtualModel, measures: BodyMeasurements, stages: StageCache) -> Garment:
    key = "wardrobe", piece.name, model.id
    return stages.get_or_compute(Stage.PATTERN, key, lambda: make_piece(piece, model.gender, measures))
