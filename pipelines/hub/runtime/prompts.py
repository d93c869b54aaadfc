"""Prompts: sentences of fixed words about the person and the clothes; no user text enters them.

So no text of a seller reaches a network, least of all where a child is seen. Nor do they name anything outside the
camera's view: a network that reads of eyes in a picture from behind would paint some.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.hub.runtime.visible_parts import EVERYTHING, VisibleParts
from vmodel.body.face.face_params import EYE_COLOURS, look_of
from vmodel.body.model.roster import SKIN_TONES
from vmodel.core.colour import to_oklab
from vmodel.types import Category, GarmentKind, Length, Sleeve, VirtualModel

SKIN_WORDS: Mapping[str, str] = {
    "I": "very fair",
    "II": "fair",
    "III": "light olive",
    "IV": "tan",
    "V": "brown",
    "VI": "deep brown",
}
HAIR_COLOURS: Mapping[str, tuple[float, float, float]] = {
    "black": (0.008, 0.006, 0.005),
    "dark brown": (0.022, 0.012, 0.008),
    "brown": (0.05, 0.026, 0.014),
    "auburn": (0.16, 0.05, 0.018),
    "grey": (0.12, 0.11, 0.105),
    "dark blond": (0.225, 0.126, 0.064),
    "blond": (0.40, 0.236, 0.118),
    "white": (0.6, 0.58, 0.56),
}
"""Word -> linear-light colour; the nearest one names a model's hair."""
HAIR_WORDS: Mapping[str, str] = {
    "bald": "a shaved head",
    "buzz": "{colour} buzz-cut hair",
    "short-crop": "short {colour} hair",
    "side-part": "{colour} hair parted at the side",
    "pixie": "a {colour} pixie cut",
    "curly-short": "short curly {colour} hair",
    "afro": "a {colour} afro",
    "bob": "a {colour} bob",
    "fringe-bob": "a {colour} bob with a fringe",
    "shoulder-length": "shoulder-length {colour} hair",
    "long-straight": "long straight {colour} hair",
    "long-wavy": "long wavy {colour} hair",
    "ponytail": "{colour} hair in a ponytail",
    "bun": "{colour} hair in a bun",
    "braids": "{colour} hair in braids",
}
_WITHOUT_FACE = {"side-part": "{colour} hair", "fringe-bob": "a {colour} bob"}
"""Words for hair whose parting and fringe are not seen."""
_FROM_THE_FRONT = {"ponytail": "{colour} hair tied back", "bun": "{colour} hair tied back"}
"""Words for hair styles that the head hides from the front."""
_FALLING = {"bob", "fringe-bob", "shoulder-length", "long-straight", "long-wavy", "ponytail", "braids"}
"""Styles that reach below the head, so that they are seen in pictures without one."""
FACIAL_HAIR_WORDS: Mapping[str, str] = {
    "stubble": "stubble",
    "moustache": "a moustache",
    "goatee": "a goatee",
    "short-beard": "a short beard",
    "full-beard": "a full beard",
}
_SLEEVES = {
    Sleeve.NONE: "sleeveless",
    Sleeve.STRAP: "strappy",
    Sleeve.SHORT: "short-sleeved",
    Sleeve.THREE_QUARTER: "three-quarter-sleeved",
    Sleeve.LONG: "long-sleeved",
}
_SLEEVES_END: Mapping[Sleeve, tuple[str, ...]] = {
    Sleeve.NONE: ("shoulders",),
    Sleeve.STRAP: ("shoulders",),
    Sleeve.SHORT: ("shoulders",),
    Sleeve.THREE_QUARTER: ("shoulders", "elbows"),
    Sleeve.LONG: ("shoulders", "elbows", "wrists"),
}
"""Joints over which sleeves reach, or at which they end: a word about sleeves needs one of them in view."""
_LENGTHS = {
    Length.CROPPED: "cropped",
    Length.TUNIC: "tunic-length",
    Length.MINI: "short",
    Length.KNEE: "knee-length",
    Length.MIDI: "midi",
    Length.ANKLE: "ankle-length",
}
_MATERIALS = ("jersey", "cotton", "denim", "silk", "chiffon", "knit", "leather")

NEGATIVE_PROMPT = (
    "drawing, 3d render, plastic skin, deformed hands, extra fingers, extra limbs, other clothes, changed print, "
    "text, watermark, nudity, underwear"
)


def describe_person(model: VirtualModel, seen: VisibleParts = EVERYTHING) -> str:
    """Describe the person as a noun phrase."""
    tone = min(SKIN_TONES, key=lambda name: _distance(SKIN_TONES[name], model.skin_tone))
    look = look_of(model)
    eyes = min(EYE_COLOURS, key=lambda name: _distance(EYE_COLOURS[name], look.eyes)).replace("-", " ")
    features = [
        *([f"{SKIN_WORDS[tone]} skin"] if seen.skin else []),
        *_describe_hair(model, seen),
        *([f"{eyes} eyes"] if seen.eyes else []),
        *(["freckles"] if seen.eyes and look.freckles >= 0.3 else []),
        *([FACIAL_HAIR_WORDS[look.facial_hair]] if seen.jaw and look.facial_hair in FACIAL_HAIR_WORDS else []),
    ]
    return f"a {model.age:.0f}-year-old {model.gender}" + (f" with {_join(features)}" if features else "")


