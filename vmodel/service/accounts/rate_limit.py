"""Rate limits in a sliding window, kept in the database so that all API processes count together."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable

import structlog
from sqlalchemy import BigInteger, Integer, String, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Database, Table
from vmodel.core.storage_faults import explain_fault
from vmodel.service.errors import RateLimited


class RateWindow(Table):
    """Requests of one subject in one window.

    Attributes:
        subject: an account's keys or logins, or an address.
        window: number of the window since 1970, of the length with which the subject is counted.
        requests: accepted so far.
    """

    __tablename__ = "rate_window"

    subject: Mapped[str] = mapped_column(String(320), primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    requests: Mapped[int] = mapped_column(Integer)


def count_in(database: Database, count: Callable[[Session], None], only_reads: bool) -> None:
    """Count a request in a transaction; what only reads is answered even if its count cannot be written now.

    That is on a full disk, or while another process writes for long. What writes waits for its count, so that nobody
    escapes the limits by keeping the database busy.

    Args:
        database: of the installation.
        count: calls ``check_rate``.
        only_reads: the request changes nothing.
    Raises:
        RateLimited: too many requests.
    """
    if not only_reads:
        with database.relaxed_transaction() as session:
            count(session)
        return
    try:
        with database.brief() as session:
            count(session)
    except SQLAlchemyError as error:
        if explain_fault(error) is None:
            raise
        structlog.get_logger().warning("request_not_counted", error=type(error).__name__)


def check_rate(session: Session, subject: str, limit: int, per_s: int, at_s: float | None = None) -> None:
    """Count one request, or reject it.

    Two fixed windows make one that slides: the previous window counts by its share that is still in reach. A rejected
    request is not counted, since its transaction is rolled back.

    Args:
        session: of an open transaction.
        subject: its requests are counted together.
        limit: requests that are accepted in ``per_s`` seconds, at least 1.
        per_s: length of the window; the same for a subject at all times.
        at_s: seconds since 1970; now by default.
    Raises:
        RateLimited: with the seconds to wait.
    """
    instant = time.time() if at_s is None else at_s
    window, passed_s = int(instant // per_s), instant % per_s
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(RateWindow).values(subject=subject, window=window, requests=1)
    counted = row.on_conflict_do_update(
        index_elements=[RateWindow.subject, RateWindow.window], set_={"requests": RateWindow.requests + 1}
    ).returning(RateWindow.requests)
    here: int = session.execute(counted).scalar_one()
    if here == 1:
        session.execute(delete(RateWindow).where(RateWindow.subject == subject, RateWindow.window < window - 1))
    before = session.scalar(
        select(RateWindow.requests).where(RateWindow.subject == subject, RateWindow.window == window - 1)
    )
    if (before or 0) * (1 - passed_s / per_s) + here > limit:
        raise RateLimited(limit, per_s, _wait_s(before or 0, here, limit, per_s, passed_s))


def uncount(session: Session, subject: str) -> None:
    """Take back the newest request of a subject that ``check_rate`` counted."""
    newest = select(RateWindow.window).where(RateWindow.subject == subject, RateWindow.requests > 0)
    found = newest.order_by(RateWindow.window.desc()).limit(1).scalar_subquery()
    counted = update(RateWindow).where(RateWindow.subject == subject, RateWindow.window == found)
    session.execute(counted.values(requests=RateWindow.requests - 1))


def network_of(address: str) -> str:
    """Return the network that counts as one caller: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:  # an IPv4 caller at a socket for both; their /64 would be one for all of them
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def forget_rates(session: Session, prefix: str, per_s: int) -> None:
    """Delete windows that no longer count.

    Args:
        session: of an open transaction.
        prefix: of the subjects; all of them are counted in windows of ``per_s``.
        per_s: length of a window.
    """
    passed = RateWindow.window < int(time.time() // per_s) - 1
    session.execute(delete(RateWindow).where(RateWindow.subject.startswith(prefix, autoescape=True), passed))


def _wait_s(before: int, here: int, limit: int, per_s: int, passed_s: float) -> int:
    # ``here`` includes the rejected request. Wait until the share of the previous window shrinks to limit - here; if
    # this window is full by itself, wait until its own share shrinks in the next window.
    if here <= limit:
        wait = per_s * (1 - (limit - here) / before) - passed_s
    else:
        wait = per_s - passed_s + per_s * (1 - (limit - 1) / (here - 1))
    return max(1, math.ceil(wait))
