"""Cut-out of the garment in its photo: mask and soft edge."""
