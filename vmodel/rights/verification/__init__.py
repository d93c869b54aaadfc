"""Verification of pictures, and search for copies."""
