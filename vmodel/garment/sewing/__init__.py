"""Sewing patterns: pieces, seams and edges, assembled to a garment."""
