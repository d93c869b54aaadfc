"""Many garments: in a row within one process, or as a table worked off by several processes."""

from vmodel.batch.in_a_row import MakeShot, log_fault, shoot_all

__all__ = ["MakeShot", "log_fault", "shoot_all"]