def _describe_hair(model: VirtualModel, seen: VisibleParts) -> list[str]:
    """Return the words about the hair, if there are any."""
    style = model.hair.style
    colour = min(HAIR_COLOURS, key=lambda name: _distance(HAIR_COLOURS[name], model.hair.colour))
    if not seen.head:
        # Neither length nor cut can be recognised from hair that falls into the picture from above.
        return [f"{colour} hair"] if seen.hair and style in _FALLING else []
    words = HAIR_WORDS[style]
    if not seen.eyes:
        words = _WITHOUT_FACE.get(style, words)
    if not seen.nape:
        words = _FROM_THE_FRONT.get(style, words)
    return [words.format(colour=colour)]


def describe_garment(kind: GarmentKind, material: str = "", seen: VisibleParts = EVERYTHING) -> str:
    """Describe the garment as a noun phrase without colours and prints, which the pictures show better.

    The neckline is left out too: an outline rarely distinguishes a crew neck from a V-neck, and a wrong word moves it.

    Args:
        kind: what was read from the photo.
        material: name in ``vmodel.drape``; empty = not mentioned.
        seen: its parts in the camera's view.
    """
    if not seen.garment:
        return "plain everyday clothes"
    category, words = kind.category, []
    if seen.hem and kind.length in _LENGTHS and category != Category.SWIMWEAR:
        words.append(_LENGTHS[kind.length])
    if category.covers_upper and any(getattr(seen, joints) for joints in _SLEEVES_END[kind.sleeve]):
        words.append(_SLEEVES[kind.sleeve])
    words += [material] if material in _MATERIALS else ["woollen"] if material == "coat-wool" else []
    words.append({Category.OUTERWEAR: "jacket", Category.SWIMWEAR: "swimsuit"}.get(category, category.value))
    plural = category in {Category.TROUSERS, Category.SHORTS}
    article = "" if plural else "an " if words[0][0] in "aeiou" else "a "
    return article + " ".join(words)


def instruct_edit(
    model: VirtualModel, kind: GarmentKind, material: str = "", noun: str = "image", seen: VisibleParts = EVERYTHING
) -> str:
    """Instruct an image editor about its three references and the picture to make.

    The references are those of ``pipelines.hub.runtime.reference_images``: draft, garment, pose map.

    Args:
        model: the person shown.
        kind: what was read from the photo.
        material: name in ``vmodel.drape``; empty = not mentioned.
        noun: the editor's word for a reference; it is followed by a number.
        seen: the parts in the camera's view; nothing else is named.
    """
    manner = "modest everyday catalogue photograph of a child" if model.is_child else "fashion catalogue photograph"
    return _instruct(manner, describe_person(model, seen), describe_garment(kind, material, seen), noun, seen)


def instruct_anybody() -> str:
    """Instruct an editor like ``instruct_edit``, but of any person and garment, for training pictures."""
    return _instruct("catalogue photograph", "a person", "a garment", "image", EVERYTHING)


def _instruct(manner: str, person: str, garment: str, noun: str, seen: VisibleParts) -> str:
    flat_lay = "the same garment laid flat: keep its colours, print and cut"
    if not seen.front:
        flat_lay = "the same garment laid flat, seen from its front, which the picture does not show: keep its colours"
    natural = " and ".join(part for part, there in (("hands", seen.hands), ("eyes", seen.eyes)) if there)
    wishes = [
        *(["natural skin texture"] if seen.skin else []),
        *(["real hair strands"] if seen.hair else []),
        *([f"natural {natural}"] if natural else []),
        "sharp focus",
    ]
    return (
        f"Turn {noun} 1, a computer-generated draft, into a real studio {manner} of {person} wearing "
        f"{garment}. Keep the person's identity, pose, framing, background and light "
        f"of {noun} 1, and every piece of clothing exactly where it is. {noun.capitalize()} 2 is {flat_lay}. "
        f"{noun.capitalize()} 3 is the pose of the body. "
        f"{', '.join(wishes).capitalize()}."
    )


def describe_photograph(
    model: VirtualModel, kind: GarmentKind, material: str = "", seen: VisibleParts = EVERYTHING
) -> str:
    """Describe the picture as a caption, for networks that follow captions; arguments as of ``instruct_edit``."""
    manner = "modest everyday catalogue photo of a child" if model.is_child else "fashion catalogue photo"
    wishes = [
        *(["natural skin texture"] if seen.skin else []),
        *(["detailed hair"] if seen.hair else []),
        "soft light, sharp focus",
    ]
    worn = describe_garment(kind, material, seen)
    return f"studio {manner}, {describe_person(model, seen)}, wearing {worn}, {', '.join(wishes)}"


def _distance(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    lab = to_oklab(np.asarray([first, second], np.float32))
    return float(np.linalg.norm(lab[0] - lab[1]))


def _join(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
