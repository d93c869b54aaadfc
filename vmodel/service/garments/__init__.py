"""Sellers' garments and designs: records, recognition and previews."""
