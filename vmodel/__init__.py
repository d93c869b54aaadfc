"""vmodel: one flat-lay photo becomes photographs of a virtual model wearing the garment."""
