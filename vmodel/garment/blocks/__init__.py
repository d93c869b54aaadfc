"""Blocks: garments cut by formula to the measures of a body."""
