"""Who may wear what: the rules for child models, as pure functions.

A picture of a child model is made only if the garment is on the allow-list twice: as the seller
declared it and as the photo shows it. The stricter answer wins, and no answer is a refusal.
"""

from __future__ import annotations

from vmodel.errors import NotAllowedForChildren, UnknownCategory
from vmodel.types import Category, GarmentKind, Length, Neckline, Sleeve, VirtualModel

#: Everyday clothes; anything that is not named here is refused for children.
ALLOWED_FOR_CHILDREN = frozenset(Category)

#: Words that a seller may declare and that are never an everyday garment of the list above.
REFUSED_WORDS = frozenset(
    {"bikini", "bodysuit", "bra", "briefs", "corset", "lingerie", "nightwear", "pyjamas", "robe", "sheer"}
    | {"sleepwear", "swimsuit", "swimwear", "thong", "transparent", "underwear"}
)

#: Materials through which skin would show.
SHEER_MATERIALS = frozenset({"chiffon", "lace", "mesh", "organza", "tulle"})

_SHORT = frozenset({Length.CROPPED, Length.HIP, Length.TUNIC, Length.MINI})

#: Below this the detected category counts as unknown.
SURE_ENOUGH = 0.6


def read_category(word: str | None) -> Category | None:
    """Read a declared category.

    Args:
        word: as the seller typed it; None if nothing was declared.
    Returns:
        The category, or None if nothing was declared.
    Raises:
        UnknownCategory: no pattern rule exists for the word.
    """
    if word is None:
        return None
    try:
        return Category(word.strip().lower())
    except ValueError:
        raise UnknownCategory(word, [category.value for category in Category]) from None


def check_declared(model: VirtualModel, declared: str | None, material: str | None = None) -> None:
    """Refuse what the seller's own words rule out, before any work.

    Args:
        model: who would wear the garment.
        declared: category as typed; None if left to detection.
        material: material as typed; None if left to detection.
    Raises:
        NotAllowedForChildren: the model is under 18 and the words are not everyday clothes.
    """
    if not model.is_child:
        return
    if declared is not None:
        word = declared.strip().lower()
        if word in REFUSED_WORDS or word not in ALLOWED_FOR_CHILDREN:
            raise NotAllowedForChildren(f"{declared!r} is not on the list")
    if material is not None and material.strip().lower() in SHEER_MATERIALS | REFUSED_WORDS:
        raise NotAllowedForChildren(f"{material!r} may be see-through")


def check_detected(model: VirtualModel, detected: GarmentKind, material: str) -> None:
    """Refuse what the photo shows, whatever was declared.

    Args:
        model: who would wear the garment.
        detected: what the photo shows, from the detector alone: a stated category must not hide it.
        material: material the garment would be made of.
    Raises:
        NotAllowedForChildren: the model is under 18 and the garment is not surely everyday clothes.
    """
    if not model.is_child:
        return
    if detected.stated:
        raise NotAllowedForChildren("the photo itself was not checked")
    if detected.category not in ALLOWED_FOR_CHILDREN:
        raise NotAllowedForChildren(f"the photo shows {detected.category}")
    if detected.confidence < SURE_ENOUGH:
        raise NotAllowedForChildren(f"the photo does not show surely what the garment is ({detected.category}?)")
    if material in SHEER_MATERIALS:
        raise NotAllowedForChildren(f"{material!r} may be see-through")
    doubt = _may_be_underwear(detected)
    if doubt is not None:
        raise NotAllowedForChildren(f"{doubt} may be underwear or swimwear")


def _may_be_underwear(kind: GarmentKind) -> str | None:
    """What about an outline could as well be underwear, nightwear or swimwear; None if nothing is.

    A camisole, a slip, a bikini top and a swimsuit differ from summer clothes in cloth and use, which an outline
    does not tell. Everyday summer clothes with shoulders or sleeves stay allowed.
    """
    if kind.category.covers_upper and kind.neckline is Neckline.STRAPLESS:
        return "a garment without shoulders"
    if kind.category.covers_upper and kind.sleeve is Sleeve.STRAP:
        return "a garment on thin straps"
    bare_arms = kind.sleeve is Sleeve.NONE
    if kind.category is Category.TOP and bare_arms and kind.length is Length.CROPPED:
        return "a cropped top without sleeves"
    if kind.category is Category.JUMPSUIT and bare_arms and kind.length in _SHORT:
        return "a one-piece without sleeves and legs"
    if kind.category is Category.SHORTS and kind.length in _SHORT:
        return "very short trousers"
    return None
