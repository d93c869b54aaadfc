"""Data of one picture: its request, its outfit, and what pipelines receive and return."""
