"""Sewing and cloth simulation: panels become a worn garment."""
