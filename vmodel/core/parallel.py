"""Parallel work on threads, with results that do not depend on their number."""

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
    """Process as many items at a time as OpenCV has threads; array and ray code releases the GIL meanwhile.

    Args:
        work: must not depend on earlier calls.
        items: consumed as they are needed.
    Yields:
        Results in the items' order; at most one more than the number of threads is kept.
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
    """Limit torch to one thread inside the block; also a decorator.

    A matrix product that is split over threads rounds differently, and cloth on a body whose last bits differ falls
    into other folds. A batch worker, which has fewer threads, would make other pictures than ``vmodel shoot``.
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
