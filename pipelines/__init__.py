"""Pipelines from condition maps to a picture: one module each."""
