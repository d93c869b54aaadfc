"""Batches of many garments: in a row within one process, or as a table processed by several processes."""

from vmodel.batch.in_a_row import shoot_all

__all__ = ["shoot_all"]
