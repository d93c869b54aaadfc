"""Sums that must not follow the number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread inside; also a decorator.

    A matrix product split over threads is rounded otherwise, and cloth draped on a body whose last bits differ falls in
    other folds: a batch's worker, which has fewer threads, would make other pictures than ``vmodel shoot``.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
