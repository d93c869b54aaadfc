"""Garments and drapes for tests: drawn, cut by formula, or broken on purpose."""
