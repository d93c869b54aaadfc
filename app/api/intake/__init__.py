"""Intake of uploaded garments and designs."""
