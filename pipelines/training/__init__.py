"""Recipes that make the embedded weights."""
