"""Problem documents (RFC 9457) for every failure, with a stable code; no traceback leaves the process."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.api.http.errors import ApiError, BodyInvalid, MethodNotAllowed, NotFound
from vmodel import errors

MEDIA_TYPE = "application/problem+json"
_STATUS_OF = {
    errors.PhotoTooLarge: 413,
    errors.UnsupportedPhoto: 415,
    errors.NotAllowedForChildren: 403,
    errors.InputError: 422,
    errors.StageError: 422,
    errors.SetupError: 503,
}
#: Status by stable code, for errors whose class does not determine it.
_STATUS_OF_CODE = {
    "key_expired": 401,
    "key_invalid": 401,
    "session_invalid": 401,
    "sign_in_too_long": 401,
    "wrong_password": 401,
    "credits_exhausted": 402,
    "code_needed": 403,
    "code_wrong": 403,
    "scope_missing": 403,
    "form_forged": 403,
    "old_password_wrong": 403,
    "own_password_wrong": 403,
    "garment_not_attested": 403,
    "garment_refused": 403,
    "likeness_without_consent": 403,
    "link_invalid": 404,
    "account_unknown": 404,
    "file_not_found": 404,
    "garment_unknown": 404,
    "job_not_found": 404,
    "licence_unknown": 404,
    "review_unknown": 404,
    "shot_not_found": 404,
    "webhook_unknown": 404,
    "idempotency_conflict": 409,
    "garment_in_use": 409,
    "garment_in_review": 409,
    "model_in_use": 409,
    "model_reserved": 409,
    "not_reserved": 404,
    "second_factor_off": 409,
    "second_factor_on": 409,
    "storage_full": 409,
    "too_many_keys": 409,
    "too_many_reserved": 409,
    "upload_in_use": 409,
    "daily_limit": 429,
    "rate_limited": 429,
    "no_space_left": 507,
}


class Problem(BaseModel):
    """An error, for programs (`code`) and for people (`message`)."""

    code: str = Field(description="Stable error code, the same on the command line.", examples=["not_found"])
    message: str = Field(description="What is wrong and what to do.", examples=["No such job; check the address."])
    status: int = Field(description="HTTP status.", examples=[404])
    request_id: str = Field(
        description="Id of the request; give it when you ask for help.", examples=["0199d7f0c0de7b0c8f0e"]
    )
    retryable: bool = Field(default=False, description="True if the same request may succeed later.")


def status_of(error: errors.VModelError) -> int:
    """Return the HTTP status of a failure."""
    if isinstance(error, ApiError):
        return error.status
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for kind, status in _STATUS_OF.items() if isinstance(error, kind)), 500)


def answer_problem(request_id: str, error: errors.VModelError) -> JSONResponse:
    """Return a failure as a response."""
    status = status_of(error)
    problem = Problem(
        code=error.code, message=str(error), status=status, request_id=request_id, retryable=error.retryable
    )
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(retry_after_s)))
    return JSONResponse(problem.model_dump(), status, headers, MEDIA_TYPE)


def catch_problems(app: FastAPI) -> None:
    """Register handlers that answer an app's failures as problem documents."""

    async def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.VModelError)
        return answer_problem(request_id_of(request), error)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return answer_problem(request_id_of(request), BodyInvalid(_first_fault(error)))

    async def plain(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        answer = answer_problem(request_id_of(request), _from_http(error))
        answer.headers.update({k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"})
        return answer

    app.add_exception_handler(errors.VModelError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)


def request_id_of(request: Request) -> str:
    """Return the id of a request in the log."""
    found: str = request.scope.get("state", {}).get("request_id", "")
    return found


def _from_http(error: HTTPException) -> ApiError:
    if isinstance(error.__cause__, ApiError):
        return error.__cause__
    known = {404: NotFound, 405: MethodNotAllowed}
    return known[error.status_code]() if error.status_code in known else BodyInvalid(str(error.detail))


def _first_fault(error: RequestValidationError) -> str:
    fault: dict[str, Any] = dict(error.errors()[0])
    where = ".".join(str(part) for part in fault.get("loc", ()))
    return f"{where}: {fault.get('msg', 'invalid')}"[:300]
