"""Training of the network that tells light from cloth: crops, cloths, samples; README.md has the steps."""
