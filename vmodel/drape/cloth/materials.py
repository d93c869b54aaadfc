"""Mechanical properties of garment cloths."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from vmodel.core.files import read_own_yaml
from vmodel.errors import UnknownMaterial
from vmodel.types import Category, Garment


@dataclass(frozen=True)
class Material:
    """Mechanical properties of one cloth.

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


_TWILL: Final = Material("cotton", density=260, stretch=1500, shear=450, bend=30, friction=0.40)
"""Cotton of trousers and shorts; a shirt's cotton would lie round a bent knee in one thick fold."""


def cloth_of(garment: Garment) -> Material:
    """Return the material of a garment; cotton trousers and shorts are of twill.

    Raises:
        UnknownMaterial: the list has no such name.
    """
    is_twill = garment.material == _TWILL.name and garment.kind.category in {Category.TROUSERS, Category.SHORTS}
    return _TWILL if is_twill else load_material(garment.material)


def load_material(name: str) -> Material:
    """Return a material by name.

    Raises:
        UnknownMaterial: the list has no such name.
    """
    materials = load_materials()
    if name not in materials:
        raise UnknownMaterial(name, materials)
    return materials[name]


@functools.cache
def load_materials() -> Mapping[str, Material]:
    """Return all materials by name."""
    entries = read_own_yaml(files("vmodel.drape.cloth") / "materials.yaml")
    return {name: Material(name=name, **values) for name, values in entries.items()}
