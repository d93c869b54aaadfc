"""Opaque base layer that every body wears."""
