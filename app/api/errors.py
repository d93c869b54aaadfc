"""Refusals that only a caller over HTTP can meet; each carries its status.

VModelError
└── ApiError  NotFound MethodNotAllowed BodyTooLarge BodyInvalid Busy NotReady Leaving TooManyWatches
"""

from __future__ import annotations

from typing import ClassVar

from vmodel.errors import VModelError


class ApiError(VModelError):
    """Base of the refusals of the API.

    Attributes:
        status: of HTTP.
        retry_after_s: when another try makes sense; None if never.
    """

    code = "refused"
    status: ClassVar[int] = 400
    retry_after_s: int | None = None


class NotFound(ApiError):
    """Nothing there, or it is somebody else's: the answer does not tell which."""

    code = "not_found"
    status = 404

    def __init__(self, what: str = "page") -> None:
        super().__init__(f"No such {what}; check the address.")


class MethodNotAllowed(ApiError):
    """The address exists, for other methods."""

    code = "method_not_allowed"
    status = 405

    def __init__(self) -> None:
        super().__init__("This address does not know the method; see /v1/openapi.json.")


class BodyTooLarge(ApiError):
    """More bytes than the bound."""

    code = "body_too_large"
    status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The request is too large; send at most {limit_bytes / 1e6:g} MB.")


class BodyInvalid(ApiError):
    """The request does not have the form that the API describes."""

    code = "request_invalid"
    status = 422

    def __init__(self, reason: str) -> None:
        super().__init__(f"The request is not understood ({reason}); see /v1/openapi.json.")


class Busy(ApiError):
    """Every reader is at work and the line is full."""

    code = "busy"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("Too many photos are being read at this moment; try again in 5 s.")


class NotReady(ApiError):
    """Something the service needs does not answer."""

    code = "not_ready"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} does not answer; try again in 5 s.")


class Leaving(ApiError):
    """The process was asked to end and takes no new work."""

    code = "leaving"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("This process of the service is being stopped; try again in 5 s.")


class TooManyWatches(ApiError):
    """The account has many streams open already."""

    code = "too_many_watches"
    status = 429
    retryable = True
    retry_after_s = 30

    def __init__(self, most: int) -> None:
        super().__init__(f"You watch {most} jobs already; close a stream, or ask for the job now and then.")
