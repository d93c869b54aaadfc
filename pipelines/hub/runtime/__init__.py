"""Shared parts of the hub's pipelines: placement, settings, batches, prompts."""
