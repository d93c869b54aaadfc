"""Login to the page, and the exposed routes of Gradio."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.api.factory import create_app
from app.api.http.auth import PAGE_A_MINUTE
from app.api.http.state import AppState
from app.ui.base import auth_gate
from app.ui.base.i18n import load_words
from app.ui.base.templating import script_url
from app.ui.mount import mount_page
from tests.support.api_client import PASSWORD, new_account
from tests.support.browser_login import csrf_of, form_token, sign_in
from vmodel.config import Settings
from vmodel.core.database import now
from vmodel.service.accounts.auth import find_session
from vmodel.service.accounts.rate_limit import RateWindow
from vmodel.service.ledger.entries import period_of


def test_a_stranger_is_led_to_the_login(stranger: TestClient) -> None:
    assert stranger.get("/").headers["location"] == "/en/"
    assert stranger.get("/en/").headers["location"] == "/login"
    assert "Sign in" in stranger.get("/login").text


def test_the_login_speaks_the_browsers_language(stranger: TestClient) -> None:
    form = stranger.get("/login", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert 'lang="zh-CN"' in form
    assert load_words("zh")["sign_in"]["button"] in form


def test_the_login_shows_what_vmodel_does_and_leads_to_the_check_of_a_picture(stranger: TestClient) -> None:
    form = stranger.get("/login").text
    pictures = re.findall(r'<img src="([^"]+)"', form)
    assert len(pictures) == 4
    leads = re.findall(r'href="(/verify[^"]*)"', form)
    assert {stranger.get(address).status_code for address in [*pictures, *leads]} == {200}
    assert leads


def test_a_wrong_password_says_so_and_keeps_the_address(stranger: TestClient, anna_id: str) -> None:
    token = form_token(stranger)
    answer = stranger.post("/login", data={"email": "anna@shop.example", "password": "not it at all", "form": token})
    assert answer.status_code == 401
    assert "The address or the password is wrong" in answer.text
    assert 'value="anna@shop.example"' in answer.text


def test_what_was_typed_is_escaped(stranger: TestClient) -> None:
    token = form_token(stranger)
    hostile = '"><script>alert(1)</script>'
    answer = stranger.post("/login", data={"email": hostile, "password": "not it at all", "form": token})
    assert "<script>" not in answer.text


@pytest.mark.parametrize("form", ["", "x" * 43])
def test_a_login_that_another_site_sends_is_refused(stranger: TestClient, anna_id: str, form: str) -> None:
    stranger.get("/login")
    answer = stranger.post("/login", data={"email": "anna@shop.example", "password": PASSWORD, "form": form})
    assert answer.status_code == 403
    assert "vmodel_session" not in answer.headers.get("set-cookie", "")


def test_the_cookie_is_out_of_reach_of_scripts(site: FastAPI, anna_id: str) -> None:
    browser = TestClient(site, follow_redirects=False)
    token = form_token(browser)
    answer = browser.post("/login", data={"email": "anna@shop.example", "password": PASSWORD, "form": token})
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("vmodel_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_over_https_a_login_has_a_cookie_that_only_this_host_can_set(tmp_path: Path) -> None:
    site = create_app(Settings(home=tmp_path, public_url="https://shop.example"))
    mount_page(site)
    with TestClient(site, base_url="https://shop.example", follow_redirects=False) as browser:
        new_account(site.state.installation, "anna@shop.example")
        form = {"email": "anna@shop.example", "password": PASSWORD, "form": form_token(browser)}
        answer = browser.post("/login", data=form)
        cookie = next(each for each in answer.headers.get_list("set-cookie") if "_session=" in each)
        assert cookie.startswith("__Host-vmodel_session=")
        assert "Secure" in cookie
        assert browser.get("/ui/garments/none/photo").status_code == 404  # signed in
        with site.state.installation.database.transaction() as session:
            csrf = find_session(session, browser.cookies["__Host-vmodel_session"]).csrf
        gone = browser.post("/logout", data={"csrf": csrf}).headers["set-cookie"]
        assert gone.startswith("__Host-vmodel_session=")
        assert "Secure" in gone


def test_the_page_counts_what_it_is_asked(site: FastAPI, here: AppState) -> None:
    subject = f"login:{new_account(here, 'script@shop.example')}"
    browser = sign_in(site, "script@shop.example")
    statement = f"/ui/statements/{period_of(now())}.json"
    minute = int(time.time() // 60)

    def asked(requests: int, minutes: int) -> None:
        with here.database.transaction() as session:
            for each in range(minutes):
                session.merge(RateWindow(subject=subject, window=minute + each, requests=requests))

    asked(PAGE_A_MINUTE - 10, minutes=1)
    assert browser.get(statement).status_code == 200
    asked(PAGE_A_MINUTE, minutes=2)  # a minute may end while the test runs
    refused = browser.post("/en/gradio_api/run/predict", json={})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert browser.get(f"/ui/garments/{'0' * 32}/photo").status_code == 404  # pictures are counted separately


def test_an_account_has_a_bounded_number_of_pages_open(
    here: AppState, anna: TestClient, bert: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth_gate, "MOST_PAGE_STREAMS", 1)

    async def open_others(scope: Scope, receive: Receive, send: Send) -> None:
        inside = scope["path"].endswith("inner")
        browsers = [] if inside else [TestClient(guard, cookies=each.cookies) for each in (anna, bert)]
        answers = [await run_in_threadpool(each.get, "/en/gradio_api/heartbeat/inner") for each in browsers]
        await JSONResponse([answer.status_code for answer in answers])(scope, receive, send)

    guard = auth_gate.AuthGate(open_others, here, "en")
    browser = TestClient(guard, cookies=anna.cookies)
    for _ in range(2):
        assert browser.get("/en/gradio_api/heartbeat/outer").json() == [429, 200]


def test_the_page_loads_nothing_from_elsewhere(anna: TestClient) -> None:
    answer = anna.get("/en/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/passwd",
        "gradio_api/file/etc/passwd",
        "gradio_api/proxy=http://example.com/",
        "gradio_api/deep_link",
        "gradio_api/upload_progress?upload_id=1",
        "gradio_api/openapi.json",
        "monitoring",
        "login",
        "logout",
    ],
)
def test_gradios_other_doors_are_closed_also_for_sellers(anna: TestClient, path: str) -> None:
    assert anna.get(f"/en/{path}").status_code == 404


def test_no_file_gets_into_gradios_cache(anna: TestClient) -> None:
    assert anna.post("/en/gradio_api/upload", files={"files": ("a.png", b"\x89PNG", "image/png")}).status_code == 404


@pytest.mark.parametrize("path", ["config", "gradio_api/info", "gradio_api/run/predict", "gradio_api/queue/data"])
def test_nothing_of_the_page_answers_a_stranger(stranger: TestClient, path: str) -> None:
    assert stranger.get(f"/en/{path}").status_code == 401


def test_a_question_from_another_site_is_refused(anna: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert anna.post("/en/gradio_api/run/predict", json={"data": []}, headers=headers).status_code == 403
    headers = {"Origin": "https://evil.example"}
    assert anna.post("/en/gradio_api/run/predict", json={"data": []}, headers=headers).status_code == 403


def test_an_upload_needs_the_pages_token(anna: TestClient, here: AppState) -> None:
    photo = {"photo": ("a.png", b"no picture", "image/png")}
    assert anna.post("/v1/garments", files=photo).status_code == 403
    refused = anna.post("/v1/garments", files=photo, headers={"X-CSRF-Token": csrf_of(here, anna)})
    assert refused.status_code == 415
    assert refused.json()["code"] == "photo_unsupported"


@pytest.mark.parametrize(
    "told", [{"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_an_upload_from_another_site_is_refused_whatever_token_it_has(
    anna: TestClient, here: AppState, told: dict[str, str]
) -> None:
    photo, token = {"photo": ("a.png", b"no picture", "image/png")}, {"X-CSRF-Token": csrf_of(here, anna)}
    refused = anna.post("/v1/garments", files=photo, headers=token | told)
    assert (refused.status_code, refused.json()["code"]) == (403, "form_forged")
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
    assert anna.post("/v1/garments", files=photo, headers=token | ours).status_code == 415


def test_an_upload_that_is_too_large_is_cut_off(anna: TestClient, here: AppState) -> None:
    photo = {"photo": ("a.png", bytes(5_000_000), "image/png")}
    assert anna.post("/v1/garments", files=photo, headers={"X-CSRF-Token": csrf_of(here, anna)}).status_code == 413


def test_signing_out_ends_the_login(site: FastAPI, here: AppState, anna_id: str) -> None:
    browser = sign_in(site, "anna@shop.example")
    assert browser.post("/logout", data={"csrf": "guessed"}).status_code == 403
    cookie = browser.cookies["vmodel_session"]
    assert browser.post("/logout", data={"csrf": csrf_of(here, browser)}).status_code == 303
    late = TestClient(site, follow_redirects=False, cookies={"vmodel_session": cookie})
    assert late.get("/en/").headers["location"] == "/login"


def test_no_answer_allows_scripts_or_styles_that_it_did_not_bring_along(anna: TestClient, stranger: TestClient) -> None:
    pages = [
        (anna, "/en/"),
        (anna, "/zh/"),
        (anna, f"/ui/statements/{period_of(now())}.html"),
        (anna, "/v1/usage"),
        (anna, "/en/config"),
    ]
    public = ["/login", "/verify", "/licence/none", "/model/wm-ines", "/nowhere", "/", "/en/", script_url("page.js")]
    for browser, path in [*pages, *((stranger, path) for path in public)]:
        answer = browser.get(path)
        assert answer.status_code in {200, 303, 404}, path
        policy = dict(part.split(maxsplit=1) for part in answer.headers["content-security-policy"].split("; "))
        assert "'unsafe-inline'" not in str(policy), path
        assert policy["frame-ancestors"] == "'none'", path
        assert policy["default-src"] in {"'self'", "'none'"}, path
        assert not re.search(r"https?:|\*", str(policy)), path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
        shared = None if path.startswith("/v1") else "same-origin"
        assert answer.headers.get("cross-origin-resource-policy") == shared, path
        if path not in {"/en/", "/zh/"} or browser is stranger:
            assert "script-src" not in policy, path
