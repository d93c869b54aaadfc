"""Mechanical properties of garment cloths."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml

from vmodel.errors import UnknownMaterial


@dataclass(frozen=True)
class Material:
    """How one cloth moves.

    Attributes:
        density: g/m2.
        stretch: N/m along the threads, for a strip as wide as it is long.
        shear: N/m on the bias.
        bend: bending rigidity in micro-newton metres.
        friction: Coulomb coefficient against skin, 0..1.
    """

    name: str
    density: float
    stretch: float
    shear: float
    bend: float
    friction: float


def load_material(name: str) -> Material:
    """A material by name.

    Raises:
        UnknownMaterial: the list has no such name.
    """
    materials = load_materials()
    if name not in materials:
        raise UnknownMaterial(name, materials)
    return materials[name]


@functools.cache
def load_materials() -> Mapping[str, Material]:
    """All materials by name."""
    entries = yaml.safe_load((files("vmodel.drape") / "materials.yaml").read_text(encoding="utf-8"))
    return {name: Material(name=name, **values) for name, values in entries.items()}
