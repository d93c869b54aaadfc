"""Batches: a table of garments, processed by several processes, and resumed after a kill."""
