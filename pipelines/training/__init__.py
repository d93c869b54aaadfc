"""Recipes of the three networks and of the LoRA; the modules here are the embedded model's, apart from ``lora``."""
