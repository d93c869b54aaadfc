"""ASGI middleware: request ID, body size limit, security headers, access log, metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.http.content_policy import write_policy
from app.api.http.error_handlers import answer_problem
from app.api.http.errors import ApiError, BodyInvalid, BodyTooLarge, NotFound, TooManyRequests
from app.api.http.metrics import HttpFigures
from app.api.http.open_limit import MOST_REQUESTS, OpenLimit
from vmodel.config import Settings
from vmodel.core.database import new_id
from vmodel.core.storage_faults import explain_fault
from vmodel.core.texts import UNSTORABLE
from vmodel.errors import VModelError
from vmodel.service.accounts.rate_limit import network_of

JSON_BYTES = 1_000_000
"""Size limit of a request body that is not an upload."""
SIGNED = "/v1/files/{token}"
#: Bytes allowed for form fields and for the boundaries between the parts of an upload.
_AROUND_UPLOAD = 100_000
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": write_policy(),
}
_ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
_log = structlog.get_logger("vmodel.access")


class InternalFault(VModelError):
    """A fault of the program; its details are in the log only."""

    code = "internal"
    retryable = True


@dataclass
class _Exchange:
    """State of one request in progress."""

    scope: Scope
    request_id: str
    started_s: float
    status: int = 0


class RequestMiddleware:
    """ASGI middleware around the whole app.

    Args:
        app: the wrapped app.
        settings: for the size limit of uploads.
        figures: records requests and their durations.
        report_fault: stores the traceback of a fault and returns where.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, figures: HttpFigures, report_fault: Callable[[Exception], str]
    ) -> None:
        self.app, self.settings, self.figures, self.report_fault = app, settings, figures, report_fault
        self._unanswered = OpenLimit(MOST_REQUESTS, TooManyRequests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; turn an unexpected exception of the app into a problem document."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, _request_id(Headers(scope=scope)), time.perf_counter())
        scope.setdefault("state", {})["request_id"] = exchange.request_id
        sending = _sending(exchange, send, _HEADERS | _ONLY_HTTPS if self.settings.is_https else _HEADERS)
        network = network_of((scope.get("client") or ("",))[0])
        try:
            _check(scope)
            self._unanswered.enter(network)
        except ApiError as refusal:
            answer = answer_problem(exchange.request_id, refusal)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, sending)
            self._record(exchange)
            return
        try:
            await self.app(scope, self._receiving(scope, receive), sending)
        except Exception as error:
            _log.error("fault", request_id=exchange.request_id, where=self.report_fault(error))
            if exchange.status == 0:
                fault = InternalFault("Something went wrong inside vmodel; try again, and report the request id.")
                await answer_problem(exchange.request_id, explain_fault(error) or fault)(scope, receive, sending)
        finally:
            self._unanswered.leave(network)
            self._record(exchange)

    def _receiving(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self.settings.max_upload_bytes + _AROUND_UPLOAD if is_upload else JSON_BYTES
        stated = headers.get("content-length", "")
        received = 0

        async def bounded() -> Message:
            nonlocal received
            if stated.isdigit() and int(stated) > limit:
                raise _too_large(limit)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        return bounded

    def _record(self, exchange: _Exchange) -> None:
        took_s = time.perf_counter() - exchange.started_s
        route = getattr(exchange.scope.get("route"), "path", "other")
        method = exchange.scope["method"]
        self.figures.record(method, route, exchange.status, took_s)
        _log.info(
            "request",
            request_id=exchange.request_id,
            method=method,
            # A signed link works as a key for one to two hours, so it must not be logged.
            path=route if route == SIGNED else exchange.scope["path"],
            status=exchange.status,
            ms=round(took_s * 1000, 1),
            account=exchange.scope.get("state", {}).get("account_id"),
            client=(exchange.scope.get("client") or ("",))[0],
        )


def _sending(exchange: _Exchange, send: Send, always: Mapping[str, str]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = exchange.request_id
            for name, value in always.items():
                headers.setdefault(name, value)
            if exchange.scope["path"].startswith("/v1"):
                headers.setdefault("Cache-Control", "no-store")
            else:  # pictures behind the API's signed links may be shown on other sites
                headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        await send(message)

    return sending


def _check(scope: Scope) -> None:
    """Refuse a NUL in path or query, which names nothing and breaks databases, and a body of two lengths, of which a
    proxy may believe the other one: its rest would count as a further request."""
    headers = Headers(scope=scope)
    if "content-length" in headers and "transfer-encoding" in headers:
        raise BodyInvalid("it has both Content-Length and Transfer-Encoding")
    if UNSTORABLE.search(scope["path"]):
        raise NotFound()
    if b"%00" in scope["query_string"]:
        raise BodyInvalid("the query holds a NUL character")


def _too_large(limit: int) -> HTTPException:
    # While FastAPI reads a body, it passes only its own exceptions on.
    refusal = HTTPException(413)
    refusal.__cause__ = BodyTooLarge(limit)
    return refusal


def _request_id(headers: Headers) -> str:
    """Return the caller's own id if it is a plain word, so that both logs can be joined; otherwise a new one."""
    given = headers.get("x-request-id", "")
    return given if re.fullmatch(r"[A-Za-z0-9_-]{8,64}", given) else new_id()
