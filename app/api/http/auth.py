"""Authentication and authorisation dependencies: API key, or session cookie with CSRF token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.api.http.state import Here, Installation
from vmodel.config import Settings
from vmodel.service.accounts.auth import Identity, check_form, find_api_key, find_session, record_use
from vmodel.service.accounts.rate_limit import check_rate, counting
from vmodel.service.errors import KeyInvalid

_COOKIE = "vmodel_session"
CSRF_HEADER = "X-CSRF-Token"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_MINUTE_S = 60

_Bearer = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(
        HTTPBearer(
            auto_error=False,
            scheme_name="API key",
            description="API key, from the account page or `vmodel admin create-key`.",
        )
    ),
]


def cookie_name(settings: Settings, name: str = _COOKIE) -> str:
    """Return the name of a cookie, by default of the login's; over https one that no other host can set."""
    return f"__Host-{name}" if settings.is_https else name


def identify(request: Request, here: Installation, token: str | None) -> Identity:
    """Identify the caller of a request, and count it against the rate limit of its key or login.

    Args:
        request: for its method, cookie and address.
        here: the installation.
        token: of the Authorization header; None without one, then the session cookie is used.
    Raises:
        KeyInvalid, SessionInvalid: the key or login is not valid.
        FormForged: a change is requested by cookie without the CSRF token.
        RateLimited: too many requests.
    """
    with here.database.reading() as session:
        if token is not None:
            identity = find_api_key(session, token)
        else:
            cookie = request.cookies.get(cookie_name(here.settings))
            if cookie is None:
                raise KeyInvalid
            login = find_session(session, cookie)
            if request.method not in _HARMLESS:
                check_form(login, request.headers.get(CSRF_HEADER))
            identity = login.identity
    with counting(here.database) as session:
        record_use(session, identity)
        check_rate(session, identity.subject, here.plans.plan(identity.plan).requests_a_minute, _MINUTE_S)
    request.scope["state"]["account_id"] = identity.account_id
    return identity


def _may(scope: str) -> Callable[..., Identity]:
    def asking(request: Request, here: Here, bearer: _Bearer) -> Identity:
        identity = identify(request, here, None if bearer is None else bearer.credentials)
        identity.require(scope)
        return identity

    return asking


#: Parameters of a route: the caller, who must have the right to read, make pictures, change settings, or operate.
Reader = Annotated[Identity, Depends(_may("read"))]
Shooter = Annotated[Identity, Depends(_may("shoot"))]
Manager = Annotated[Identity, Depends(_may("manage"))]
Operator = Annotated[Identity, Depends(_may("operate"))]
