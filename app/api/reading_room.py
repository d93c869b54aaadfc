"""Photos are read by few threads, and only so many wait: the other requests keep their time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.api.errors import Busy

T = TypeVar("T")
_WAITING_PER_READER = 6


class ReadingRoom:
    """A bounded pool.

    Args:
        readers: how many read at a time.
    """

    def __init__(self, readers: int) -> None:
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._seats = threading.BoundedSemaphore(readers * (1 + _WAITING_PER_READER))

    def read(self, work: Callable[[], T]) -> T:
        """Do some work in the room and wait for it; never called from the event loop.

        Raises:
            Busy: the line is full.
        """
        if not self._seats.acquire(blocking=False):
            raise Busy
        try:
            return self._pool.submit(work).result()
        finally:
            self._seats.release()

    def close(self) -> None:
        """Let running readings end."""
        self._pool.shutdown(wait=True, cancel_futures=True)
