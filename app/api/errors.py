"""Refusals that only a caller over HTTP can meet; each carries its status.

VModelError
└── ApiError  NotSignedIn NotPermitted CsrfMissing NotFound MethodNotAllowed BodyTooLarge BodyInvalid NotAPicture
              TooManyRequests Busy
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


class NotSignedIn(ApiError):
    """No key, or one that is unknown, revoked or expired."""

    code = "not_signed_in"
    status = 401

    def __init__(self) -> None:
        super().__init__("No valid API key came with the request; send it as `Authorization: Bearer KEY`.")


class NotPermitted(ApiError):
    """The key is valid, and not for this."""

    code = "not_permitted"
    status = 403

    def __init__(self, needed: str) -> None:
        super().__init__(f"This key may not do that; use one with {needed}.")


class CsrfMissing(ApiError):
    """A change was asked for by a cookie alone, which a foreign page can send too."""

    code = "csrf"
    status = 403

    def __init__(self) -> None:
        super().__init__("The request lacks the page's token; reload the page, or send X-CSRF-Token.")


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


class NotAPicture(ApiError):
    """The upload is of another kind than stated or allowed."""

    code = "not_a_picture"
    status = 415

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} is not a supported picture; send JPEG, PNG, WebP, HEIC or TIFF.")


class TooManyRequests(ApiError):
    """More requests than the account's rate."""

    code = "too_many_requests"
    status = 429
    retryable = True

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Too many requests; try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class Busy(ApiError):
    """Every reader is at work and the line is full."""

    code = "busy"
    status = 503
    retryable = True
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("Too many photos are being read at this moment; try again in 5 s.")
