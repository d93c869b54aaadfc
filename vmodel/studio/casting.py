"""Casting: choice of the virtual model and the pose where the seller named none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from vmodel.errors import ModelInvalid
from vmodel.types import Category, VirtualModel

_SAMPLE_SIZES: Final = {"woman": ("XS", "S", "M"), "man": ("M", "L")}
_SAMPLE_CHILDREN: Final = ("104", "110", "116", "134", "140")
_OLDEST_SAMPLE: Final = 45
_SURELY_A_CHILD: Final = 0.8
"""Probability that a garment is made for children from which a child is cast first."""


def rank_models(
    models: Iterable[VirtualModel], content: str, made_for: Sequence[tuple[str, float]] = ()
) -> list[VirtualModel]:
    """Return models in casting order; one garment always gets the same person.

    Different garments get different people, so that a folder of photos does not show one face only. Adults of the
    gender for which the garment seems to be made come first, those of sample size before the others; where nothing is
    known, women, because the pattern rules scale best to them. Before them comes a single child if the garment is
    surely a child's: the rules on children may refuse it, and then an adult wears it.

    Args:
        models: the roster.
        content: identifies the garment's photo and the seed.
        made_for: of ``GarmentKind``.
    Raises:
        ModelInvalid: the roster has no adult.
    """
    everybody, shares = list(models), dict(made_for)
    adults = [model for model in everybody if not model.is_child]
    if not adults:
        raise ModelInvalid("the roster has no adult")

    def order(model: VirtualModel) -> tuple[int, str]:
        # Ranked by digests, not by a random index: a model that joins the roster changes only the garments it wins.
        return _off_type(model, likelier), _digest(content, model)

    likelier = _likelier(shares, "woman", "man")
    ranked = sorted(adults, key=order)
    children = [model for model in everybody if model.is_child]
    if children and shares.get("girl", 0) + shares.get("boy", 0) > _SURELY_A_CHILD:
        likelier = _likelier(shares, "girl", "boy")
        ranked.insert(0, min(children, key=order))
    return ranked


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


def _likelier(shares: dict[str, float], first: str, second: str) -> str:
    return second if shares.get(second, 0) > shares.get(first, 0) else first


def _off_type(model: VirtualModel, gender: str) -> int:
    """Return the casting penalty: 2 for a model of another gender, 1 for one that is not of sample size and age."""
    sizes = _SAMPLE_CHILDREN if model.is_child else _SAMPLE_SIZES.get(model.gender, ())
    return 2 * (model.gender != gender) + (model.size not in sizes or model.age > _OLDEST_SAMPLE)


def choose_pose(model: VirtualModel, category: Category) -> str:
    """Choose the pose that shows a kind of garment best while its cloth hangs freely; trousers fold over a bent leg."""
    return "standing" if model.is_child or category.has_legs else "contrapposto"
