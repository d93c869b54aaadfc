"""Free values of a face: the keys of ``look`` in a roster entry, their ranges and defaults.

| key | values | default |
|---|---|---|
| undertone | -1 (cool, rosy) .. 1 (warm, golden) | from the seed, -0.4..0.4 |
| freckles | 0..1 | 0 |
| moles | 0..1 | 0.3 |
| blush | 0..1, ruddiness of cheeks and nose | 0.4 (0.6 for children) |
| wrinkles | 0..1 | grows from 0 at 30 years to 1 at 78 |
| makeup | 0..1, eyes and cheeks; always 0 under 18 | 0.35 for women, else 0 |
| eyes | "dark-brown", "brown", "amber", "hazel", "green", "blue", "grey" or linear (r, g, b) | by skin tone |
| lips | "natural", "nude", "rose", "coral", "berry", "red", "plum" or linear (r, g, b) | "natural" |
| brows | "natural", "soft", "arched", "straight", "thick" | by gender |
| brow_colour | linear (r, g, b) | hair colour, darker, browner on the fair |
| brow_density | 0..1 | 0.6 for women, 0.75 for men, 0.5 for children |
| lashes | 0..1, length and density | 0.6 (women with make-up longer) |
| facial_hair | "none", "stubble", "moustache", "goatee", "short-beard", "full-beard" | "none" |
| stubble | 0..1, shaven shadow in the skin | 0.35 for men, else 0 |
| hairline | "rounded", "straight", "widows-peak", "receding" | from seed, gender and age (children "rounded") |
| parting | "left", "right", "middle", "none" | from the seed |

``expression`` (facial actions) is a key of ``look`` as well; it shapes the body and is not read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vmodel.errors import ModelInvalid
from vmodel.types import VirtualModel

Colour = tuple[float, float, float]

EYE_COLOURS: dict[str, Colour] = {
    "dark-brown": (0.030, 0.014, 0.007),
    "brown": (0.070, 0.032, 0.014),
    "amber": (0.210, 0.095, 0.022),
    "hazel": (0.120, 0.080, 0.030),
    "green": (0.100, 0.118, 0.052),
    "blue": (0.090, 0.150, 0.220),
    "grey": (0.140, 0.165, 0.180),
}
LIP_TINTS: dict[str, Colour] = {
    "nude": (0.400, 0.180, 0.130),
    "rose": (0.440, 0.115, 0.120),
    "coral": (0.560, 0.125, 0.085),
    "berry": (0.260, 0.030, 0.060),
    "red": (0.430, 0.018, 0.022),
    "plum": (0.150, 0.022, 0.045),
}
BROWS = ("natural", "soft", "arched", "straight", "thick")
FACIAL_HAIR = ("none", "stubble", "moustache", "goatee", "short-beard", "full-beard")
HAIRLINES = ("rounded", "straight", "widows-peak", "receding")
PARTINGS = ("left", "right", "middle", "none")
_GREY_BROW = (0.280, 0.235, 0.185)
_SHARES = ("freckles", "moles", "blush", "wrinkles", "makeup", "brow_density", "lashes", "stubble")
_CHOICES = {"brows": BROWS, "facial_hair": FACIAL_HAIR, "hairline": HAIRLINES, "parting": PARTINGS}


@dataclass(frozen=True)
class Look:
    """Face values of one virtual model, complete and checked; see the module's table.

    Attributes:
        eyes: linear-light colour of the iris.
        lips: linear-light tint laid over the lips, or None for bare lips.
        brow_colour: linear-light colour of the brow hairs.
        others: as in the table, shares in 0..1.
    """

    undertone: float
    freckles: float
    moles: float
    blush: float
    wrinkles: float
    makeup: float
    eyes: Colour
    lips: Colour | None
    brows: str
    brow_colour: Colour
    brow_density: float
    lashes: float
    facial_hair: str
    stubble: float
    hairline: str
    parting: str


def look_of(model: VirtualModel) -> Look:
    """Complete a model's ``look`` with defaults that follow from age, gender, skin and seed.

    Raises:
        ModelInvalid: an unknown key, an unknown name or a share outside 0..1.
    """
    values: dict[str, Any] = {
        **_defaults(model),
        **{key: value for key, value in model.look.items() if key != "expression"},
    }
    unknown = sorted(set(values) - set(Look.__dataclass_fields__))
    if unknown:
        raise ModelInvalid(f"look.{unknown[0]} is not known")
    for key in _SHARES:
        values[key] = _number(key, values[key], 0.0, 1.0)
    values["undertone"] = _number("undertone", values["undertone"], -1.0, 1.0)
    for key, choices in _CHOICES.items():
        if values[key] not in choices:
            raise ModelInvalid(f"look.{key} must be one of {', '.join(choices)}")
    values["eyes"] = _colour("eyes", values["eyes"], EYE_COLOURS)
    values["lips"] = None if values["lips"] in (None, "natural") else _colour("lips", values["lips"], LIP_TINTS)
    values["brow_colour"] = _colour("brow_colour", values["brow_colour"], {})
    if model.is_child:
        values.update(makeup=0.0, lips=None, facial_hair="none", stubble=0.0, wrinkles=0.0)
    return Look(**values)


def _defaults(model: VirtualModel) -> dict[str, Any]:
    rng = np.random.default_rng([model.seed, 11])
    woman, man = model.gender in ("woman", "girl"), model.gender == "man"
    fair = float(np.mean(model.skin_tone)) > 0.36
    dark = float(np.mean(model.skin_tone)) < 0.2
    eyes = rng.choice(["brown", "hazel", "green", "blue", "grey"]) if fair else "dark-brown" if dark else "brown"
    receding = man and model.age > 40 and rng.random() < 0.6
    hairline = str(rng.choice(["rounded", "straight", "widows-peak"]))
    grey = 0.5 * model.hair.grey
    # Brows of the fair are a warm brown, not a shade of the same yellow.
    fading = np.clip(4 * np.mean(model.hair.colour), 0, 1) * (1 - model.hair.grey) * np.array([0.20, 0.26, 0.30])
    # Beside the red of skin an even grey looks blue.
    brow = np.array(model.hair.colour) * (0.6 - fading) * (1 - grey) + np.array(_GREY_BROW) * grey
    brow_colour = tuple(float(channel) for channel in brow)
    makeup = 0.35 if woman and not model.is_child else 0.0
    return {
        "undertone": float(rng.uniform(-0.4, 0.4)),
        "freckles": 0.0,
        "moles": 0.3,
        "blush": 0.6 if model.is_child else 0.4,
        "wrinkles": float(np.clip((model.age - 30) / 48, 0, 1)),
        "makeup": makeup,
        "eyes": str(eyes),
        "lips": "natural",
        "brows": "soft" if model.is_child else "natural" if woman else "thick",
        "brow_colour": brow_colour,
        "brow_density": 0.5 if model.is_child else 0.6 if woman else 0.75,
        "lashes": 0.6 + 0.4 * makeup if woman else 0.45,
        "facial_hair": "none",
        "stubble": 0.35 if man else 0.0,
        "hairline": "rounded" if model.is_child else "receding" if receding else hairline,
        "parting": str(rng.choice(["left", "right", "middle"])),
    }


def _number(key: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ModelInvalid(f"look.{key} must be a number from {low:g} to {high:g}")
    return float(value)


def _colour(key: str, value: Any, names: dict[str, Colour]) -> Colour:
    if isinstance(value, str) and value in names:
        return names[value]
    try:
        red, green, blue = (float(channel) for channel in value)
    except (TypeError, ValueError):
        known = f" or one of {', '.join(names)}" if names else ""
        raise ModelInvalid(f"look.{key} must be three linear-light numbers from 0 to 1{known}") from None
    if not all(0 <= channel <= 1 for channel in (red, green, blue)):
        raise ModelInvalid(f"look.{key} must be three linear-light numbers from 0 to 1")
    return red, green, blue
