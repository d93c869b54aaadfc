"""Admission of garments and jobs: copies, brands, logos and faces."""
