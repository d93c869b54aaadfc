"""Account view of the page in a real browser, against a running service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

from app.ui.base.i18n import load_words
from tests.support.api_client import PASSWORD
from tests.support.browser_service import CHROMIUM, Service, serve_page
from vmodel.core.database import now

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install the package chromium")
WORDS, CHINESE = load_words("en")["account"], load_words("zh")["account"]
NEW = "quite another password"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Service]:
    names = ("Anna", "Bert", "Cleo", "Dora", "Emma", "Finn")
    with serve_page(tmp_path_factory.mktemp("service"), home, names, workers=0) as running:
        yield running


def open_account(service: Service, email: str, **context: Any) -> Any:
    page = service.open_page(email, **context)
    page.click("nav [data-view=account]")
    page.wait_for_selector("#piece-account form[data-account=password]", state="visible")
    return page


def told(page: Any, sentence: str) -> None:
    """Wait until the page tells this."""
    page.locator("#notice p", has_text=sentence).wait_for()


def test_a_seller_changes_the_password_and_works_on_while_the_other_browser_is_out(service: Service) -> None:
    page, other = open_account(service, "anna@shop.example"), service.open_page("anna@shop.example")

    def change(old: str, again: str) -> None:
        for name, text in {"old": old, "new": NEW, "again": again}.items():
            page.fill(f"form[data-account=password] input[name={name}]", text)
        page.click("form[data-account=password] button")

    change(PASSWORD, "quite another passwrd")
    told(page, WORDS["differ"])
    change("not it at all", NEW)
    told(page, "The old password is wrong")
    csrf = page.get_attribute("header.top", "data-csrf")
    change(PASSWORD, NEW)
    told(page, WORDS["changed"])
    page.wait_for_function("old => document.querySelector('header.top').dataset.csrf !== old", arg=csrf)
    page.click("nav [data-view=designer]")
    with page.expect_response("**/v1/designs/preview*") as drawn:  # sends the new login's cookie and token
        page.locator("label:has(input[name=block][value=skirt])").click()
    assert drawn.value.status == 200
    other.goto(f"{service.address}/")
    other.wait_for_selector("#password")
    other.fill("#email", "anna@shop.example")
    other.fill("#password", NEW)
    other.click("button[type=submit]")
    other.wait_for_selector(".top[data-account]:not([data-account=''])")


def test_a_seller_sees_their_logins_and_ends_one_and_all_others(service: Service) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    strange = service.open_page("dora@shop.example", user_agent=firefox)
    other = service.open_page("dora@shop.example")
    page = open_account(service, "dora@shop.example")
    rows = page.locator("tr[data-login]")
    rows.nth(2).wait_for()
    assert WORDS["here"] in rows.nth(0).inner_text()
    assert "Chrome, Linux" in rows.nth(0).inner_text()
    assert "127.0.0.0/24" in rows.nth(0).inner_text()
    rows.filter(has_text="Firefox, Linux").locator("button").click()
    told(page, WORDS["over"])
    rows.nth(2).wait_for(state="detached")
    strange.reload()
    strange.wait_for_selector("#password")
    page.click("[data-account-do=end-others]")
    told(page, WORDS["others_over"])
    rows.nth(1).wait_for(state="detached")
    other.reload()
    other.wait_for_selector("#password")
    assert page.request.get(f"{service.address}/v1/account").status == 200


def rows_of_keys(page: Any) -> list[str]:
    return [row.get_attribute("data-key") for row in page.locator("tr[data-key]").all()]


def answer_of(service: Service, page: Any, token: str) -> tuple[int, str]:
    """Send a request with a key and return status and code of the answer."""
    stranger = page.context.browser.new_context()
    answer = stranger.request.get(f"{service.address}/v1/account", headers={"Authorization": f"Bearer {token}"})
    told = answer.status, answer.json().get("code", "")
    stranger.close()
    return told


def test_a_seller_makes_replaces_and_revokes_keys(service: Service) -> None:
    page = open_account(service, "bert@shop.example")
    page.on("dialog", lambda dialog: dialog.accept())
    assert page.input_value("form[data-account=key] select[name=days]") == "365"
    page.fill("form[data-account=key] input[name=name]", "stock <b>system</b>")
    page.select_option("form[data-account=key] select[name=days]", "30")
    page.click("form[data-account=key] button")
    page.wait_for_selector(".new-key", state="visible")
    old = page.inner_text(".new-key code")
    (prefix,) = rows_of_keys(page)
    assert old.startswith(prefix)
    row = page.inner_text(f"tr[data-key={prefix}]")
    assert "stock <b>system</b>" in row
    assert WORDS["unused"] in row
    assert f"{now() + timedelta(days=30):%Y-%m-%d}" in row
    assert answer_of(service, page, old) == (200, "")
    page.select_option(f"tr[data-key={prefix}] select[name=grace]", "0")
    page.click(f"tr[data-key={prefix}] form[data-account=replace] button[type=submit]")
    page.wait_for_function("old => ![old, ''].includes(document.querySelector('.new-key code')?.textContent)", arg=old)
    new = page.inner_text(".new-key code")
    assert WORDS["ended"].partition("{")[0] in page.inner_text(f"tr[data-key={prefix}]")
    assert answer_of(service, page, old) == (401, "key_expired")
    assert answer_of(service, page, new) == (200, "")
    page.click(f"tr[data-key={new[:11]}] [data-account-do=revoke]")
    told(page, WORDS["revoked"])
    page.wait_for_selector(f"tr[data-key={new[:11]}]", state="detached")
    assert answer_of(service, page, new) == (401, "key_invalid")
    page.click("nav [data-view=studio]")
    page.wait_for_selector("#view-studio", state="visible")
    page.click("nav [data-view=account]")
    page.wait_for_selector("#piece-account form[data-account=password]", state="visible")
    assert page.locator(".new-key").is_hidden()
    assert new not in page.content()


def codes_of(page: Any) -> list[str]:
    """Return the recovery codes that the page shows."""
    page.wait_for_selector(".recovery", state="visible")
    shown = page.wait_for_function("() => document.querySelector('.recovery code').textContent.trim()")
    return str(shown.json_value()).split()


def test_a_seller_turns_the_second_factor_on_signs_in_with_it_and_turns_it_off(service: Service) -> None:
    page = open_account(service, "emma@shop.example")
    assert WORDS["factor_off"] in page.inner_text("#piece-account")
    page.fill("form[data-account=factor-begin] input", PASSWORD)
    page.click("form[data-account=factor-begin] button")
    page.locator("form.factor .qr svg").wait_for()
    app = pyotp.TOTP(page.inner_text("form.factor code"))
    page.fill("form.factor input", app.at(time.time() - 30))  # so that the code of now is left to sign in with
    page.click("form.factor button")
    page.wait_for_selector("form[data-account=factor]", state="visible")
    codes = codes_of(page)
    assert len(codes) == 10

    def left(number: int) -> str:
        return str(WORDS["factor_on"].format(time=f"{now():%Y-%m-%d}", n=number))

    assert left(10) in page.inner_text("#piece-account")
    page.click("nav [data-view=studio]")
    page.click("nav [data-view=account]")
    page.wait_for_selector("form[data-account=factor]", state="visible")
    assert page.locator(".recovery").is_hidden()
    assert codes[0] not in page.content()

    other = page.context.browser.new_context(locale="en-GB").new_page()
    other.goto(f"{service.address}/")
    other.fill("#email", "emma@shop.example")
    other.fill("#password", PASSWORD)
    other.click("button[type=submit]")
    other.fill("#code", app.now())
    other.click("button[type=submit]")
    other.wait_for_selector(".top[data-account]:not([data-account=''])")

    wanted = {"old": PASSWORD, "new": NEW, "again": NEW, "code": codes[2]}
    for name, text in wanted.items():
        page.fill(f"form[data-account=password] input[name={name}]", text)
    page.click("form[data-account=password] button")
    told(page, WORDS["changed"])
    page.wait_for_function("n => document.body.innerText.includes(n)", arg=left(9))

    def send(code: str, button: str) -> None:
        page.fill("form[data-account=factor] input[name=password]", NEW)
        page.fill("form[data-account=factor] input[name=code]", code)
        page.click(f"form[data-account=factor] button[value={button}]")

    send(codes[0], "recovery-codes")
    new = codes_of(page)
    assert not set(codes) & set(new)
    send(codes[1], "removal")
    told(page, "The code is wrong")
    send(new[0], "removal")
    told(page, WORDS["factor_removed"])
    page.wait_for_selector("form[data-account=factor-begin]", state="visible")


def test_nobody_finds_anothers_choices_on_the_same_machine(service: Service) -> None:
    page, hana = service.open_page("cleo@shop.example"), "input[name=models][value=wm-hana]"
    page.locator(f"label.card:has({hana})").click()
    page.reload()
    page.wait_for_selector(f"{hana}:checked", state="attached")
    page.click("form[action='/logout'] button")
    page.fill("#email", "bert@shop.example")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".top[data-account]:not([data-account=''])")
    kept = "JSON.parse(localStorage['vmodel-studio'])"
    page.wait_for_function(f"{kept}.account === document.querySelector('header.top').dataset.account")
    assert page.evaluate(f"{kept}.order.models") == []
    assert not page.is_checked(hana)


def test_the_account_is_told_in_chinese_too(service: Service) -> None:
    page = open_account(service, "cleo@shop.example", locale="zh-CN")
    told_there = page.inner_text("#piece-account")
    for name in ("title", "password", "old", "factor", "factor_off", "api_keys", "create_key"):
        assert CHINESE[name] in told_there


def test_a_seller_sees_news_of_the_account_counted_and_marks_it_as_read(service: Service) -> None:
    page = open_account(service, "finn@shop.example")
    count = page.locator("nav [data-view=account] .count")
    count.wait_for()
    assert count.inner_text() == "1"
    line = page.locator(".notices li")
    assert "New login: browser Chrome, Linux, network 127.0.0.0/24." in line.inner_text()
    page.click("[data-account-do=read]")
    count.wait_for(state="detached")
    page.locator(".notices li:not(.unread)").wait_for()
    other = open_account(service, "finn@shop.example", locale="zh-CN")
    assert "新的登录：浏览器 Chrome, Linux，网络 127.0.0.0/24。" in other.locator(".notices li").inner_text()
    assert CHINESE["all_read"] in other.locator("#view-account").inner_text()
