"""File formats of sewing patterns: SVG, DXF and GarmentCode."""
