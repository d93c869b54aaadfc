"""Authentication and authorisation dependencies: API key, or session cookie with CSRF token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from app.api.http.before_body import before_body
from app.api.http.state import AppState, Here
from vmodel.config import Settings
from vmodel.service.accounts.auth import (
    LOGIN_DAYS,
    Identity,
    Login,
    find_api_key,
    find_session,
    record_use,
    verify_csrf_token,
)
from vmodel.service.accounts.rate_limit import check_rate, count_in
from vmodel.service.errors import FormForged, KeyInvalid

_COOKIE = "vmodel_session"
CSRF_HEADER = "X-CSRF-Token"
HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods of requests that change nothing."""
_MINUTE_S, _DAY_S = 60, 86_400
PAGE_A_MINUTE = 600
"""Requests that the page may send for one account, unless its plan allows more; a page that waits for pictures polls
40 times a minute."""
PICTURES_A_MINUTE = 3000
"""Pictures that the page may show to one account; one view of it has up to a few hundred."""

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="API key, from the account page or `vmodel admin create-key`.",
)
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


def cookie_name(settings: Settings, name: str = _COOKIE) -> str:
    """Return the name of a cookie, by default of the login's; over https one that no other host can set."""
    return f"__Host-{name}" if settings.is_https else name


def keep_cookie(request: Request, here: AppState, answer: Response, name: str, value: str, max_age_s: int) -> None:
    """Set a cookie in an answer, out of reach of scripts and of other sites."""
    secure = here.settings.is_https or request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=max_age_s, httponly=True, secure=secure, samesite="lax", path="/")


def keep_login(request: Request, here: AppState, answer: Response, login: Login) -> None:
    """Set the cookie of a new login in an answer."""
    keep_cookie(request, here, answer, cookie_name(here.settings), login.token, LOGIN_DAYS * _DAY_S)


def origin_of(request: Request) -> str:
    """Return the network address of the caller; empty if it is not known."""
    return request.client.host if request.client else ""


def agent_of(request: Request) -> str:
    """Return what the caller's browser calls itself."""
    return request.headers.get("user-agent", "")


def check_origin(connection: HTTPConnection) -> None:
    """Refuse a change that a foreign page requests (CSRF).

    Raises:
        FormForged: the browser says that another site sent it.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise FormForged
        return
    # Old browsers do not send Sec-Fetch-Site; programs send neither header.
    origin = connection.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        raise FormForged


def identify(request: Request, here: AppState, token: str | None) -> Identity:
    """Identify the caller of a request, and count it against the rate limit of its account.

    Args:
        request: for its method, cookie and address.
        here: the installation.
        token: of the Authorization header; None without one, then the session cookie is used.
    Raises:
        KeyInvalid, SessionInvalid: the key or login is not valid.
        FormForged: a change is requested by cookie without the CSRF token, or from another site.
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
            if request.method not in HARMLESS:
                check_origin(request)
                verify_csrf_token(login, request.headers.get(CSRF_HEADER))
            identity = login.identity

    def count(session: Session) -> None:
        record_use(session, identity)
        count_request(session, here, identity)

    count_in(here.database, count, request.method in HARMLESS)
    request.scope["state"].update(account_id=identity.account_id, identity=identity)
    return identity


async def _identify_first(request: Request) -> None:
    bearer = await _BEARER(request)
    token = None if bearer is None else bearer.credentials
    await run_in_threadpool(identify, request, request.app.state.installation, token)


KeyFirst = before_body(_identify_first)
"""Routes that identify the caller before they read a body, so that nobody without a key uploads anything."""


def count_request(session: Session, here: AppState, identity: Identity, picture: bool = False) -> None:
    """Count a request against the rate limit of its account: all its keys together, and all its logins together.

    Logins have a rate of their own, so that a program with a key never locks the owner out of the page.

    Args:
        session: of an open transaction.
        here: the installation.
        identity: the caller.
        picture: a picture that the page shows; these are counted separately, since one view has many.
    Raises:
        RateLimited: too many requests.
    """
    limit = here.plans.plan(identity.plan).requests_a_minute
    kind = identity.subject.partition(":")[0]
    if kind == "login":
        kind, limit = ("picture", PICTURES_A_MINUTE) if picture else ("login", max(limit, PAGE_A_MINUTE))
    check_rate(session, f"{kind}:{identity.account_id}", limit, _MINUTE_S)


def _may(scope: str) -> Callable[..., Identity]:
    def asking(request: Request, here: Here, bearer: _Bearer) -> Identity:
        known: Identity | None = request.scope["state"].get("identity")
        identity = known or identify(request, here, None if bearer is None else bearer.credentials)
        identity.require(scope)
        return identity

    return asking


#: Parameters of a route: the caller, who must have the right to read, make pictures, change settings, or operate.
Reader = Annotated[Identity, Depends(_may("read"))]
Shooter = Annotated[Identity, Depends(_may("shoot"))]
Manager = Annotated[Identity, Depends(_may("manage"))]
Operator = Annotated[Identity, Depends(_may("operate"))]
