"""Bounded thread pool for photo decoding, so that CPU-heavy uploads cannot starve other requests."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from app.api.http.errors import Busy

T = TypeVar("T")

MOST_WAITING = 100
"""Photos that may wait for a reader; further ones are refused with the advice to try again."""
MOST_OF_ONE = 20
"""Photos of one account in the pool at the same time, so that no account fills it alone."""


class BoundedPool:
    """Bounded thread pool with a bounded queue.

    Args:
        readers: number of threads.
        most_waiting: work items that may wait for a thread.
    """

    def __init__(self, readers: int, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._seats = readers + most_waiting
        self._taken: Counter[str] = Counter()
        self._counting = threading.Lock()

    async def run(self, account_id: str, work: Callable[[], T]) -> T:
        """Run an account's work in the pool and await it without holding a thread.

        Raises:
            Busy: the queue is full, or the account has too many photos in it.
        """
        with self._seat(account_id):
            return await asyncio.wrap_future(self._threads.submit(work))

    @contextmanager
    def _seat(self, account_id: str) -> Iterator[None]:
        with self._counting:
            if self._taken.total() >= self._seats or self._taken[account_id] >= MOST_OF_ONE:
                raise Busy
            self._taken[account_id] += 1
        try:
            yield
        finally:
            with self._counting:
                self._taken[account_id] -= 1
                if not self._taken[account_id]:
                    del self._taken[account_id]

    def close(self) -> None:
        """Wait for running work to end, and cancel waiting work."""
        self._threads.shutdown(wait=True, cancel_futures=True)
