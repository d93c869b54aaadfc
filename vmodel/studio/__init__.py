"""Stages of the main path: read, cast, dress, generate, and what repeats them."""
