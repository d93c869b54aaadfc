"""Pipelines of published models, one module each."""
