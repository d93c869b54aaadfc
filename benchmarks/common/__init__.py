"""Shared parts of the benchmarks: tables, detectors, distortions and watchers."""
