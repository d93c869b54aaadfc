"""Pipelines whose weights are published by others and pulled by ``vmodel weights``."""
