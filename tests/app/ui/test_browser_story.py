"""A seller's path through the page in a real browser, against a running service with its worker."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.browser_service import CHROMIUM, Service, serve_page

ROOT = Path(__file__).resolve().parents[3]
CUT_SHORT = """[...document.querySelectorAll('select')].filter(e => e.offsetParent).filter(e => {
    const style = getComputedStyle(e), paper = document.createElement('canvas').getContext('2d');
    paper.font = style.font;
    const room = e.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return paper.measureText(e.selectedOptions[0].text).width > room;
}).map(e => e.name)"""
"""Names of the select boxes whose chosen text is cut off."""
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install the package chromium")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Service]:
    names = ("Anna", "Bert", "Cleo", "Dora", "Emil")
    with serve_page(tmp_path_factory.mktemp("service"), home, names) as running:
        yield running


@pytest.fixture(scope="module")
def anna(service: Service) -> Any:
    """Make two pictures as a seller, and return the page."""
    page = service.open_page("anna@shop.example", viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page.set_input_files("#photos", str(ROOT / "examples" / "logo-tee.jpg"))
    page.wait_for_selector(".garment .of-cutout")
    assert page.is_checked("input[name=category][value=top]")
    for wrong_then_right in ("Outerwear", "Top"):
        page.locator(".garment .chips label", has_text=wrong_then_right).click()
        value = wrong_then_right.lower()
        page.wait_for_function(
            f"document.querySelector('input[name=category][value={value}]').hasAttribute('checked')"
            " && document.querySelector('.garment .chips legend').textContent.includes('your word')"
        )
    page.select_option("select[name=filter-gender]", "man")
    assert not page.is_visible("label.card:has(input[value=wm-hana])")
    page.locator("label.card:has(input[value=mn-kenji])").click()
    page.select_option("select[name=filter-gender]", "")
    page.locator("label.card:has(input[value=wm-hana])").click()
    page.locator("label.card:has(input[value=walking])").click()
    page.locator(".lenses label", has_text="Own").click()
    page.fill("input[name=own-focal]", "500")
    page.locator("input[name=own-focal]").press("Tab")
    assert page.input_value("input[name=own-focal]") == "300"
    page.fill("input[name=own-focal]", "40")
    page.select_option("select[name=style]", "plain")
    page.select_option("select[name=shoes]", "loafers")
    page.select_option("select[name=format]", "proof")
    page.wait_for_function("document.querySelector('.bar-sum')?.textContent.includes('2 pictures')")
    assert "2 credits" in page.inner_text(".bar-price")
    page.click("[data-ask=order]")
    page.wait_for_selector(".job .shot.running")
    page.wait_for_function("/\\d+ %/.test(document.querySelector('.shot.running strong')?.textContent ?? '')")
    page.wait_for_selector(".job[data-state=done]")
    return page


def test_pictures_made_can_be_enlarged_and_compared_with_the_photo(anna: Any) -> None:
    anna.locator("button.shot").first.click()
    anna.wait_for_function("document.querySelector('#viewer-picture').naturalWidth === 384")
    anna.click("[data-viewer=compare]")
    anna.wait_for_function("document.querySelector('#viewer-photo').naturalWidth > 0")
    anna.locator("#viewer-compare input").press("ArrowRight")
    assert anna.evaluate("document.querySelector('#viewer-sheet').style.getPropertyValue('--split')") == "51%"
    anna.keyboard.press("Escape")
    assert not anna.is_visible("#viewer")


def test_all_pictures_come_in_one_file_as_a_marketplace_wants_them(anna: Any, tmp_path: Path) -> None:
    anna.click("nav [data-view=pictures]")
    anna.click(".job details.menu summary")
    with anna.expect_download() as waiting:
        anna.locator(".job .menu a", has_text="Taobao and Tmall, 800").click()
    waiting.value.save_as(tmp_path / "pictures.zip")
    with zipfile.ZipFile(tmp_path / "pictures.zip") as archive:
        assert archive.namelist() == ["logo-tee-01.jpg", "logo-tee-02.jpg"]
        for name in archive.namelist():
            with Image.open(io.BytesIO(archive.read(name))) as picture:
                assert picture.width == picture.height


def test_the_seller_sees_the_charge_and_all_of_it_after_a_reload(anna: Any) -> None:
    anna.reload()
    anna.wait_for_selector(".job[data-state=done]")
    assert "48 credits" in anna.inner_text(".credits")
    anna.click("nav [data-view=usage]")
    anna.wait_for_function("document.querySelector('#credits-consumed')?.textContent === '2'")
    anna.click("nav [data-view=studio]")
    assert anna.is_checked("input[name=models][value=wm-hana]")


def test_the_typed_lens_and_the_chosen_shoes_are_the_pictures_own(service: Service, anna: Any) -> None:
    (job,) = anna.request.get(f"{service.address}/v1/jobs").json()
    assert {shot["asked"]["focal_mm"] for shot in job["shots"]} == {40}
    assert {shot["asked"]["shoes"] for shot in job["shots"]} == {"loafers"}


def test_redo_puts_everything_back_into_the_studio(anna: Any) -> None:
    anna.click("nav [data-view=studio]")
    anna.select_option("select[name=style]", "auto")
    anna.select_option("select[name=shoes]", "sandals")
    anna.click("nav [data-view=pictures]")
    anna.locator("button.shot").first.click()
    alt = anna.get_attribute("#viewer-picture", "alt")
    anna.click("[data-viewer=redo]")
    anna.wait_for_selector("body[data-view=studio]")
    chosen = anna.locator("input[name=models]:checked")
    assert chosen.count() == 1
    assert anna.input_value("select[name=format]") == "proof"
    assert anna.input_value("select[name=style]") == "plain"
    assert anna.input_value("select[name=shoes]") == "loafers"
    assert anna.input_value("input[name=own-focal]") == "40"
    assert anna.is_visible("input[name=own-focal]")
    assert alt.split(" wears ")[0] in anna.inner_text("label.card.face:has(input:checked)")


def test_another_seller_sees_nothing_of_it(service: Service, anna: Any) -> None:
    sources = anna.evaluate("[...document.querySelectorAll('img, a[download]')].map(e => e.src || e.href || '')")
    theirs = [each for each in sources if re.search(r"/ui/(garments|jobs|shots)/", each)]
    assert len(theirs) >= 4
    bert = service.open_page("bert@shop.example")
    assert bert.locator(".job").count() == bert.locator(".garment").count() == 0
    assert {bert.request.get(each).status for each in theirs} == {404}
    stranger = service.chromium.new_context()
    assert {stranger.request.get(each).status for each in theirs} == {401}


def test_on_a_phone_in_chinese_nothing_sticks_out(service: Service, anna: Any) -> None:
    phone = service.open_page(
        "anna@shop.example", locale="zh-CN", viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    )
    phone.wait_for_selector(".garment .of-cutout")
    for view in ("studio", "designer", "pictures", "usage"):
        phone.locator(f"nav [data-view={view}]").tap()
        phone.wait_for_selector(f"body[data-view={view}]")
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert phone.evaluate(CUT_SHORT) == [], view
    phone.evaluate("document.querySelector('.credits').textContent = '1,000,000 点'")
    assert phone.evaluate("document.querySelector('.top').offsetHeight") < 100
    phone.locator("nav [data-view=pictures]").tap()
    assert "已完成" in phone.inner_text(".job-state")
    assert phone.title().startswith("影棚")


def test_on_a_phone_the_model_turns_under_a_finger(service: Service, anna: Any) -> None:
    phone = service.open_page(
        "anna@shop.example", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    phone.locator("nav [data-view=pictures]").tap()
    phone.locator("button.shot").first.tap()
    assert not phone.is_visible("#viewer .space-hint")
    close = phone.locator("[data-viewer=close]").bounding_box()
    assert (close["x"] + close["width"], close["y"]) == (390, 0)
    phone.locator("#viewer summary").tap()
    menu = phone.locator("#viewer .menu > div").bounding_box()
    assert menu["x"] + menu["width"] <= 390
    phone.locator("[data-viewer=compare]").tap()
    phone.wait_for_function("document.querySelector('#viewer-photo').naturalWidth > 0")
    picture, photo = (phone.locator(f"#viewer-{name}").bounding_box() for name in ("picture", "photo"))
    assert photo == picture
    assert picture["height"] / picture["width"] == pytest.approx(512 / 384, abs=0.01)
    phone.locator("[data-viewer=space]").tap()
    phone.wait_for_selector("#viewer-space[data-shot][data-turn]")
    assert phone.is_visible("#viewer .space-hint")
    area, before = phone.locator("#viewer-space").bounding_box(), phone.get_attribute("#viewer-space", "data-turn")
    assert area["width"] > 300
    finger, y = phone.context.new_cdp_session(phone), area["y"] + area["height"] / 2
    for kind, along in (("Start", 0), ("Move", 30), ("Move", 60), ("End", None)):
        touched = [] if along is None else [{"x": 150 + along, "y": y}]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touched})
    phone.wait_for_function(f"document.querySelector('#viewer-space').dataset.turn !== '{before}'")


def test_a_refused_photo_is_explained_in_the_pages_language(service: Service) -> None:
    page = service.open_page("bert@shop.example", locale="zh-CN")
    page.set_input_files("#photos", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.locator("#notice.is-problem p", has_text="a.png: 不支持这种文件").wait_for()


def test_an_upload_whose_answer_breaks_off_is_told_and_the_next_photo_follows(service: Service) -> None:
    page = service.open_page("bert@shop.example", locale="zh-CN")
    page.route("**/v1/garments", lambda route: route.fulfill(status=201, body='{"id"'), times=1)
    page.set_input_files("#photos", [{"name": f"{n}.png", "mimeType": "image/png", "buffer": b"no"} for n in "ab"])
    page.locator("#notice.is-problem p", has_text="b.png: 不支持这种文件").wait_for()
    page.wait_for_function("document.querySelector('#reading').textContent === ''")
    page.route("**/v1/garments", lambda route: route.fulfill(status=201, body='{"id"'), times=1)
    page.set_input_files("#photos", {"name": "c.png", "mimeType": "image/png", "buffer": b"no"})
    page.locator("#notice.is-problem p", has_text="没有成功，请再试一次。").wait_for()


def test_a_seller_whose_login_has_ended_is_led_to_the_login_and_sends_no_further_photo(service: Service) -> None:
    page = service.open_page("bert@shop.example")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method) if asked.url.endswith("/v1/garments") else None)
    page.wait_for_load_state("networkidle")  # Gradio would tell of a question that gets no answer in its own way
    page.context.clear_cookies()
    page.set_input_files("#photos", [{"name": f"{n}.png", "mimeType": "image/png", "buffer": b"no"} for n in "abc"])
    page.wait_for_url("**/login")
    assert sent == ["POST"]


def test_everything_that_can_be_pressed_has_a_name(anna: Any) -> None:
    nameless = anna.evaluate(
        """[...document.querySelectorAll('#main :is(button, a, input, select), dialog button')]
        .filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.[0]?.textContent.trim() || e.title))
        .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert anna.evaluate("[...document.querySelectorAll('#main img')].every(e => e.hasAttribute('alt'))")


