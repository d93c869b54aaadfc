"""Cloth solver: its loop, its kernels and the body's collision pieces."""
