"""Reading a photo: which pixels are the garment, its landmarks, its kind, and how it was photographed."""
