"""Details of a garment that are measured in its photo: necks, collars, fronts, shoulders."""
