"""Sizes of garments: measured, stated by the seller, and compared with a body."""
