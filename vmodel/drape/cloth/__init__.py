"""Cloth: meshes of panels, rest lengths, materials and smoothing."""
