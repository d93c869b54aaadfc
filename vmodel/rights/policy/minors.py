"""Rules on what child models may wear and how and where they are shown, as pure functions.

A picture of a child model is made only if the garment is on the allow-list twice: as the seller
declared it and as the photo shows it. The stricter answer wins, and a missing answer is a refusal.
Poses and framings are allowed by name; channels decide about the visible label only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from vmodel.errors import NotAllowedForChildren, UnknownCategory
from vmodel.rights.errors import LikenessWithoutConsent
from vmodel.rights.provenance.channels import find_channel
from vmodel.types import Category, GarmentKind, Length, Neckline, Sleeve, VirtualModel

#: Everyday clothes; anything that is not named here is refused for children.
ALLOWED_FOR_CHILDREN = frozenset(Category) - {Category.SWIMWEAR}

#: Words that a seller may declare, none of which is an everyday garment of the list above.
REFUSED_WORDS = frozenset(
    {"bikini", "bodysuit", "bra", "briefs", "corset", "lingerie", "nightwear", "pyjamas", "robe", "sheer"}
    | {"sleepwear", "swimsuit", "swimwear", "thong", "transparent", "underwear"}
)

#: Materials through which skin would show.
SHEER_MATERIALS = frozenset({"chiffon", "lace", "mesh", "organza", "tulle"})

_SHORT = frozenset({Length.CROPPED, Length.HIP, Length.TUNIC, Length.MINI})

#: Probability of swimwear or underwear above which a garment is not surely everyday clothes.
LEAST_INTIMATE = 0.15

_BARE_SHOULDERS = frozenset({Neckline.STRAPLESS, Neckline.OFF_SHOULDER, Neckline.HALTER, Neckline.ASYMMETRIC})

#: Below this the detected category counts as unknown.
SURE_ENOUGH = 0.6


#: Plain poses; a pose that is not named here, such as one from a file, is refused for children.
POSES_FOR_CHILDREN = frozenset(
    {"a-pose-relaxed", "standing", "contrapposto", "contrapposto-mirror", "hand-on-hip", "hand-on-hip-mirror"}
    | {"both-hands-on-hips", "walking", "walking-mirror", "hands-in-pockets", "hands-clasped-front", "seated"}
    | {"three-quarter-turn", "arms-behind-back", "one-arm-raised", "step-forward", "relaxed-weight-shift"}
    | {"looking-down", "looking-aside", "looking-up", "child-playful", "child-hands-up", "child-waving"}
    | {"child-marching", "one-hand-in-pocket", "one-hand-in-pocket-mirror", "walking-away"}
    | {"back-view", "back-three-quarter", "three-quarter-turn-mirror"}
)

_CLOSE_BELOW = frozenset({"lower", "detail"})
_OPEN_BELOW = frozenset({Category.DRESS, Category.SKIRT, Category.SHORTS, Category.JUMPSUIT, Category.SWIMWEAR})


class AgeBand(StrEnum):
    """Age bands that the rules distinguish."""

    CHILD = "child"
    TEEN = "teen"
    ADULT = "adult"


@dataclass(frozen=True)
class Likeness:
    """A real person whom a model is declared to be like.

    Attributes:
        person: as declared.
        consent: id of the consent that covers the picture; None if none does.
        reason: why none does; "" where one does.
        valid_until: last day of the consent, ISO 8601.
    """

    person: str
    consent: str | None
    reason: str = ""
    valid_until: str = ""


@dataclass(frozen=True)
class RequestedShot:
    """A requested shot, as the rules check it.

    Attributes:
        model: who would be shown.
        declared, material: as the seller typed them; None for nothing.
        detected: what the photo shows, from the detector alone; None where no detector has looked.
        detected_material: what the garment would be made of.
        pose, framing: names.
        channel: where it will be shown; None for anywhere.
        likeness: the real person whom the model is declared to be like; None for an invented one.
    """

    model: VirtualModel
    declared: str | None
    material: str | None
    detected: GarmentKind | None
    detected_material: str
    pose: str
    framing: str
    channel: str | None
    likeness: Likeness | None = None


def age_band(age: float) -> AgeBand:
    """Return the band of an age in years; negative ages and NaN count as a child."""
    if not age >= 13:
        return AgeBand.CHILD
    return AgeBand.TEEN if age < 18 else AgeBand.ADULT


def check_shot(asked: RequestedShot) -> None:
    """Refuse a shot that any rule forbids; only this function decides.

    Raises:
        UnknownChannel: the channel is unknown, and so are its requirements.
        LikenessWithoutConsent: the model is like a real person, and no consent covers the picture.
        NotAllowedForChildren: the model is under 18, and a rule forbids it or could not be applied.
    """
    find_channel(asked.channel)
    check_likeness(asked.model, asked.likeness)
    if age_band(asked.model.age) is AgeBand.ADULT:
        return
    check_declared(asked.model, asked.declared, asked.material)
    if asked.detected is None:
        raise NotAllowedForChildren("no detector has looked at the photo")
    check_detected(asked.model, asked.detected, asked.detected_material)
    check_staging(asked.model, asked.pose)
    declared = read_category(asked.declared)
    worn = (asked.detected.category, *(() if declared is None else (declared,)))
    check_shown(asked.model, worn, asked.pose, asked.framing)


def check_shown(model: VirtualModel, worn: Iterable[Category], pose: str, framing: str) -> None:
    """Refuse a close or seated picture if any of the garments worn is open below.

    Args:
        model: who would be shown.
        worn: categories of every garment worn, not only the one on sale; one may count as several.
        pose: its name.
        framing: its name.
    Raises:
        NotAllowedForChildren: the model is under 18 and one of the garments is shown standing and whole only.
    """
    if age_band(model.age) is AgeBand.ADULT:
        return
    for category in worn:
        if category not in _OPEN_BELOW:
            continue
        if framing in _CLOSE_BELOW:
            raise NotAllowedForChildren(f"{framing} pictures of a {category.value} are not made")
        if pose.startswith("seated"):
            raise NotAllowedForChildren(f"a {category.value} is shown standing")


def check_likeness(model: VirtualModel, likeness: Likeness | None) -> None:
    """Refuse a real person's likeness without their consent, and any child's likeness.

    Raises:
        LikenessWithoutConsent: no consent covers the picture.
        NotAllowedForChildren: the model is under 18; child models are invented without exception.
    """
    if likeness is None:
        return
    if age_band(model.age) is not AgeBand.ADULT:
        raise NotAllowedForChildren("a child model is like no real person")
    if likeness.consent is None:
        raise LikenessWithoutConsent(model.id, likeness.reason or "no consent is noted")


def check_finished(model: VirtualModel, invented: bool, faces: int | None) -> None:
    """Refuse a finished picture of a child that a generative pipeline made, unless a detector finds nobody else in it.

    Args:
        model: who is shown.
        invented: a generative pipeline made the picture; geometry shows the one body that it was given.
        faces: how many a detector found; None where none is installed.
    Raises:
        NotAllowedForChildren: the model is under 18, and no detector has looked or it sees somebody else.
    """
    if not (model.is_child and invented):
        return
    if faces is None:
        raise NotAllowedForChildren("no face detector has looked at the finished picture")
    if faces > 1:
        raise NotAllowedForChildren("somebody else is seen in the finished picture")


def check_staging(model: VirtualModel, pose: str | None) -> None:
    """Refuse a pose before any work; see ``check_shot``.

    Args:
        model: who would be shown.
        pose: name of the library, or a file; None for one that suits the model.
    Raises:
        NotAllowedForChildren: the model is under 18 and the pose is not a plain one.
    """
    if model.is_child and pose is not None and pose not in POSES_FOR_CHILDREN:
        raise NotAllowedForChildren(f"the pose {pose!r} is not on the list")


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
    """Refuse a garment that the seller's own words rule out, before any work.

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
    """Refuse a garment by what the photo shows, whatever was declared.

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
    """Name the trait of an outline that could also be underwear, nightwear or swimwear; None if there is none.

    A camisole, a slip, a bikini top and a swimsuit differ from summer clothes in cloth and use, which an outline
    does not show. Everyday summer clothes with shoulders or sleeves stay allowed.
    """
    upper, bare_arms, short = kind.category.covers_upper, kind.sleeve is Sleeve.NONE, kind.length in _SHORT
    doubts = (
        (kind.intimate > LEAST_INTIMATE, "what the photo shows"),
        (upper and kind.neckline in _BARE_SHOULDERS, "a garment without shoulders"),
        (upper and kind.sleeve is Sleeve.STRAP, "a garment on thin straps"),
        (
            kind.category is Category.TOP and bare_arms and kind.length is Length.CROPPED,
            "a cropped top without sleeves",
        ),
        (kind.category is Category.JUMPSUIT and bare_arms and short, "a one-piece without sleeves and legs"),
        (kind.category is Category.SHORTS and short, "very short trousers"),
    )
    return next((words for is_so, words in doubts if is_so), None)
