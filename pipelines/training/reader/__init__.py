"""Training of the network that reads garment photos: labels, masks, drawn garments, augmentation; README.md is the recipe."""
