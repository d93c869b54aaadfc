"""Meshes of a scene: body, cloth, hems, hair ribbons, props and rays."""
