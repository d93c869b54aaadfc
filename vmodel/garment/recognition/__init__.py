"""Recognition of a garment in its photo: its pixels, landmarks and kind, and how it was photographed."""
