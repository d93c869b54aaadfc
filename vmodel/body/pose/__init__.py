"""Poses: library, translation of descriptions, joint limits, and poses from pictures."""
