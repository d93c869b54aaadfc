"""Ledger of credits: entries, reservations, checkpoints and statements."""
