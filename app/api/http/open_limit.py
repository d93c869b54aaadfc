"""Limit on what each account or network has open at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from app.api.http.errors import ApiError

MOST_WATCHES = 20
"""Open event streams of one account in one process."""
MOST_PAGE_STREAMS = 100
"""Open streams of one account's pages in one process; each page that is open in a browser has one."""
MOST_REQUESTS = 300
"""Unanswered requests of one network in one process."""


class OpenLimit:
    """Counter of what is open, by owner.

    Args:
        most: that each owner may have open.
        refusal: makes the error for an owner who has as many.
    """

    def __init__(self, most: int, refusal: Callable[[int], ApiError]) -> None:
        self._most, self._refusal = most, refusal
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, owner: str) -> None:
        """Count one more.

        Raises:
            ApiError: the owner has as many as allowed.
        """
        with self._lock:
            if self._open[owner] >= self._most:
                raise self._refusal(self._most)
            self._open[owner] += 1

    def leave(self, owner: str) -> None:
        """Count one less."""
        with self._lock:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]
