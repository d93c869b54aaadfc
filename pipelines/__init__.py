"""Pipelines from condition maps to a picture, and the registry that loads them by name."""
