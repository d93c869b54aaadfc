"""Publication of finished pictures, clips and 3D models, and their files for marketplaces."""
