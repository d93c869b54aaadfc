"""``vmodel batch``: forecast, progress, and batches through a service."""
