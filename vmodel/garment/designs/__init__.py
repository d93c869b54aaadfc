"""Designs: files of a garment and a designer's choices that are shot like photos."""
