"""Example flat-lays of our own making."""
