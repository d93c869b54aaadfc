"""Benchmarks of the service: load, crashes, fairness and the ledger."""
