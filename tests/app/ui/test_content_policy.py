"""Content security policy: the pages work under it in a real browser, and what is slipped into them does not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser_service import CHROMIUM, Service, serve_page
from vmodel.core.database import now
from vmodel.service.ledger.entries import period_of

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install the package chromium")
STATEMENT = f"/ui/statements/{period_of(now())}.html"
SLIPPED_IN = {
    "a handler": """put('<img src="/ui/none" onerror="window.ran = true">')""",
    "a script": "add('script', {text: 'window.ran = true'})",
    "a link": """put('<a id="bad" href="javascript:window.ran = true">'); document.querySelector('#bad').click()""",
    "another site's script": "add('script', {src: 'https://evil.example/a.js'})",
    "another site's picture": """put('<img src="https://evil.example/a.png">')""",
    "a frame": """put('<iframe src="https://evil.example/"></iframe>')""",
    "a style": "put('<style>header { display: none }</style>')",
}
"""What slipped in -> program that slips it into the page."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Service]:
    with serve_page(tmp_path_factory.mktemp("service"), home, ("Anna",), workers=0) as running:
        yield running


@pytest.fixture(scope="module")
def anna_page(service: Service) -> Any:
    return service.open_page("anna@shop.example")


def test_every_view_and_page_works_without_a_violation(service: Service, anna_page: Any) -> None:
    styled = "getComputedStyle(document.querySelector('{}')).{}"
    for view in ("designer", "pictures", "usage", "account", "studio"):
        anna_page.click(f"nav [data-view={view}]")
        anna_page.wait_for_selector(f"#view-{view}", state="visible")
    skin = anna_page.evaluate("document.querySelector('.tones [data-style]').dataset.style.split('#')[1]")
    shown = anna_page.evaluate(styled.format(".tones [data-style]", "backgroundColor"))
    assert shown == f"rgb({', '.join(str(int(skin[at : at + 2], 16)) for at in (0, 2, 4))})"
    for address, selector, name, value in [
        ("/verify", ".verify form", "backgroundColor", None),
        (STATEMENT, "table", "borderCollapse", "collapse"),
        ("/model/wm-ines", "h1", "fontSize", "25px"),
        ("/login", "body", "margin", "0px"),
    ]:
        anna_page.goto(f"{service.address}{address}")
        seen = anna_page.evaluate(styled.format(selector, name))
        assert seen == value or (value is None and seen != "rgba(0, 0, 0, 0)"), address
    assert service.refused == []


@pytest.mark.parametrize("what", SLIPPED_IN)
def test_what_is_slipped_into_the_page_does_not_run(service: Service, what: str) -> None:
    page = service.open_page("anna@shop.example")
    blocked = page.evaluate(
        f"""() => new Promise(tell => {{
            setTimeout(() => tell('allowed'), 30_000);
            const put = html => document.body.insertAdjacentHTML('beforeend', html);
            const add = (tag, given) => document.body.append(Object.assign(document.createElement(tag), given));
            document.addEventListener('securitypolicyviolation', event => tell(event.disposition), {{once: true}});
            {SLIPPED_IN[what]}
        }})"""
    )
    assert blocked == "enforce"
    assert page.evaluate("window.ran") is None
    service.refused.clear()
