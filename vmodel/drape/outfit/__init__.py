"""Several garments on one body."""
