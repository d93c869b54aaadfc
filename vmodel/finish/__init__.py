"""Finish: the photo's own pixels on the garment of a generated picture."""