@pytest.fixture(scope="module")
def designer(service: Service) -> Any:
    """Prepare a designer's page: a print on a skirt, its repeat scaled, in a colourway, fitted on."""
    page = service.open_page("cleo@shop.example", viewport={"width": 1280, "height": 900})
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("nav [data-view=designer]")
    page.locator("label:has(input[name=block][value=skirt])").click()
    page.select_option("select[name=design-model]", "wm-hana")
    page.set_input_files("#print-file", str(ROOT / "examples" / "citrus-repeat.svg"))
    page.wait_for_function("document.querySelector('#tile').style.backgroundImage !== ''")
    with page.expect_request(lambda asked: "designs/preview" in asked.url and '"repeat_cm":30' in asked.post_data):
        page.fill("input[name=repeat-exact]", "30")
    page.click("[data-design=add-way]")
    page.fill("[data-way-rename]", "night")
    page.locator("[data-way-rename]").press("Tab")
    ground = page.locator("#palette input[type=color]").first
    with page.expect_response(
        lambda told: "colorway=night" in told.url and "#101830" in told.request.post_data
    ) as drawn:
        ground.evaluate("e => { e.value = '#101830'; e.dispatchEvent(new Event('input', { bubbles: true })); }")
    assert drawn.value.ok
    page.wait_for_function("document.querySelector('#paper').getAttribute('aria-busy') === 'false'")
    page.click("[data-design=space-look]")
    assert page.is_visible("#making")
    page.wait_for_selector("#design-space[data-shot]")
    return page


