"""New adult models from sliders or from measurements in centimetres."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml

from vmodel.body.model.body import build_body
from vmodel.body.model.roster import SKIN_TONES, parse_model
from vmodel.config import Settings
from vmodel.core.files import OWNER_FOLDER, make_folder, make_home, write_whole
from vmodel.errors import ModelInvalid
from vmodel.types import BodyMeasurements, FloatArray, Hair, VirtualModel

ADULT_YEARS = (18.0, 75.0)
HEIGHT_CM = (140.0, 210.0)
GIRTH_CM: Mapping[str, tuple[float, float]] = {"chest": (70, 160), "waist": (52, 160), "hip": (74, 170)}
GIRTH_TOLERANCE_CM = 1.5
HEAVIEST = 2.6
"""Largest weight value; anny's own ends at 1 (about size L), and its blend shapes extrapolate well to size 4XL."""
ARM_LENGTHS: Mapping[str, Mapping[str, float]] = {
    "woman": {"measure-upperarm-length-incr": 0.3, "measure-lowerarm-length-incr": 0.2},
    "man": {"measure-upperarm-length-incr": 0.2, "measure-lowerarm-length-incr": 0.1},
}
"""Local changes that lengthen anny's arms, which are some 5 % short of ISO 7250 proportions."""
NEWTON_STEPS = 12
PROBE = 0.08
LARGEST_CHANGE = 1.4
"""Bound on anny's local changes, which are drawn for -1..1 and still look natural a little beyond."""
SIZE_CHART: Mapping[str, tuple[tuple[str, float, float, float], ...]] = {
    # label, chest, waist, hip: body girths in cm, after EN 13402-3
    "woman": (
        ("XS", 80, 64, 88),
        ("S", 86, 70, 94),
        ("M", 92, 76, 100),
        ("L", 98, 83, 106),
        ("XL", 105, 91, 112),
        ("2XL", 113, 100, 119),
        ("3XL", 122, 109, 127),
        ("4XL", 132, 119, 136),
    ),
    "man": (
        ("XS", 84, 71, 87),
        ("S", 91, 78, 93),
        ("M", 98, 85, 99),
        ("L", 105, 92, 105),
        ("XL", 112, 100, 111),
        ("2XL", 120, 109, 118),
        ("3XL", 127, 117, 125),
        ("4XL", 135, 126, 132),
    ),
}


@dataclass(frozen=True)
class Sliders:
    """Build of a body without measuring it; each 0..1, 0.5 is average."""

    weight: float = 0.5
    muscle: float = 0.5
    proportions: float = 0.6
    bust: float = 0.5
    african: float = 0.34
    asian: float = 0.33
    caucasian: float = 0.33


@dataclass(frozen=True)
class Girths:
    """Tape measurements of a body, in cm."""

    chest: float
    waist: float
    hip: float


def new_model(
    *,
    model_id: str,
    name: str,
    gender: str,
    age: float,
    height_cm: float,
    girths: Girths | None = None,
    sliders: Sliders | None = None,
    skin: str = "III",
    hair: Hair | None = None,
    face: Mapping[str, float] | None = None,
    seed: int = 0,
) -> VirtualModel:
    """Describe a new adult model.

    Args:
        model_id: stable id: small letters, digits and hyphens.
        name: shown to people.
        gender: "woman" or "man".
        age: years, 18 to 75.
        height_cm: standing height, 140 to 210.
        girths: chest, waist and hip to reach; None leaves the sliders alone.
        sliders: build; the start of the search where girths are given.
        skin: tone I to VI.
        hair: style and colour; a short default otherwise.
        face: local changes of the face, as in roster.yaml.
        seed: drives skin and hair detail.
    Returns:
        A model whose measured girths are within 1.5 cm of ``girths``.
    Raises:
        ModelInvalid: something is out of range, or no adult body has these measurements.
    """
    if not name.strip():
        raise ModelInvalid("it needs a name")
    sliders = sliders or Sliders()
    _check(model_id, gender, age, height_cm, girths, sliders)
    if skin not in SKIN_TONES:
        raise ModelInvalid(f"the skin tone {skin!r} is none of {', '.join(SKIN_TONES)}")
    style = hair or Hair("long-straight" if gender == "woman" else "short-crop", (0.02, 0.011, 0.007), 30.0)
    draft = parse_model(
        model_id,
        {
            "name": name,
            "gender": gender,
            "age": age,
            "size": "M",
            "height_cm": height_cm,
            "phenotype": _phenotype(gender, age, sliders),
            "face": face or {},
            "shape": ARM_LENGTHS[gender],
            "skin": skin,
            "hair": {"style": style.style, "colour": style.colour, "length_cm": style.length_cm, "grey": style.grey},
            "seed": seed,
        },
    )
    fitted = fit_girths(draft, girths)
    return replace(fitted, size=size_label(gender, build_body(fitted).measurements))


