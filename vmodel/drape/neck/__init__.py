"""Collars and hoods at the neck of a draped garment."""
