"""Retries of database transactions with exponential backoff, so that a restart of the database loses no work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

T = TypeVar("T")

PATIENCE_S = 600.0
_FIRST_S, _LONGEST_S = 0.1, 5.0


def retry_on_disconnect(do: Callable[[], T], for_s: float = PATIENCE_S) -> T:
    """Run database transactions, and retry them while the database is unreachable.

    Args:
        do: whole transactions; it may run several times, even after it was committed once.
        for_s: seconds after which the database's error is raised.
    """
    until, wait_s = time.monotonic() + for_s, _FIRST_S
    while True:
        try:
            return do()
        except (DBAPIError, PoolTimeout) as error:
            away = isinstance(error, OperationalError | InterfaceError | PoolTimeout) or error.connection_invalidated
            if not away or time.monotonic() + wait_s > until:
                raise
            structlog.get_logger().warning("database_away", error=type(error).__name__, again_in_s=wait_s)
        time.sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_S)
