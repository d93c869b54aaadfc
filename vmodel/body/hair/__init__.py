"""Hair, brows and beard: grown at rest, then carried into a pose."""
