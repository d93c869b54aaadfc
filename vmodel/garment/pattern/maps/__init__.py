"""Maps from a fitted block to its photo, part by part."""
