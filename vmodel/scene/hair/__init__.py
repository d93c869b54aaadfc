"""Rendering of hair strand by strand."""
