"""Photos are read by few threads, and only so many wait: the other requests keep their time."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from app.api.errors import Busy

T = TypeVar("T")

MOST_WAITING = 100
"""Photos that may wait for a reader; whoever comes later is asked to come back."""
MOST_OF_ONE = 20
"""Photos of one account in the room, so that nobody fills it alone."""


class ReadingRoom:
    """A bounded pool; those who wait for it hold no thread.

    Args:
        readers: how many read at a time.
        most_waiting: how many may wait.
    """

    def __init__(self, readers: int, most_waiting: int = MOST_WAITING) -> None:
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._seats = readers + most_waiting
        self._taken: Counter[str] = Counter()
        self._counting = threading.Lock()

    async def do(self, account_id: str, work: Callable[[], T]) -> T:
        """Do some work of an account in the room and wait for it without holding a thread.

        Raises:
            Busy: the line is full, or the account has many photos in it.
        """
        with self._seat(account_id):
            return await asyncio.wrap_future(self._pool.submit(work))

    def wait_for(self, account_id: str, work: Callable[[], T]) -> T:
        """As ``do``, for a thread that has nothing else to do.

        Raises:
            Busy: the line is full, or the account has many photos in it.
        """
        with self._seat(account_id):
            return self._pool.submit(work).result()

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
        """Let running readings end."""
        self._pool.shutdown(wait=True, cancel_futures=True)
