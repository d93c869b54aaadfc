"""People of training scenes, and the split that reserves some of them for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from vmodel.body.face.face_params import BROWS, EYE_COLOURS, LIP_TINTS
from vmodel.body.hair.styles import STYLES
from vmodel.body.model.create import Sliders, new_model
from vmodel.body.model.roster import SIDES, SKIN_TONES
from vmodel.types import Hair, VirtualModel

TEST_ROSTER = ("wm-hana", "wm-greta", "wm-keisha", "mn-kwame", "mn-diego", "ch-zuri", "ch-emil")
"""People of the roster whom no training picture shows."""
RANDOM_ADULTS = {"train": 48, "test": 8}
CHILD_VARIANTS = 3
_HAIR_COLOURS = (
    (0.008, 0.006, 0.005), (0.020, 0.011, 0.007), (0.045, 0.024, 0.013), (0.11, 0.062, 0.032), (0.22, 0.14, 0.075),
    (0.38, 0.27, 0.16), (0.17, 0.050, 0.016), (0.33, 0.32, 0.31),
)  # fmt: skip
_WOMEN = tuple(name for name in STYLES if name not in ("bald", "buzz"))
_MEN = ("buzz", "short-crop", "short-crop", "side-part", "curly-short", "afro", "bald", "shoulder-length", "bun")


def cast_person(rng: np.random.Generator, split: str, roster: Mapping[str, VirtualModel]) -> VirtualModel:
    """Cast a person of a split: two thirds from the roster, the others random adults; a fifth are children.

    Args:
        rng: the only source of chance.
        split: "train" or "test"; nobody belongs to both.
        roster: the bundled models.
    """
    allowed = [model for model in roster.values() if (model.id in TEST_ROSTER) == (split == "test")]
    kind = rng.random()
    if kind < 0.2:
        children = [model for model in allowed if model.is_child]
        return vary_child(children[rng.integers(len(children))], int(rng.integers(CHILD_VARIANTS)))
    if kind < 0.62:
        adults = [model for model in allowed if not model.is_child]
        return adults[rng.integers(len(adults))]
    return random_adult(split, int(rng.integers(RANDOM_ADULTS[split])))


def vary_child(child: VirtualModel, variant: int) -> VirtualModel:
    """Vary the skin grain, hair colour and build of a child of the roster; variant 0 is the child itself."""
    if variant == 0:
        return child
    rng = np.random.default_rng([child.seed, variant, 62])
    phenotype = dict(child.phenotype)
    phenotype["weight"] = float(np.clip(phenotype["weight"] + rng.normal(0, 0.08), 0.2, 0.9))
    colour = tuple(float(c) for c in np.array(child.hair.colour) * np.exp(rng.normal(0, 0.35)))
    return replace(
        child,
        id=f"{child.id}-v{variant}",
        phenotype=phenotype,
        hair=replace(child.hair, colour=(colour[0], colour[1], colour[2])),
        seed=child.seed + 5000 * variant,
    )


def random_adult(split: str, number: int) -> VirtualModel:
    """Invent an adult; the same split and number give the same person."""
    rng = np.random.default_rng([number, 63, split == "test"])
    gender = "woman" if rng.random() < 0.6 else "man"
    style = str(rng.choice(_WOMEN if gender == "woman" else _MEN))
    colour = _HAIR_COLOURS[rng.integers(len(_HAIR_COLOURS))]
    origin = rng.dirichlet([0.7, 0.7, 0.7])
    model = new_model(
        model_id=f"random-{split}-{number}",
        name=f"Random {number}",
        gender=gender,
        age=round(float(rng.triangular(18, 26, 72)), 1),
        height_cm=round(float(rng.normal(168 if gender == "woman" else 180, 6))),
        sliders=Sliders(
            weight=float(np.clip(rng.normal(0.45, 0.2), 0.1, 1.0)), muscle=float(rng.uniform(0.3, 0.75)),
            bust=float(rng.uniform(0.3, 0.65)), african=float(origin[0]), asian=float(origin[1]),
            caucasian=float(origin[2]),
        ),
        skin=str(rng.choice(list(SKIN_TONES))),
        hair=Hair(style, colour, 0.0, float(rng.uniform(0, 0.5)) if rng.random() < 0.15 else 0.0),
        face=_face(rng),
        seed=9000 + number + 1000 * (split == "test"),
    )  # fmt: skip
    return replace(model, look={**model.look, **_look(rng, gender)}, expression=_expression(rng))


def _face(rng: np.random.Generator) -> dict[str, float]:
    names = (
        "cheek-bones-incr", "cheek-volume-incr", "chin-height-incr", "chin-width-incr", "eye-scale-incr",
        "eye-corner1-up", "eye-trans-out", "forehead-scale-vert-incr", "head-scale-horiz-incr",
        "mouth-scale-horiz-incr", "mouth-upperlip-volume-incr", "mouth-lowerlip-volume-incr",
        "nose-scale-horiz-incr", "nose-point-up",
        "nose-hump-incr", "nose-width1-incr", "nose-width2-incr", "nose-volume-incr",
    )  # fmt: skip
    return {name: round(float(np.clip(rng.normal(0, 0.26), -0.55, 0.55)), 2) for name in names}


def _look(rng: np.random.Generator, gender: str) -> dict[str, object]:
    look: dict[str, object] = {"brows": str(rng.choice(BROWS)), "freckles": float(rng.random() ** 4)}
    look["eyes"] = str(rng.choice(list(EYE_COLOURS)))
    if gender == "woman" and rng.random() < 0.5:
        look["lips"] = str(rng.choice(list(LIP_TINTS)))
    if gender == "man":
        kinds = ["none", "none", "stubble", "short-beard", "full-beard", "moustache", "goatee"]
        look["facial_hair"] = str(rng.choice(kinds))
    return look


def _expression(rng: np.random.Generator) -> dict[str, float]:
    smile = float(rng.uniform(0.0, 0.45))
    actions = {"eyeBlink": 0.08, "mouthSmile": smile, "cheekSquint": 0.3 * smile, "eyeSquint": 0.15 * smile}
    return {f"{name}{side}": value for name, value in actions.items() for side in SIDES}
