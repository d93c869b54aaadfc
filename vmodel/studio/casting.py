"""Casting: choice of the virtual model and the pose where the seller named none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from vmodel.errors import ModelInvalid
from vmodel.types import Category, VirtualModel

_SAMPLE_SIZES: Final = {"woman": ("XS", "S", "M"), "man": ("M", "L")}
_OLDEST_SAMPLE: Final = 45


def rank_models(
    models: Iterable[VirtualModel], content: str, made_for: Sequence[tuple[str, float]] = ()
) -> list[VirtualModel]:
    """Return the adults of the roster in casting order; one garment always gets the same person.

    Different garments get different people, so that a folder of photos does not show one face only. Men come first if
    the garment is likelier made for men than for women, else women; of each those of sample size. Children are never
    cast unnamed: for whom a garment is made is not read surely enough for that.

    Args:
        models: the roster.
        content: identifies the garment's photo and the seed.
        made_for: of ``GarmentKind``.
    Raises:
        ModelInvalid: the roster has no adult.
    """
    adults = [model for model in models if not model.is_child]
    if not adults:
        raise ModelInvalid("the roster has no adult")
    shares = dict(made_for)
    likelier = "man" if shares.get("man", 0) > shares.get("woman", 0) else "woman"
    # Ranked by digests, not by a random index: a model that joins the roster changes only the garments that it wins.
    return sorted(adults, key=lambda model: (_off_type(model, likelier), _digest(content, model)))


def cast_for_size(label: str, models: Iterable[VirtualModel], content: str) -> VirtualModel | None:
    """Return a model whose own size is the given one, women of sample age first.

    Args:
        label: of a size chart, like "M", "XXL" (the same as "2XL") or "116".
        models: the roster.
        content: identifies the garment's photo and the seed.
    Returns:
        None if nobody has this size.
    """
    size = label.strip().upper()
    repeated = size.removesuffix("L")
    if len(repeated) > 1 and set(repeated) == {"X"}:
        size = f"{len(repeated)}XL"
    fitting = [model for model in models if model.size.upper() == size]
    return min(fitting, key=lambda model: (*_off_age(model), _digest(content, model)), default=None)


def _off_age(model: VirtualModel) -> tuple[bool, bool]:
    return model.gender not in {"woman", "girl"}, model.age > _OLDEST_SAMPLE


def _digest(content: str, model: VirtualModel) -> str:
    return hashlib.sha256(f"{content} {model.id}".encode()).hexdigest()


def _off_type(model: VirtualModel, gender: str) -> int:
    """Return the casting penalty: 2 for a model of another gender, 1 for one that is not of sample size and age."""
    off_sample = model.size not in _SAMPLE_SIZES.get(model.gender, ()) or model.age > _OLDEST_SAMPLE
    return 2 * (model.gender != gender) + off_sample


def choose_pose(model: VirtualModel, category: Category) -> str:
    """Choose the pose that shows a kind of garment best while its cloth hangs freely; trousers fold over a bent leg."""
    return "standing" if model.is_child or category.has_legs else "contrapposto"
