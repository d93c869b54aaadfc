"""Virtual models: the bundled roster and the seller's own, read from YAML."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from vmodel.config import Settings
from vmodel.core.files import read_own_yaml
from vmodel.errors import ModelInvalid, UnknownModel
from vmodel.types import Hair, VirtualModel

SKIN_TONES: Mapping[str, tuple[float, float, float]] = {
    "I": (0.65, 0.44, 0.345),
    "II": (0.57, 0.36, 0.26),
    "III": (0.47, 0.275, 0.18),
    "IV": (0.33, 0.175, 0.102),
    "V": (0.185, 0.088, 0.048),
    "VI": (0.092, 0.042, 0.024),
}
"""Linear-light albedo of the six tones (lightest to darkest) that roster entries name."""

HAIR_STYLES = (
    "bald",
    "buzz",
    "short-crop",
    "side-part",
    "pixie",
    "curly-short",
    "afro",
    "bob",
    "fringe-bob",
    "shoulder-length",
    "long-straight",
    "long-wavy",
    "ponytail",
    "bun",
    "braids",
)
GENDERS = ("woman", "man", "girl", "boy")


class Roster(Mapping[str, VirtualModel]):
    """Virtual models by id, in the order of the files; an unknown id raises ``UnknownModel``."""

    def __init__(self, models: Mapping[str, VirtualModel]) -> None:
        self._models = dict(models)

    def __getitem__(self, model_id: str) -> VirtualModel:
        try:
            return self._models[model_id]
        except KeyError:
            raise UnknownModel(model_id) from None

    def __contains__(self, model_id: object) -> bool:
        return model_id in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)


def load_roster(settings: Settings) -> Roster:
    """Load the bundled models, then the seller's own from ``settings.home/models/*.yaml``.

    Raises:
        ModelInvalid: a seller's file is not a model, is under 18, or takes an id that is in use.
    """
    models = dict(_bundled())
    for path in sorted((settings.home / "models").glob("*.yaml")):
        for model in _read_own(path):
            if model.id in models:
                raise ModelInvalid(f"{path.name} takes the id {model.id!r}, which is in use")
            models[model.id] = model
    return Roster(models)


@functools.cache
def _bundled() -> Mapping[str, VirtualModel]:
    entries = read_own_yaml(files("vmodel.body.model") / "roster.yaml")
    return {model_id: parse_model(model_id, entry) for model_id, entry in entries.items()}


def _read_own(path: Path) -> list[VirtualModel]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        own = [parse_model(str(model_id), entry) for model_id, entry in dict(entries).items()]
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise ModelInvalid(f"{path.name} is not a model file ({type(error).__name__})") from error
    for model in own:
        if model.is_child:
            raise ModelInvalid(f"{path.name} describes {model.id!r} under 18; child models come from the roster only")
    return own


def parse_model(model_id: str, entry: Mapping[str, Any]) -> VirtualModel:
    """Read one roster entry.

    Args:
        model_id: stable id.
        entry: the fields of ``VirtualModel``; ``skin`` names a tone of ``SKIN_TONES`` or gives three linear numbers;
            ``face`` and ``shape`` are anny's local changes, where a name without ``l-``/``r-`` moves both sides.
    Raises:
        ModelInvalid: a field is missing, unknown or out of range.
    """
    try:
        model = VirtualModel(
            id=model_id,
            name=str(entry["name"]),
            gender=str(entry["gender"]),
            age=float(entry["age"]),
            size=str(entry["size"]),
            height_cm=float(entry["height_cm"]),
            phenotype={key: float(value) for key, value in entry["phenotype"].items()},
            local_changes=both_sides({**entry.get("face", {}), **entry.get("shape", {})}),
            skin_tone=_skin_tone(entry["skin"]),
            look=dict(entry.get("look", {})),
            hair=_hair(entry["hair"]),
            seed=int(entry["seed"]),
            expression=_both_corners(entry.get("expression", {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelInvalid(f"{model_id} lacks or misstates {error}") from error
    if model.gender not in GENDERS:
        raise ModelInvalid(f"{model_id} has the unknown gender {model.gender!r}")
    if model.is_child != (model.gender in {"girl", "boy"}):
        raise ModelInvalid(f"{model_id} is {model.age:.0f} years old and cannot be a {model.gender}")
    return model


def both_sides(changes: Mapping[str, float]) -> dict[str, float]:
    """Expand names like ``cheek-bones-incr`` to ``l-cheek-bones-incr`` and ``r-cheek-bones-incr``.

    Raises:
        ValueError: no local change of anny has the name.
    """
    expanded: dict[str, float] = {}
    for name, amount in changes.items():
        if name.startswith(PAIRED) and not name.startswith("eyebrows"):
            expanded[f"l-{name}"] = expanded[f"r-{name}"] = float(amount)
        else:
            expanded[name] = float(amount)
    return expanded


PAIRED = ("cheek-", "ear-", "eye-", "foot-", "hand-", "lowerarm-", "upperarm-", "lowerleg-", "upperleg-")
"""Beginnings of the local changes that anny has once for each side."""


def _both_corners(actions: Mapping[str, float]) -> dict[str, float]:
    """Expand a facial action like ``mouthSmile`` to its left and right half, unless it has no halves."""
    whole = {name: float(amount) for name, amount in actions.items() if name in UNPAIRED_ACTIONS}
    halves = {f"{name}{side}": float(actions[name]) for name in actions if name not in whole for side in SIDES}
    return whole | halves


SIDES = ("Left", "Right")
UNPAIRED_ACTIONS = ("browInnerUp", "cheekPuff", "jawForward", "jawOpen", "mouthClose", "mouthPucker", "mouthRollLower")


def _skin_tone(skin: Any) -> tuple[float, float, float]:
    if isinstance(skin, str):
        return SKIN_TONES[skin]
    red, green, blue = (float(value) for value in skin)
    return red, green, blue


def _hair(entry: Mapping[str, Any]) -> Hair:
    red, green, blue = (float(value) for value in entry["colour"])
    if entry["style"] not in HAIR_STYLES:
        raise ModelInvalid(f"the hair style {entry['style']!r} is none of {', '.join(HAIR_STYLES)}")
    return Hair(
        style=str(entry["style"]),
        colour=(red, green, blue),
        length_cm=float(entry.get("length_cm", 0.0)),
        grey=float(entry.get("grey", 0.0)),
    )
