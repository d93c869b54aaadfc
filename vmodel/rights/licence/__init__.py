"""Licence certificates of pictures."""
