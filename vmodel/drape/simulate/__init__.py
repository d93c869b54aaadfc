"""Simulation: putting on, moving into a pose, and checks of the result."""
