"""Garments in centimetres from photos that were read: a block with the photo's sizes and the photo's own cloth."""
