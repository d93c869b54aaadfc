"""Training of the network that reads garment photos: labels, masks, drawn garments, views; README.md has the steps."""
