"""Sewing and simulating: a garment in centimetres becomes cloth on a posed body."""

from vmodel.drape.cloth.materials import Material, load_material, load_materials
from vmodel.drape.outfit.sequence import drape_outfit
from vmodel.drape.simulate.drape import drape
from vmodel.drape.simulate.put_on import DrapeSettings

__all__ = ["DrapeSettings", "Material", "drape", "drape_outfit", "load_material", "load_materials"]
