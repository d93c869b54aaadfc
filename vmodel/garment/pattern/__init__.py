"""Garments in centimetres from photos that were read: a block with the photo's sizes and the photo's own cloth.

These patterns are fitted to a photo; sewing patterns that a designer uploads are in ``sewing`` and ``designs``.
"""
