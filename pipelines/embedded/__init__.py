"""Embedded pipeline: vmodel's own small diffusion model, which lights the draft."""
