"""Benchmarks of published models at their true size, with random weights."""
