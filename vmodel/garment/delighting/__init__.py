"""Removal of light and shade from photographed cloth."""
