"""Placement of a garment round the body before the simulation, and where it is held."""