def fit_girths(model: VirtualModel, girths: Girths | None) -> VirtualModel:
    """Change a model's build until its tape measurements match ``girths``; its natural height follows too.

    Raises:
        ModelInvalid: no body comes within 1.5 cm.
    """
    if girths is not None:
        # Beyond size L anny's muscle shapes bulge when extrapolated: a heavy body gets weight instead.
        soft = float(np.interp(girths.waist / model.height_cm, (0.47, 0.57), (0.9, 0.3)))
        weight = float(np.interp(girths.waist / model.height_cm, (0.38, 0.70), (0.2, 2.0)))
        build = {"muscle": min(model.phenotype["muscle"], soft), "weight": weight}
        model = replace(model, phenotype={**model.phenotype, **build})
    free = ("height",) if girths is None else ("height", "weight", "bust", "waist", "hips", "belly", "torso")
    start = _start(model, free)
    targets = None if girths is None else np.array([girths.chest, girths.waist, girths.hip])

    def misfit(values: FloatArray) -> FloatArray:
        trial = _with(model, dict(zip(free, values, strict=True)))
        body = build_body(trial)
        scale = [20 * np.log(body.scale)]  # 5 % of scaling weighs as much as a centimetre of girth
        if targets is None:
            return np.array(scale)
        measured = body.measurements
        girth = np.array([measured.chest, measured.waist, measured.hip]) - targets
        return np.concatenate([scale, girth, 0.4 * values[2:]])

    low = np.array([0.0 if name in {"height", "weight"} else -LARGEST_CHANGE for name in free])
    high = np.array([{"height": 1.0, "weight": HEAVIEST}.get(name, LARGEST_CHANGE) for name in free])
    values = _gauss_newton(misfit, start, low, high)
    if targets is not None:
        missed = misfit(values)[1:4]
        worst = int(np.abs(missed).argmax())
        if abs(missed[worst]) > GIRTH_TOLERANCE_CM:
            raise ModelInvalid(
                f"no body of {model.height_cm:.0f} cm has a {('chest', 'waist', 'hip')[worst]} of "
                f"{targets[worst]:.0f} cm with the other girths given"
            )
    return _with(model, dict(zip(free, np.round(values, 3).tolist(), strict=True)))


