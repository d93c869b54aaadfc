"""Wardrobe of our own: plain pieces that complete a picture where the garment on sale covers one half."""
