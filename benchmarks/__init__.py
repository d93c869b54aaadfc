"""Measurements of the finished product; not part of the library."""
