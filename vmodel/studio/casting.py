"""Casting: choice of the virtual model and the pose where the seller named none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from vmodel.errors import ModelInvalid
from vmodel.types import Category, VirtualModel

_SAMPLE_SIZES = ("XS", "S", "M")
_OLDEST_SAMPLE = 45


def rank_models(models: Iterable[VirtualModel], content: str) -> list[VirtualModel]:
    """Return the adults of the roster in casting order; one garment always gets the same person.

    Different garments get different people, so that a folder of photos does not show one face only. A flat-lay does
    not tell for whom it is cut. Women of sample size come first, because the pattern rules scale best to them.

    Args:
        models: the roster.
        content: identifies the garment's photo and the seed.
    Raises:
        ModelInvalid: the roster has no adult.
    """
    adults = [model for model in models if not model.is_child]
    if not adults:
        raise ModelInvalid("the roster has no adult")
    # Ranked by digests, not by a random index: a model that joins the roster changes only the garments that it wins.
    return sorted(adults, key=lambda model: (_off_type(model), _digest(content, model)))


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


def _off_type(model: VirtualModel) -> int:
    """Return the casting penalty: 2 for a model that is no woman, 1 for one that is not of sample size and age."""
    off_gender = model.gender != "woman"
    off_sample = model.size not in _SAMPLE_SIZES or model.age > _OLDEST_SAMPLE
    return 2 * off_gender + off_sample


def choose_pose(model: VirtualModel, category: Category) -> str:
    """Choose the pose that shows a kind of garment best while its cloth hangs freely; trousers fold over a bent leg."""
    return "standing" if model.is_child or category.has_legs else "contrapposto"
