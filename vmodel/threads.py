"""Work on several threads, and sums that must not follow their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import cv2
import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Work on as many items at a time as OpenCV has threads; arrays and rays leave Python's lock meanwhile.

    Args:
        work: must not follow what it was called with before.
        items: taken as they are needed.
    Yields:
        Results in the items' order; at most one more than are worked on is kept.
    """
    threads = max(cv2.getNumThreads(), 1)
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[Future[Result]] = deque()
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) > threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


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
