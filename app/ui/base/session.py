"""Visitor of the page: the login behind a cookie, and the language."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from app.api.http.auth import CSRF_HEADER, cookie_name
from app.api.http.state import Here, Installation
from app.ui.base.i18n import Words, choose_language, load_words
from vmodel.service.accounts.auth import Login, check_form, find_session
from vmodel.service.errors import FormForged, SessionInvalid

LANGUAGE_COOKIE = "vmodel_language"


def find_login(connection: HTTPConnection, here: Installation) -> Login:
    """Return the login of a request.

    Raises:
        SessionInvalid: nobody is signed in.
    """
    cookie = connection.cookies.get(cookie_name(here.settings))
    if not cookie:
        raise SessionInvalid
    with here.database.reading() as session:
        return find_session(session, cookie)


def language_of(connection: HTTPConnection) -> str:
    """Return the language of the answer: chosen before, or requested by the browser."""
    return choose_language(connection.cookies.get(LANGUAGE_COOKIE), connection.headers.get("accept-language", ""))


def words_for(connection: HTTPConnection) -> Words:
    """Return every text in the language of a request."""
    return load_words(language_of(connection))


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


def _visitor(request: Request, here: Here) -> Login:
    login = find_login(request, here)
    request.scope.setdefault("state", {})["account_id"] = login.identity.account_id
    if request.method not in {"GET", "HEAD"}:
        check_origin(request)
        check_form(login, request.headers.get(CSRF_HEADER))
    return login


#: Parameter of a route for signed-in visitors only; changes need the page's CSRF token as well.
Visitor = Annotated[Login, Depends(_visitor)]
