"""Outfits: the garment on sale and those worn with it, fitted to their wearer, and the base layer under them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from vmodel.body.base_layer.paint import BaseLayer, between_halves, choose_base_layer
from vmodel.core.colour import to_linear
from vmodel.garment.pattern.fit import fit_garment, worn_closed
from vmodel.garment.sizing.stated_sizes import read_size_chart
from vmodel.shot.pipeline_interface import GarmentReading
from vmodel.shot.request import GarmentSource
from vmodel.types import BodyMeasurements, Category, Garment, GarmentKind, VirtualModel

CAUTIOUS = 0.3
"""Trust in a photo's proportions on the second try, see ``fit_garment``."""

_WHOLE = Category.JUMPSUIT
SizeCm = tuple[float | None, float | None]
"""Width and length in cm; None where they were not stated."""


@dataclass(frozen=True, eq=False)
class Outfit:
    """Garments in the sizes in which one model puts them on.

    Attributes:
        key: identifies the garments and their stated sizes.
        main: the garment on sale, as its photo is read.
        further: its other readings, the likeliest first; each is fitted when it is taken, and taken once.
        beside: the garments worn with it.
    """

    key: tuple[Hashable, ...]
    main: Garment
    further: Iterator[Garment]
    beside: tuple[Garment, ...]

    def base_layer(self, main: Garment, model: VirtualModel) -> BaseLayer:
        """Choose what the model wears below the outfit if the garment on sale is worn in this reading."""
        return base_layer_under([each.kind for each in (main, *self.beside)], model, mean_colour(main))


def fit_outfit(
    readings: Sequence[GarmentReading],
    sources: Sequence[GarmentSource],
    model: VirtualModel,
    measurements: BodyMeasurements,
) -> Outfit:
    """Fit garments to a model.

    Args:
        readings: of the photos, the one on sale first.
        sources: of the readings, with what the seller stated.
        model: the wearer.
        measurements: of the wearer.
    Raises:
        VModelError: a size chart cannot be read, or no garment can be cut in these sizes.
    """
    sizes_cm = tuple(read_size(source) for source in sources)
    fitted = _fitted_readings(readings[0], measurements, model, sizes_cm[0], sources[0].worn_open)
    beside = tuple(
        fit_garment(reading.garment, measurements, model.gender, *size_cm)
        for reading, size_cm in zip(readings[1:], sizes_cm[1:], strict=True)
    )
    return Outfit((tuple(reading.key for reading in readings), sizes_cm), next(fitted), fitted, beside)


def _fitted_readings(
    reading: GarmentReading,
    measurements: BodyMeasurements,
    model: VirtualModel,
    stated_cm: SizeCm,
    worn_open: bool | None,
) -> Iterator[Garment]:
    """Yield the garment as read, then more like others of its kind, then closed, then as other kinds it may be."""

    width_cm, length_cm = stated_cm

    def fit(garment: Garment, trust: float = 1.0) -> Garment:
        return fit_garment(garment, measurements, model.gender, width_cm, length_cm, trust)

    yield fit(reading.garment)
    if reading.garment.photo is None:
        return
    yield fit(reading.garment, CAUTIOUS)
    if reading.kind.open_front and worn_open is None:
        yield fit(worn_closed(reading.garment))
    # Rights were checked for the first reading: a child wears that or nothing.
    for other in () if model.is_child else reading.others:
        yield fit(other)


def read_size(source: GarmentSource) -> SizeCm:
    """Return (width, length) in cm as stated; the row of a size chart fills in missing ones."""
    if source.size_chart is None or source.garment_size is None:
        return source.width_cm, source.length_cm
    width_cm, length_cm = read_size_chart(source.size_chart, source.garment_size)
    return source.width_cm or width_cm, source.length_cm or length_cm


def base_layer_under(
    kinds: Sequence[GarmentKind], model: VirtualModel, garment: tuple[float, float, float] | None = None
) -> BaseLayer:
    """Choose what a model wears below garments, of which the one on sale comes first."""
    lined = next((kind for kind in kinds if kind.category == Category.SWIMWEAR), None)
    if lined is not None:  # whatever is worn over it, nothing shows at its edges
        return choose_base_layer(lined, model, garment)
    whole = _as_one(kinds)
    chosen = choose_base_layer(whole, model, garment)
    return between_halves(chosen) if whole.category == _WHOLE != kinds[0].category else chosen


def _as_one(kinds: Sequence[GarmentKind]) -> GarmentKind:
    """Return the kind that decides the base layer: two halves that cover all count as a jumpsuit.

    A garment below an open front takes precedence over it.
    """
    upper = sorted((kind for kind in kinds if kind.category.covers_upper), key=lambda kind: kind.open_front)
    main = upper[0] if kinds[0].open_front else kinds[0]
    if not upper or not any(kind.category.covers_lower for kind in kinds):
        return main
    return main if main.category.covers_upper and main.category.covers_lower else replace(upper[0], category=_WHOLE)


def mean_colour(garment: Garment) -> tuple[float, float, float]:
    """Return the mean linear-light colour of a garment's front."""
    red, green, blue = to_linear(garment.textures[0][::16, ::16]).reshape(-1, 3).mean(axis=0)
    return float(red), float(green), float(blue)
