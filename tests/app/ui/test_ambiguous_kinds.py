"""A photo that may show two kinds of garment, on the page: both are fitted, and one click decides."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser_service import CHROMIUM, ROOT, Service, serve_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install the package chromium")
BOTH_SHOWN = "document.querySelectorAll('.reading[aria-busy=false]').length === 2"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Service]:
    """Run a service that is never sure of a kind."""
    unsure = [sys.executable, str(ROOT / "tests" / "support" / "unsure_vmodel.py")]
    with serve_page(tmp_path_factory.mktemp("service"), home, ("Anna", "Bert"), unsure) as running:
        yield running


@pytest.fixture(scope="module")
def anna(service: Service) -> Any:
    """Return the page of a seller whose photo was fitted as both kinds."""
    page = service.open_page("anna@shop.example", viewport={"width": 1280, "height": 1000})
    page.set_input_files("#photos", str(ROOT / "examples" / "logo-tee.jpg"))
    page.wait_for_selector(".question")
    assert page.locator(".reading .spinner:visible").count() == 2
    page.wait_for_selector("[data-ask=order]:not([disabled])")  # no answer is required
    page.wait_for_function(BOTH_SHOWN)
    return page


@pytest.mark.slow
def test_both_readings_are_shown_worn_or_say_why_they_cannot_be(anna: Any) -> None:
    for button in anna.locator(".reading").all():
        assert button.locator(".spinner:visible").count() == 0
        pictures = button.locator("img")
        if pictures.count():
            assert pictures.evaluate("e => e.naturalWidth") == 512
            assert "logo-tee, worn: As " in pictures.get_attribute("alt")
        else:
            assert button.locator(".reading-note").inner_text().startswith("Cannot be worn so: ")
    first = anna.locator(".reading").first
    assert first.locator("img").count() == 1
    assert first.locator(".reading-as").inner_text() == "As a top"


@pytest.mark.slow
def test_the_pictures_cost_nothing_and_are_not_among_the_sellers_own(service: Service, anna: Any) -> None:
    anna.reload()
    anna.wait_for_function(BOTH_SHOWN)
    assert "50 credits" in anna.inner_text(".credits")
    assert anna.locator(".job").count() == 0
    assert anna.request.get(f"{service.address}/v1/jobs").json() == []


@pytest.mark.slow
def test_on_a_phone_the_question_fits(service: Service, anna: Any) -> None:
    phone = service.open_page(
        "anna@shop.example", locale="zh-CN", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    phone.wait_for_function(BOTH_SHOWN)
    assert "作为上衣" in phone.inner_text(".readings")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    left, right = (each.bounding_box() for each in phone.locator(".reading").all())
    assert left["y"] == right["y"]
    assert min(left["width"], right["width"]) > 120


@pytest.mark.slow
def test_only_an_open_question_of_ones_own_is_answered_with_pictures(service: Service, anna: Any) -> None:
    garment = anna.get_attribute(".question", "data-question")
    bert = service.open_page("bert@shop.example")

    def put_on(page: Any, category: str) -> int:
        address = f"{service.address}/ui/garments/{garment}/readings/{category}"
        csrf = page.get_attribute("header.top", "data-csrf")
        return int(page.request.post(address, headers={"X-CSRF-Token": csrf}).status)

    first = anna.locator(".reading").first.get_attribute("data-reading")
    other = next(each for each in ("dress", "skirt", "jumpsuit") if anna.locator(f"[data-reading={each}]").count() == 0)
    assert (put_on(anna, first), put_on(anna, other), put_on(bert, first)) == (200, 404, 404)
    assert anna.request.post(f"{service.address}/ui/garments/{garment}/readings/{first}").status == 403


@pytest.mark.slow
def test_one_click_states_the_kind_and_the_question_goes(anna: Any) -> None:
    first = anna.locator(".reading").first
    chosen = first.get_attribute("data-reading")
    first.focus()
    anna.keyboard.press("Enter")
    anna.wait_for_function("!document.querySelector('.question')")
    assert "your word" in anna.inner_text(".garment .chips legend")
    assert anna.is_checked(f"input[name=category][value={chosen}]")


@pytest.mark.slow
def test_points_stay_in_view_when_they_were_applied_and_no_picture_is_fetched_again(anna: Any) -> None:
    anna.click("[data-sheet=points]")
    anna.locator(".point[data-point=hem_left]").press("Shift+ArrowUp")
    anna.wait_for_function("document.querySelector('.of-points img').naturalWidth")  # loaded when it first appears
    fetched: list[str] = []
    anna.on("request", lambda asked: fetched.append(asked.url))
    anna.click("[data-ask=points]")
    anna.wait_for_selector("[data-ask=no-points]")
    assert anna.is_visible(".point[data-point=hem_left]")
    assert not [each for each in fetched if "/photo?" in each or "/cutout?" in each]
