"""Shoes over the feet of a body."""
