"""Painted skin of a virtual model, and the disk cache of skins and hair."""
