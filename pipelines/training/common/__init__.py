"""Shared parts of all trainings: checkpoints and errors."""
