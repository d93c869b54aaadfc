"""Errors that only callers over HTTP receive, each with its status.

VModelError
└── ApiError  NotFound MethodNotAllowed BodyTooLarge BodyInvalid Busy NotReady Leaving TooManyWatches
              TooManyPages TooManyRequests TooManyConnections RequestTooSlow
"""

from __future__ import annotations

from typing import ClassVar

from vmodel.errors import VModelError


class ApiError(VModelError):
    """Base of the errors of the API.

    Attributes:
        status: of HTTP.
        retry_after_s: seconds until another try makes sense; None if never.
    """

    code = "refused"
    status: ClassVar[int] = 400
    retry_after_s: int | None = None


class NotFound(ApiError):
    """A resource that does not exist or belongs to another account: the answer does not reveal which."""

    code = "not_found"
    status = 404

    def __init__(self, what: str = "page") -> None:
        super().__init__(f"No such {what}; check the address.")


class MethodNotAllowed(ApiError):
    """An address that exists for other methods only."""

    code = "method_not_allowed"
    status = 405

    def __init__(self) -> None:
        super().__init__("This address does not know the method; see /v1/openapi.json.")


class BodyTooLarge(ApiError):
    """A request body above the size limit."""

    code = "body_too_large"
    status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The request is too large; send at most {limit_bytes / 1e6:g} MB.")


class BodyInvalid(ApiError):
    """A request that does not match the description of the API."""

    code = "request_invalid"
    status = 422

    def __init__(self, reason: str) -> None:
        super().__init__(f"The request is not understood ({reason}); see /v1/openapi.json.")


class Busy(ApiError):
    """A full reading pool: every reader is busy and the queue is full."""

    code = "busy"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("Too many photos are being read at this moment; try again in 5 s.")


class NotReady(ApiError):
    """A dependency of the service that does not answer, or takes nothing."""

    code = "not_ready"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self, what: str, reason: str = "it does not answer") -> None:
        super().__init__(f"The {what} cannot be used ({reason}); try again in 5 s.")


class Leaving(ApiError):
    """A process that was asked to stop and accepts no new work."""

    code = "leaving"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("This process of the service is being stopped; try again in 5 s.")


class TooManyWatches(ApiError):
    """An account that has too many streams open."""

    code = "too_many_watches"
    status = 429
    retryable = True
    retry_after_s = 30

    def __init__(self, most: int) -> None:
        super().__init__(f"You watch {most} jobs already; close a stream, or ask for the job now and then.")


class TooManyPages(ApiError):
    """An account that has the page open too many times."""

    code = "too_many_pages"
    status = 429
    retryable = True
    retry_after_s = 30

    def __init__(self, most: int) -> None:
        super().__init__(f"Your account has the page open {most} times already; close some of them.")


class TooManyRequests(ApiError):
    """A network with too many requests at the same time."""

    code = "too_many_requests"
    status = 429
    retryable = True
    retry_after_s = 5

    def __init__(self, most: int) -> None:
        super().__init__(f"Your network waits for {most} answers already; send fewer requests at a time.")


class TooManyConnections(ApiError):
    """A connection above the bound of the process or of its network."""

    code = "too_many_connections"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("Too many connections are open at this moment; close some of yours, or try again in 5 s.")


class RequestTooSlow(ApiError):
    """A request whose header or body does not arrive in time."""

    code = "request_too_slow"
    status = 408
    retryable = True

    def __init__(self) -> None:
        super().__init__("The request arrived too slowly; send it again over a better line, or send a smaller file.")
