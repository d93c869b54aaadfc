"""Prompts: sentences built of fixed words from who is seen and what is worn; nobody types into them.

So no text of a seller reaches a network, least of all where a child is seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vmodel.body.look import EYE_COLOURS, look_of
from vmodel.body.roster import SKIN_TONES
from vmodel.images import to_oklab
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


def describe_person(model: VirtualModel) -> str:
    """Who is seen, as a noun phrase."""
    tone = min(SKIN_TONES, key=lambda name: _distance(SKIN_TONES[name], model.skin_tone))
    colour = min(HAIR_COLOURS, key=lambda name: _distance(HAIR_COLOURS[name], model.hair.colour))
    look = look_of(model)
    eyes = min(EYE_COLOURS, key=lambda name: _distance(EYE_COLOURS[name], look.eyes)).replace("-", " ")
    features = [f"{SKIN_WORDS[tone]} skin", HAIR_WORDS[model.hair.style].format(colour=colour), f"{eyes} eyes"]
    if look.freckles >= 0.3:
        features.append("freckles")
    if look.facial_hair in FACIAL_HAIR_WORDS:
        features.append(FACIAL_HAIR_WORDS[look.facial_hair])
    return f"a {model.age:.0f}-year-old {model.gender} with {_join(features)}"


def describe_garment(kind: GarmentKind, material: str = "") -> str:
    """What is worn, as a noun phrase without colours and prints, which the pictures show better.

    Nor the neckline: an outline tells a crew neck from a V-neck too rarely, and a wrong word would move it.

    Args:
        kind: what was read from the photo.
        material: name in ``vmodel.drape``; empty says nothing of it.
    """
    category, words = kind.category, []
    if kind.length in _LENGTHS:
        words.append(_LENGTHS[kind.length])
    if category.covers_upper:
        words.append(_SLEEVES[kind.sleeve])
    words += [material] if material in _MATERIALS else ["woollen"] if material == "coat-wool" else []
    words.append({Category.OUTERWEAR: "jacket"}.get(category, category.value))
    plural = category in {Category.TROUSERS, Category.SHORTS}
    article = "" if plural else "an " if words[0][0] in "aeiou" else "a "
    return article + " ".join(words)


def instruct_edit(model: VirtualModel, kind: GarmentKind, material: str = "", noun: str = "image") -> str:
    """Tell an editor of pictures what its three references are and what to make of them.

    The references are those of ``pipelines.hub.references``: draft, garment, pose map.

    Args:
        model: who is seen.
        kind: what was read from the photo.
        material: name in ``vmodel.drape``; empty says nothing of it.
        noun: what the editor calls a reference; it is followed by a number.
    """
    manner = "modest everyday catalogue photograph of a child" if model.is_child else "fashion catalogue photograph"
    return _instruct(manner, describe_person(model), describe_garment(kind, material), noun)


def instruct_anybody() -> str:
    """The same of anybody in any garment, for training pictures, whose people are nobody of the roster."""
    return _instruct("catalogue photograph", "a person", "a garment", "image")


def _instruct(manner: str, person: str, garment: str, noun: str) -> str:
    return (
        f"Turn {noun} 1, a computer-generated draft, into a real studio {manner} of {person} wearing "
        f"{garment}. Keep the person's identity, pose, framing, background and light "
        f"of {noun} 1, and every piece of clothing exactly where it is. {noun.capitalize()} 2 is the same garment laid "
        f"flat: keep its colours, print and cut. {noun.capitalize()} 3 is the pose of the body. Natural skin texture, "
        "real hair strands, "
        "natural hands and eyes, sharp focus."
    )


def describe_photograph(model: VirtualModel, kind: GarmentKind, material: str = "") -> str:
    """The picture as a caption, for networks that follow captions."""
    manner = "modest everyday catalogue photo of a child" if model.is_child else "fashion catalogue photo"
    return (
        f"studio {manner}, {describe_person(model)}, wearing {describe_garment(kind, material)}, "
        "natural skin texture, detailed hair, soft light, sharp focus"
    )


def _distance(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    lab = to_oklab(np.asarray([first, second], np.float32))
    return float(np.linalg.norm(lab[0] - lab[1]))


def _join(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"
