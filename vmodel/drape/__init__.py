"""Sewing and simulating: a garment in centimetres becomes cloth on a posed body."""

from vmodel.drape.dress import DrapeSettings
from vmodel.drape.materials import Material, load_material, load_materials
from vmodel.drape.outfit import drape_outfit
from vmodel.drape.worn import drape

__all__ = ["DrapeSettings", "Material", "drape", "drape_outfit", "load_material", "load_materials"]