def test_a_design_is_turned_in_space(designer: Any) -> None:
    canvas = designer.locator("#design-space")
    before, seen = canvas.get_attribute("data-turn"), canvas.screenshot()
    canvas.press("ArrowLeft")
    designer.wait_for_function(f"document.querySelector('#design-space').dataset.turn !== '{before}'")
    turned = canvas.screenshot()
    assert turned != seen
    with Image.open(io.BytesIO(turned)) as picture:
        colours = picture.convert("RGB").resize((100, 100)).getcolors(10_000)
    assert colours is not None
    assert len(colours) > 300


def test_a_design_is_shot_in_the_chosen_colourways_and_belongs_to_its_maker(service: Service, designer: Any) -> None:
    designer.locator("#shoot-ways label").first.click()
    designer.locator("label:has(input[name=design-view][value=back])").click()
    designer.select_option("select[name=design-format]", "proof")
    assert designer.inner_text("#design-sum") == "1 picture"
    with designer.expect_response(lambda told: told.url.endswith("/v1/jobs")) as ordered:
        designer.click("[data-design=shoot]")
    job = ordered.value.json()
    assert (job["credits"], job["shots"][0]["asked"]["view"]) == (1, "front")
    designer.wait_for_selector(f"#job-{job['id']}")
    assert "night" in designer.inner_text(f"#job-{job['id']} h2")
    shown = designer.wait_for_selector(f"#job-{job['id']}[data-state=done] img[src*=picture]")
    designer.wait_for_function("image => image.complete && image.naturalWidth > 200", arg=shown)
    design_id = designer.request.get(f"{service.address}/v1/designs").json()[0]["id"]
    shot = designer.evaluate("document.querySelector('#design-space').dataset.shot")
    theirs = [f"designs/{design_id}", f"designs/{design_id}/picture", f"shots/{shot}/model3d", f"jobs/{job['id']}"]
    assert {designer.request.get(f"{service.address}/v1/{each}").status for each in theirs} == {200}
    bert = service.open_page("bert@shop.example")
    assert {bert.request.get(f"{service.address}/v1/{each}").status for each in theirs} == {404}


