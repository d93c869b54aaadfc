"""Cameras: framing, close-ups, and the visible surface at every pixel."""
