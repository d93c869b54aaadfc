"""Condition maps to picture: one module a pipeline."""
