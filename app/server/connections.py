"""Connections of the service: bounded in number, and ended where a caller neither sends nor receives."""

from __future__ import annotations

import asyncio
import ipaddress
import resource
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.api.http.error_handlers import answer_problem
from app.api.http.errors import ApiError, RequestTooSlow, TooManyConnections
from app.api.http.open_limit import MOST_REQUESTS
from vmodel.core.database import new_id
from vmodel.service.accounts.rate_limit import network_of

_MOST = 1000
_log = structlog.get_logger("vmodel.access")


def _most_connections() -> int:
    """Return half the files that the process may open, so that files and the database have the rest."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else min(_MOST, soft // 2)


@dataclass
class ConnectionLimits:
    """Limits of one process, and the connections that it has open.

    Attributes:
        proxies: networks whose connections carry many callers; only ``most`` bounds them.
        most: open connections in all.
        most_of_network: open connections of one network.
        header_s: seconds in which a request must have begun, and in which its header must then have arrived.
        body_s: seconds that a body may wait in all, longer by one second for each ``bytes_a_second`` received.
        answer_s: seconds in which the caller must have taken something of an answer that waits.
        spare_s, spare_bytes: of a refused body that is read to no purpose, so that the caller gets to see the answer.
    """

    proxies: tuple[str, ...] = ()
    most: int = field(default_factory=_most_connections)
    most_of_network: int = MOST_REQUESTS
    header_s: float = 15.0
    body_s: float = 20.0
    bytes_a_second: int = 16_000
    answer_s: float = 60.0
    spare_s: float = 5.0
    spare_bytes: int = 1_000_000
    _open: Counter[str] = field(default_factory=Counter, init=False)

    def enter(self, address: str) -> bool:
        """Count one more connection of an address; return False where there are as many as allowed."""
        network = network_of(address)
        is_full = self._open.total() >= self.most or (
            self._open[network] >= self.most_of_network and not self._is_proxy(address)
        )
        if not is_full:
            self._open[network] += 1
        return not is_full

    def leave(self, address: str) -> None:
        """Count one connection of an address less."""
        network = network_of(address)
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in ipaddress.ip_network(each) for each in self.proxies)


def bounded_protocol(limits: ConnectionLimits) -> type[H11Protocol]:
    """Return the protocol class of a server with these limits."""

    class Bounded(_BoundedProtocol):
        _limits = limits

    return Bounded


class _BoundedProtocol(H11Protocol):
    """uvicorn's protocol, which has no time limit but for an idle connection that was answered before."""

    _limits: ClassVar[ConnectionLimits]
    _address = ""
    _is_counted = False
    _timer: asyncio.TimerHandle | None = None
    _waited_s = 0.0
    _received = 0
    _unsent = 0
    _unsent_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._is_counted = self._limits.enter(self._address)
        if not self._is_counted:
            self._refuse(TooManyConnections())
            return
        self._tick_s = min(1.0, self._limits.header_s / 4)
        self._timer = self.loop.call_later(self._tick_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_counted:
            self._limits.leave(self._address)
            self._is_counted = False
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        before = self.conn.their_state
        super().data_received(data)
        # The time for a header starts with its first byte, so that a kept connection may be used again at any time.
        if self.conn.their_state is not before or not self._received:
            self._begin_waiting()
        self._received += len(data)
        if self._is_answered and self.conn.their_state is h11.SEND_BODY and self._received > self._limits.spare_bytes:
            self.transport.close()

    def on_response_complete(self) -> None:
        self._begin_waiting()
        super().on_response_complete()

    @property
    def _is_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def _begin_waiting(self) -> None:
        self._waited_s, self._received = 0.0, 0

    def _look(self) -> None:
        """Count what the caller lets the service wait for, and end the connection when it is too much."""
        limits, state = self._limits, self.conn.their_state
        self._timer = self.loop.call_later(self._tick_s, self._look)
        unsent = self.transport.get_write_buffer_size()
        self._unsent_s = self._unsent_s + self._tick_s if unsent and unsent == self._unsent else 0.0
        self._unsent = unsent
        if self._unsent_s > limits.answer_s:
            self.transport.abort()
            return
        if self.transport.is_closing() or state not in {h11.IDLE, h11.SEND_BODY} or self.flow.read_paused:
            return
        self._waited_s += self._tick_s
        if state is h11.IDLE:
            if self._waited_s > limits.header_s:
                self._refuse(RequestTooSlow())
        elif self._is_answered:
            if self._waited_s > limits.spare_s:
                self.transport.close()
        elif self._waited_s > limits.body_s + self._received / limits.bytes_a_second:
            if self.cycle.response_started:
                self.transport.close()
            else:
                self._refuse(RequestTooSlow())

    def _refuse(self, error: ApiError) -> None:
        request_id = new_id()
        _log.info("refused", request_id=request_id, code=error.code, client=self._address)
        answer = answer_problem(request_id, error)
        answer.headers["Connection"] = "close"
        lines = [b"HTTP/1.1 %d Refused" % answer.status_code, *(b": ".join(each) for each in answer.raw_headers)]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + bytes(answer.body))
        self.transport.close()