def test_a_sewing_pattern_is_taken_apart_and_sewn_and_a_wrong_seam_is_told(service: Service, tmp_path: Path) -> None:
    page = service.open_page("dora@shop.example", viewport={"width": 1280, "height": 900})
    page.click("nav [data-view=designer]")
    page.click("#tab-pattern")
    assert page.is_disabled("[data-design=shoot]")
    drawing = ROOT / "examples" / "dress-pattern.svg"
    with page.expect_response(lambda told: "designs/preview" in told.url) as drawn:
        page.set_input_files("#pattern-file", str(drawing))
        page.wait_for_function("document.querySelector('#cut-pieces img').naturalWidth > 500")
    assert drawn.value.ok
    pieces = page.locator("#cut-pieces li").all_inner_texts()
    assert len(pieces) == 8
    assert re.search(r"skirt_front\s+76(\.\d)? × 56(\.\d)? cm", pieces[5])
    page.wait_for_function("document.querySelector('#side-front').style.backgroundImage !== ''")
    page.select_option("select[name=piece-material][data-piece=skirt_front]", "chiffon")
    page.select_option("select[name=design-material]", "jersey")
    with page.expect_response(lambda told: told.url.endswith("/v1/designs") and told.request.method == "POST") as kept:
        page.click("[data-design=keep]")
    asked = kept.value.json()["asked"]
    assert (asked["material"], asked["piece_materials"]) == ("jersey", {"skirt_front": "chiffon"})
    page.reload()
    page.click("#designs .thumb")
    page.wait_for_selector("#cut-pieces li")
    assert page.input_value("select[name=piece-material][data-piece=skirt_front]") == "chiffon"
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("[data-design=space-look]")
    page.wait_for_selector("#design-space[data-shot]")
    with Image.open(io.BytesIO(page.locator("#design-space").screenshot())) as picture:
        colours = picture.convert("RGB").resize((100, 100)).getcolors(10_000)
    assert colours is not None
    assert len(colours) > 300
    # The hem's corner of one skirt piece moves down, and with it the side seam.
    corner, lower = "1242.947 1066.000", "1238.947 1116.000"
    assert drawing.read_text().count(corner) == 2
    wrong = tmp_path / "dress.svg"
    wrong.write_text(drawing.read_text().replace(corner, lower))
    page.set_input_files("#pattern-file", str(wrong))
    page.wait_for_selector("#notice.is-problem")
    told = page.inner_text("#notice")
    assert re.search(
        r"seam-side_skirt_l\S* of skirt_front is 56\.\d cm and seam-side_skirt_l\S* of skirt_back_left is 6", told
    )
    assert "make them match" in told


def test_the_brush_mends_a_cutout(anna: Any) -> None:
    anna.click("nav [data-view=studio]")
    anna.click("[data-sheet=brush]")
    anna.wait_for_selector("#brush[aria-busy=false]")
    anna.click("[data-brush=erase]")
    anna.locator("#brush").press("Space")
    anna.click("[data-brush=apply]")
    anna.wait_for_selector("[data-garment-file=mask]", state="attached")


def test_the_example_is_in_the_queue_after_two_clicks_and_given_up_after_one_more(service: Service) -> None:
    page = service.open_page("emil@shop.example")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("[data-ask=example]")
    page.click("[data-ask=order]")
    page.wait_for_selector(".job")
    page.click("[data-ask=cancel]")
    page.wait_for_selector(".job[data-state=cancelled]")
    page.wait_for_function("document.querySelector('.credits').textContent.includes('50')")
