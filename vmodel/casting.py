"""Who wears a garment, and how they stand, when the seller did not say."""

from __future__ import annotations

from collections.abc import Iterable

from vmodel.errors import ModelInvalid
from vmodel.types import GarmentKind, VirtualModel

_SAMPLE_SIZES = ("S", "M")
_SAMPLE_AGE = 27.0


def choose_model(kind: GarmentKind, models: Iterable[VirtualModel]) -> VirtualModel:
    """Pick an adult of sample size, the way a shop casts: the same garment always gets the same person.

    Args:
        kind: what the garment is. Most flat-lays do not tell for whom they are cut, and women's sizes span
            what the pattern rules scale best, so a woman is asked first.
        models: the roster.
    Raises:
        ModelInvalid: the roster has no adult.
    """
    adults = [model for model in models if not model.is_child]
    if not adults:
        raise ModelInvalid("the roster has no adult")
    return min(adults, key=lambda model: (_distance(model), model.id))


def _distance(model: VirtualModel) -> float:
    off_size = 0.0 if model.size in _SAMPLE_SIZES else 10.0
    off_gender = 0.0 if model.gender == "woman" else 20.0
    return off_size + off_gender + abs(model.age - _SAMPLE_AGE) / 10


def choose_pose(model: VirtualModel) -> str:
    """The pose that shows a garment best while its cloth hangs freely."""
    return "standing" if model.is_child else "contrapposto"
