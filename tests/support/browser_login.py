"""Sign-in to the page for tests."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.http.state import AppState
from tests.support.api_client import PASSWORD
from vmodel.service.accounts.auth import find_session


def sign_in(site: FastAPI, email: str) -> TestClient:
    """Sign in by the form and return the browser."""
    browser = TestClient(site, follow_redirects=False)
    token = form_token(browser)
    answer = browser.post("/login", data={"email": email, "password": PASSWORD, "form": token})
    assert answer.status_code == 303, answer.text
    return browser


def form_token(browser: TestClient) -> str:
    """Return the token of the login form."""
    return browser.get("/login").text.split('name="form" value="')[1].split('"')[0]


def csrf_of(here: AppState, browser: TestClient) -> str:
    """Return the token that the page's script sends with changes."""
    with here.database.transaction() as session:
        return find_session(session, browser.cookies["vmodel_session"]).csrf
