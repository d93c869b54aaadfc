"""``vmodel batch``: the command, its forecast and progress, and batches through a service."""
