"""Queries on meshes: ray hits, signed distances and nearest places."""
