"""Policies on models: minors, consents, reservations and model cards."""
