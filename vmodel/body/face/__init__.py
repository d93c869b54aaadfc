"""Faces: their free values, eyes, gaze, eyelids and skin."""
