"""Limit on the event streams that each account has open."""

from __future__ import annotations

import threading
from collections import Counter

from app.api.http.errors import TooManyWatches

MOST_WATCHES = 20
"""Open streams of one account in one process."""


class Watches:
    """Counter of the open streams of each account."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, account_id: str) -> None:
        """Count one more open stream.

        Raises:
            TooManyWatches: the account has as many as allowed.
        """
        with self._lock:
            if self._open[account_id] >= MOST_WATCHES:
                raise TooManyWatches(MOST_WATCHES)
            self._open[account_id] += 1

    def leave(self, account_id: str) -> None:
        """Count one open stream less."""
        with self._lock:
            self._open[account_id] -= 1
            if not self._open[account_id]:
                del self._open[account_id]
