"""Who wears a garment, and how they stand, when the seller did not say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from vmodel.errors import ModelInvalid
from vmodel.types import Category, GarmentKind, Neckline, Sleeve, VirtualModel

_SAMPLE_SIZES = ("S", "M", "L")
_WOMEN_ONLY = (Category.DRESS, Category.SKIRT)
_BARE_SLEEVES = (Sleeve.NONE, Sleeve.STRAP)
_BARE_NECKLINES = (Neckline.SQUARE, Neckline.STRAPLESS)
#: Hair that lies on the chest and hides a neckline or print.
_LONG_HAIR = ("long-straight", "long-wavy")


def choose_model(kind: GarmentKind, models: Iterable[VirtualModel], content: str) -> VirtualModel:
    """Pick an adult of sample size, the way a shop casts: one garment always gets the same person.

    Different garments get different people, so that a folder of photos does not show one face only.

    Args:
        kind: what the garment is. Dresses, skirts and garments with bare shoulders are cast with women, others
            with women and men; what covers the chest is cast with hair that leaves it visible.
        models: the roster.
        content: stands for the garment's photo and the seed.
    Raises:
        ModelInvalid: the roster has no adult.
    """
    adults = [model for model in models if not model.is_child]
    if not adults:
        raise ModelInvalid("the roster has no adult")
    best = min(_off_type(model, kind) for model in adults)
    suited = [model for model in adults if _off_type(model, kind) == best]
    # The least of the digests, not an index: a model that joins the roster recasts only what it wins.
    return min(suited, key=lambda model: hashlib.sha256(f"{content} {model.id}".encode()).digest())


def _off_type(model: VirtualModel, kind: GarmentKind) -> int:
    """Wishes that a model misses, the weightier counting more."""
    bare = kind.category.covers_upper and (kind.sleeve in _BARE_SLEEVES or kind.neckline in _BARE_NECKLINES)
    off_gender = (kind.category in _WOMEN_ONLY or bare) and model.gender != "woman"
    off_hair = kind.category.covers_upper and model.hair.style in _LONG_HAIR
    return 4 * off_gender + 2 * (model.size not in _SAMPLE_SIZES) + off_hair


def choose_pose(model: VirtualModel) -> str:
    """The pose that shows a garment best while its cloth hangs freely."""
    return "standing" if model.is_child else "contrapposto"
