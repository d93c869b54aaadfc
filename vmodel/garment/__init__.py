"""Garments in centimetres: from photos, technical drawings, formulas and sewing patterns."""
