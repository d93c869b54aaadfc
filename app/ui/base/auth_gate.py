"""Gate in front of Gradio: it admits signed-in visitors only, and only to the routes that the page needs.

Gradio shows any file of its cache to every user, so no file of a seller may ever be stored there. The gate therefore
closes its routes for uploads and downloads. Uploads go through the API, and pictures have routes of our own
(``app.ui.routes.files``).
"""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.http.auth import check_origin
from app.api.http.content_policy import hash_source, write_policy
from app.api.http.error_handlers import answer_problem
from app.api.http.errors import NotFound, TooManyPages
from app.api.http.open_limit import MOST_PAGE_STREAMS, OpenLimit
from app.api.http.state import AppState
from app.ui.base.session import count_visit
from vmodel.errors import VModelError
from vmodel.service.errors import SessionInvalid

PAGE = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-eval'",
    "style-src": f"'self' {hash_source('')}",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "frame-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Directives of Gradio's page; ``write_policy`` adds the hashes of what Gradio's template has inline.

Gradio compiles the templates of its HTML component in the browser, hence 'unsafe-eval', and gives that component an
empty style element, hence the hash of nothing. Nothing is loaded from other sites.
"""
LOGIN = "vmodel.login"
"""Key of the ASGI scope under which Gradio's handlers find the login."""
#: Gradio's own scripts, styles and texts; the same for everybody.
_PUBLIC = re.compile(r"/(assets|static|svelte)/[\w./-]+|/theme\.css|/favicon\.ico|/manifest\.json")
_PRIVATE = re.compile(
    r"/?|/config/?|/gradio_api/(info/?|startup-events|heartbeat/\w+|run/[\w-]+/?|queue/(join/?|data)|reset/?)"
)


_STREAM = re.compile(r"/gradio_api/(heartbeat/\w+|queue/data)")


class AuthGate:
    """ASGI app around a mounted Gradio.

    Args:
        app: Gradio.
        here: the installation.
        language: of this mount.
    """

    def __init__(self, app: ASGIApp, here: AppState, language: str) -> None:
        self.app, self.here, self.language = app, here, language
        self._streams = OpenLimit(MOST_PAGE_STREAMS, TooManyPages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to Gradio, or answer it with a refusal."""
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(f"/{self.language}")
        if _PUBLIC.fullmatch(path) and scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        connection, stream_of = HTTPConnection(scope), None
        try:
            if not _PRIVATE.fullmatch(path):
                raise NotFound
            login = await run_in_threadpool(count_visit, connection, self.here)
            if scope["method"] not in {"GET", "HEAD"}:
                check_origin(connection)
            if _STREAM.fullmatch(path):
                self._streams.enter(login.identity.account_id)
                stream_of = login.identity.account_id
        except VModelError as error:
            if isinstance(error, SessionInvalid) and path in {"", "/"}:
                await RedirectResponse("/login", 303)(scope, receive, send)
                return
            request_id = scope.get("state", {}).get("request_id", "")
            await answer_problem(request_id, error)(scope, receive, send)
            return
        scope[LOGIN] = login
        scope.setdefault("state", {})["account_id"] = login.identity.account_id
        if path in {"", "/"}:
            # Gradio would compress the page, and its inline scripts and styles are to be hashed.
            scope["headers"] = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
            send = _hashing(send)
        try:
            await self.app(scope, receive, _sealed(send))
        finally:
            if stream_of is not None:
                self._streams.leave(stream_of)


def _hashing(send: Send) -> Send:
    """Hold a page back until it is complete, and send it with the policy that allows its own scripts and styles."""
    held: list[Message] = []

    async def sending(message: Message) -> None:
        if message["type"] not in {"http.response.start", "http.response.body"}:
            await send(message)
            return
        held.append(message)
        if message["type"] == "http.response.start" or message.get("more_body", False):
            return
        page = b"".join(part.get("body", b"") for part in held[1:])
        MutableHeaders(scope=held[0])["Content-Security-Policy"] = write_policy(PAGE, page.decode())
        await send(held[0])
        await send({"type": "http.response.body", "body": page})

    return sending


def _sealed(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = "no-store"
        await send(message)

    return sending
