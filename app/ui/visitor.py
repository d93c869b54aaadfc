"""Who looks at the page: the login behind a cookie."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from app.api.asking import COOKIE, CSRF_HEADER
from app.api.installation import Here, Installation
from app.ui.words import Words, choose_language, load_words
from vmodel.service.access import Login, check_form, find_session
from vmodel.service.errors import FormForged, SessionInvalid

LANGUAGE_COOKIE = "vmodel_language"


def find_login(connection: HTTPConnection, here: Installation) -> Login:
    """The login of a request.

    Raises:
        SessionInvalid: nobody is signed in.
    """
    cookie = connection.cookies.get(COOKIE)
    if not cookie:
        raise SessionInvalid
    with here.database.transaction() as session:
        return find_session(session, cookie)


def language_of(connection: HTTPConnection) -> str:
    """The language in which to answer, chosen before or asked for by the browser."""
    return choose_language(connection.cookies.get(LANGUAGE_COOKIE), connection.headers.get("accept-language", ""))


def words_for(connection: HTTPConnection) -> Words:
    """Every text in the language of a request."""
    return load_words(language_of(connection))


def check_origin(connection: HTTPConnection) -> None:
    """Refuse a change that a foreign page asks for.

    Raises:
        FormForged: the browser says that another site sent it.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise FormForged
        return
    # A browser that is too old to tell; a program sends neither.
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


#: Parameter of a route that only a signed-in visitor may use; changes need the page's token as well.
Visitor = Annotated[Login, Depends(_visitor)]