def _gauss_newton(
    misfit: Callable[[FloatArray], FloatArray], start: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Minimise by damped Gauss-Newton with finite differences; values that hit a bound stay there for the step."""
    values, error = start, misfit(start)
    for _ in range(NEWTON_STEPS):
        columns = []
        for index in range(len(values)):
            probe = values.copy()
            probe[index] += PROBE if values[index] + PROBE <= high[index] else -PROBE
            columns.append((misfit(probe) - error) / (probe[index] - values[index]))
        slope = np.stack(columns, axis=1)
        movable = np.ones(len(values), bool)
        for _ in values:
            free = slope[:, movable]
            step = np.zeros_like(values)
            step[movable] = -np.linalg.solve(free.T @ free + 1e-3 * np.eye(free.shape[1]), free.T @ error)
            stuck = (
                movable
                & ((values + step < low - 1e-9) | (values + step > high + 1e-9))
                & ((values <= low) | (values >= high))
            )
            if not stuck.any():
                break
            movable &= ~stuck
        for share in (1.0, 0.5, 0.2):  # girths jump where the fullest slice changes: shorten a step that overshoots
            trial = np.clip(values + share * step, low, high)
            trial_error = misfit(trial)
            if trial_error @ trial_error < error @ error:
                break
        else:
            return values
        values, error = trial, trial_error
        if np.abs(share * step).max() < 0.01:
            break
    return values


def size_label(gender: str, measurements: BodyMeasurements) -> str:
    """Return the label of the size chart nearest to a body (chest, waist and hip alike)."""
    chart = SIZE_CHART["man" if gender in {"man", "boy"} else "woman"]
    measured = np.array([measurements.chest, measurements.waist, measurements.hip])
    return min(chart, key=lambda row: float(np.linalg.norm(measured - row[1:])))[0]


def save_model(model: VirtualModel, settings: Settings) -> Path:
    """Write a model to the seller's folder, whole or not at all; ``load_roster`` finds it there.

    Raises:
        ModelInvalid: the model is under 18.
        OutputNotWritable: the state folder cannot be written.
    """
    if model.is_child:
        raise ModelInvalid("child models come from the roster only")
    make_home(settings.home)
    folder = settings.home / "models"
    make_folder(folder, OWNER_FOLDER)
    entry = {
        "name": model.name,
        "gender": model.gender,
        "age": model.age,
        "size": model.size,
        "height_cm": model.height_cm,
        "phenotype": dict(model.phenotype),
        "shape": dict(model.local_changes),
        "skin": list(model.skin_tone),
        "look": dict(model.look),
        "hair": {
            "style": model.hair.style,
            "colour": list(model.hair.colour),
            "length_cm": model.hair.length_cm,
            "grey": model.hair.grey,
        },
        "seed": model.seed,
    }
    path = folder / f"{model.id}.yaml"
    write_whole(path, yaml.safe_dump({model.id: entry}, sort_keys=False, allow_unicode=True).encode())
    return path


def anny_age(years: float) -> float:
    """Return anny's age value for an age in years: 1/3 is a child of 10, 2/3 a young adult, 1 is old age."""
    return float(np.interp(years, AGE_YEARS, AGE_VALUES))


AGE_YEARS = (1.0, 4.0, 10.0, 18.0, 25.0, 40.0, 60.0, 80.0)
AGE_VALUES = (0.0, 0.13, 0.32, 0.56, 0.65, 0.72, 0.84, 0.95)


@functools.cache
def _bounds() -> Mapping[str, tuple[float, float]]:
    return {**GIRTH_CM, "height": HEIGHT_CM, "age": ADULT_YEARS}


def _check(model_id: str, gender: str, age: float, height_cm: float, girths: Girths | None, sliders: Sliders) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", model_id):
        raise ModelInvalid(f"the id {model_id!r} must be small letters, digits and hyphens")
    if gender not in {"woman", "man"}:
        raise ModelInvalid(f"the gender must be woman or man, not {gender!r}; child models come from the roster only")
    values = {"age": age, "height": height_cm} | ({} if girths is None else vars(girths))
    for name, value in values.items():
        low, high = _bounds()[name]
        if not low <= value <= high:
            unit = "years" if name == "age" else "cm"
            raise ModelInvalid(f"{name} {value:g} is outside {low:g} to {high:g} {unit}")
    for name, value in vars(sliders).items():
        if not 0 <= value <= 1:
            raise ModelInvalid(f"the slider {name} {value:g} is outside 0 to 1")


def _phenotype(gender: str, age: float, sliders: Sliders) -> dict[str, float]:
    return {
        "gender": 1.0 if gender == "woman" else 0.0,
        "age": round(anny_age(age), 3),
        "muscle": sliders.muscle,
        "weight": sliders.weight,
        "height": 0.5,
        "proportions": sliders.proportions,
        "cupsize": sliders.bust,
        "firmness": 0.5,
        "african": sliders.african,
        "asian": sliders.asian,
        "caucasian": sliders.caucasian,
    }


_LOCAL = {
    "bust": "measure-bust-circ-incr",
    "waist": "measure-waist-circ-incr",
    "hips": "measure-hips-circ-incr",
    "belly": "stomach-pregnant-incr",
    "torso": "torso-scale-depth-incr",
}


def _start(model: VirtualModel, free: tuple[str, ...]) -> FloatArray:
    values = [model.local_changes.get(_LOCAL[name], 0.0) if name in _LOCAL else model.phenotype[name] for name in free]
    return np.array(values, np.float64)


def _with(model: VirtualModel, values: Mapping[str, float]) -> VirtualModel:
    local = {_LOCAL[name]: float(value) for name, value in values.items() if name in _LOCAL}
    phenotype = {name: float(value) for name, value in values.items() if name not in _LOCAL}
    return replace(
        model,
        phenotype={**model.phenotype, **phenotype},
        local_changes={**model.local_changes, **local},
    )
