"""Virtual models: roster, shape, pose, skin and hair."""
