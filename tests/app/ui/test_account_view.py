"""Account view of the page in a real browser, against a running service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.ui.base.i18n import load_words
from tests.support.api_client import PASSWORD
from tests.support.browser_service import CHROMIUM, Service, serve_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install the package chromium")
WORDS, CHINESE = load_words("en")["account"], load_words("zh")["account"]
NEW = "quite another password"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Service]:
    names = ("Anna", "Bert", "Cleo")
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
