"""Reading a photo: which pixels are the garment, where its landmarks are, what kind it is and how it was photographed."""
