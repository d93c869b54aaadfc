"""Photos are read by few threads, and only so many wait: the other requests keep their time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from app.api.errors import Busy

T = TypeVar("T")

MOST_WAITING = 100
"""Photos that may wait for a reader; whoever comes later is asked to come back."""


class ReadingRoom:
    """A bounded pool; those who wait for it hold no thread.

    Args:
        readers: how many read at a time.
        most_waiting: how many may wait.
    """

    def __init__(self, readers: int, most_waiting: int = MOST_WAITING) -> None:
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._seats = threading.BoundedSemaphore(readers + most_waiting)

    async def do(self, work: Callable[[], T]) -> T:
        """Do some work in the room and wait for it without holding a thread.

        Raises:
            Busy: the line is full.
        """
        with self._seat():
            return await asyncio.wrap_future(self._pool.submit(work))

    def wait_for(self, work: Callable[[], T]) -> T:
        """As ``do``, for a thread that has nothing else to do.

        Raises:
            Busy: the line is full.
        """
        with self._seat():
            return self._pool.submit(work).result()

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(blocking=False):
            raise Busy
        try:
            yield
        finally:
            self._seats.release()

    def close(self) -> None:
        """Let running readings end."""
        self._pool.shutdown(wait=True, cancel_futures=True)
