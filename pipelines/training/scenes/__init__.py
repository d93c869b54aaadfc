"""Training scenes: garment, person, light, target picture, and their store."""
