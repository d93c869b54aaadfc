"""Synthetic garments: drawn with exact labels for kinds that photos lack."""
