"""Layers that are fitted last, on the reader's encoder as it is, with their labels."""
