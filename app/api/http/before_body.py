"""Routes that check their caller before they read the body, which may be tens of megabytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


def before_body(check: Callable[[Request], Awaitable[Response | None]]) -> type[APIRoute]:
    """Return a class of routes that await a check first where they take a body; FastAPI reads it before dependencies.

    Args:
        check: refuses a request by raising, or by returning the answer.
    """

    class Checked(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            if self.body_field is None:
                return handle

            async def checked(request: Request) -> Response:
                refusal = await check(request)
                return await handle(request) if refusal is None else refusal

            return checked

    return Checked
