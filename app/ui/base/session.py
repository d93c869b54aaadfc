"""Visitor of the page: the login behind a cookie, and the language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from app.api.http.auth import CSRF_HEADER, HARMLESS, check_origin, cookie_name, count_request
from app.api.http.before_body import before_body
from app.api.http.state import AppState, Here
from app.ui.base.i18n import choose_language
from vmodel.service.accounts.auth import Login, find_session, verify_csrf_token
from vmodel.service.accounts.rate_limit import count_in
from vmodel.service.errors import SessionInvalid

LANGUAGE_COOKIE = "vmodel_language"


def find_login(connection: HTTPConnection, here: AppState) -> Login:
    """Return the login of a request.

    Raises:
        SessionInvalid: nobody is signed in.
    """
    cookie = connection.cookies.get(cookie_name(here.settings))
    if not cookie:
        raise SessionInvalid
    with here.database.reading() as session:
        return find_session(session, cookie)


def count_visit(connection: HTTPConnection, here: AppState, picture: bool = False, only_reads: bool = True) -> Login:
    """Return the login of a request after counting the request against the rate limit of its account.

    Args:
        connection: the request.
        here: the installation.
        picture: the request shows a picture.
        only_reads: it changes nothing, as most of what the page requests.
    Raises:
        SessionInvalid: nobody is signed in.
        RateLimited: too many requests.
    """
    login = find_login(connection, here)
    count_in(here.database, lambda session: count_request(session, here, login.identity, picture), only_reads)
    return login


def language_of(connection: HTTPConnection) -> str:
    """Return the language of the answer: chosen before, or requested by the browser."""
    return choose_language(connection.cookies.get(LANGUAGE_COOKIE), connection.headers.get("accept-language", ""))


def _visitor(request: Request, here: Here) -> Login:
    known: Login | None = request.scope["state"].get("login")
    return known or _enter(request, here, picture=False)


def _viewer(request: Request, here: Here) -> Login:
    return _enter(request, here, picture=True)


def _enter(request: Request, here: AppState, picture: bool) -> Login:
    login = count_visit(request, here, picture, request.method in HARMLESS)
    request.scope["state"].update(account_id=login.identity.account_id, login=login)
    if request.method not in HARMLESS:
        check_origin(request)
        verify_csrf_token(login, request.headers.get(CSRF_HEADER))
    return login


async def _enter_first(request: Request) -> None:
    await run_in_threadpool(_enter, request, request.app.state.installation, False)


LoginFirst = before_body(_enter_first)
"""Routes that find the login and check the page's token before they read a body."""
#: Parameters of a route for signed-in visitors only; changes need the page's CSRF token as well. Pictures that a page
#: shows, of which one view has many, have a higher rate.
Visitor = Annotated[Login, Depends(_visitor)]
Viewer = Annotated[Login, Depends(_viewer)]
