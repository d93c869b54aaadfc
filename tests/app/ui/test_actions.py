"""Access of visitors to the page's actions, and answers to hostile browsers."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.http.state import AppState
from app.ui.actions import PageActions
from app.ui.base.i18n import LANGUAGES, explain_warning, load_words
from app.ui.fragments import STRIP, Fragments
from app.ui.view_models.jobs import order_of
from app.ui.view_models.queries import GarmentRef
from tests.support.api_client import PASSWORD, new_account
from tests.support.browser_login import sign_in
from vmodel.garment.recognition.landmarks import KNOWN
from vmodel.limits import KeyDays
from vmodel.service.accounts.auth import (
    Login,
    create_api_key,
    find_session,
    list_api_keys,
    replace_api_key,
    revoke_api_key,
)
from vmodel.service.accounts.users import find_account
from vmodel.service.garments.records import GarmentFiles, RecognitionResult, StatedAttributes, keep_garment
from vmodel.service.jobs import transitions
from vmodel.service.jobs.lifecycle import find_job
from vmodel.service.jobs.request import plain_shot
from vmodel.service.jobs.transitions import Delivery
from vmodel.service.ledger.reservations import balance
from vmodel.shot.request import GarmentSource, ShotRequest

HOSTILE = '"><img src=x onerror=alert(1)>{{7*7}}${alert(1)}'
FOUND = {
    "category": "top", "confidence": 0.97, "stated": False, "sleeve": "short", "neckline": "crew", "length": "hip",
    "open_front": False, "cutout": {"source": "network", "confidence": 0.9}, "photo_size": [800, 600],
    "landmarks": {"neck_left": [300.0, 100.0]}, "warnings": [],
    "size_cm": {"width": 50.0, "length": 70.0, "source": "guessed", "guessed_on": "wm-ines"},
}  # fmt: skip


def login_of(here: AppState, browser: TestClient) -> Login:
    with here.database.transaction() as session:
        return find_session(session, browser.cookies["vmodel_session"])


def told(answer: dict[str, str]) -> dict[str, Any]:
    """Decode the signal for the page's script."""
    found: dict[str, Any] = json.loads(unescape(answer["signal"]))
    return found


@pytest.fixture(scope="module")
def actions(here: AppState) -> PageActions:
    return PageActions(Fragments(here, "en"))


@pytest.fixture(scope="module")
def garment_id(here: AppState, anna_id: str, examples: Path) -> str:
    """Store a garment of Anna's with a hostile name."""
    photo = here.store.put(anna_id, (examples / "logo-tee.jpg").read_bytes(), "jpg")
    files = GarmentFiles(photo, cutout=here.store.put(anna_id, b"\x89PNG cut-out", "png"))
    with here.database.transaction() as session:
        found = RecognitionResult(FOUND, b"")
        return keep_garment(session, anna_id, HOSTILE.replace("/", ""), files, StatedAttributes(), found).id


def test_what_was_understood_can_be_read_and_names_are_only_text(
    actions: PageActions, here: AppState, anna: TestClient, garment_id: str
) -> None:
    shown = actions.answer("begin", login_of(here, anna), {})["garments"]
    assert "97 % sure" in shown
    assert 'placeholder="50.0"' in shown
    assert "<img src=x" not in shown
    assert "&lt;img src=x" in shown


def test_a_list_of_keys_that_is_cut_short_leaves_out_those_that_have_ended(
    actions: PageActions, here: AppState, anna: TestClient, anna_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ui.fragments._LINES", 1)
    with here.database.transaction() as session:
        valid, ended = (create_api_key(session, anna_id) for _ in range(2))
        replace_api_key(session, ended.id, KeyDays.YEAR, grace_hours=0)
        revoke_api_key(session, list_api_keys(session, anna_id)[-1].id)
    shown = actions.answer("look", login_of(here, anna), {"view": "account"})["account"]
    assert re.findall(r'data-key="(\w+)"', shown) == [valid.token[:11]]


def test_the_price_is_known_before(actions: PageActions, here: AppState, anna: TestClient, garment_id: str) -> None:
    order = {"garment": garment_id, "models": ["wm-ines", "mn-kenji"], "poses": ["walking"], "views": ["front", "back"]}
    bar = actions.answer("price", login_of(here, anna), {"order": order})["bar"]
    assert "4 pictures" in bar
    assert "4 credits" in bar
    assert "50 left" in bar


@pytest.mark.parametrize(
    "change",
    [
        {"models": ["nobody"]},
        {"poses": ["../../etc/passwd"]},
        {"background": "/etc/passwd"},
        {"format": "9000x9000"},
        {"count": 10**9},
        {"models": ["wm-ines"] * 61},
        {"pipeline": "x" * 9999},
        {"unknown": 1},
    ],
)
def test_an_order_that_cannot_be_is_explained(
    actions: PageActions, here: AppState, anna: TestClient, garment_id: str, change: dict[str, Any]
) -> None:
    answer = actions.answer("order", login_of(here, anna), {"order": {"garment": garment_id, **change}, "key": "k"})
    assert told(answer)["problem"].endswith(".")
    assert "pictures" not in answer


def test_a_double_click_is_one_job(actions: PageActions, here: AppState, anna: TestClient, garment_id: str) -> None:
    asked = {"order": {"garment": garment_id, "models": ["wm-ines"]}, "key": "one click"}
    jobs = {told(actions.answer("order", login_of(here, anna), asked))["job"] for _ in range(2)}
    assert len(jobs) == 1
    shown = actions.answer("poll", login_of(here, anna), {})["pictures"]
    assert shown.count('class="job"') == 1
    assert "Waiting" in shown
    assert "<img src=x" not in shown
    cancelled = actions.answer("cancel", login_of(here, anna), {"id": jobs.pop()})
    assert "Cancelled" in cancelled["pictures"]
    assert "50 credits" in cancelled["header"]


def test_a_finished_picture_names_who_was_cast_and_what_a_marketplace_would_find_wrong(
    actions: PageActions, here: AppState, anna: TestClient, anna_id: str, garment_id: str
) -> None:
    login = login_of(here, anna)
    answer = actions.answer("order", login, {"order": {"garment": garment_id, "format": "portrait"}, "key": "cast"})
    (shot,) = find_job(here.database, anna_id, told(answer)["job"]).shots
    picture = here.store.put(anna_id, b"picture", "png")
    sidecar = here.store.put(anna_id, json.dumps({"request": {"model": "wm-ines", "pose": "walking"}}).encode(), "json")
    assert f'id="job-{shot.job_id}"' in answer["pictures"]
    assert transitions.deliver(here.database, shot.id, Delivery(picture, sidecar, 2.0))
    shown = (
        unescape(actions.answer("poll", login, {})["pictures"])
        .partition(f'id="job-{shot.job_id}"')[2]
        .partition("</article>")[0]
    )
    assert "Inês, Walking" in shown
    assert "1024 px as made" in shown.partition("as=amazon")[2].partition("</a>")[0]
    assert "not white" in shown.partition("as=amazon")[2].partition("</a>")[0]
    assert "note" not in shown.partition('as=taobao"')[2].partition("</a>")[0]


def test_an_outfit_is_ordered_shown_and_chosen_again(
    actions: PageActions, here: AppState, anna: TestClient, anna_id: str, garment_id: str
) -> None:
    photo = here.store.put(anna_id, b"\x89PNG skirt", "png")
    with here.database.transaction() as session:
        found = RecognitionResult({**FOUND, "category": "skirt"}, b"")
        skirt = keep_garment(session, anna_id, "Skirt", GarmentFiles(photo), StatedAttributes(), found).id
    login = login_of(here, anna)
    offered = actions.answer("choose", login, {"garment": garment_id})["garments"]
    assert f'name="worn_with" value="{skirt}"' in offered
    assert f'name="worn_with" value="{garment_id}"' not in offered
    order = {"garment": garment_id, "models": ["wm-ines"], "worn_with": [skirt], "tucked": True}
    job = told(actions.answer("order", login, {"order": order, "key": "outfit"}))["job"]
    shown = actions.answer("poll", login, {})["pictures"].split(f'id="job-{job}"')[1].split("</article>")[0]
    assert "with Skirt" in shown
    redo = json.loads(unescape(shown.split('data-redo="')[1].split('"')[0]))
    assert (redo["worn_with"], redo["tucked"], redo["garment"]) == ([skirt], True, garment_id)
    actions.answer("cancel", login, {"id": job})


def test_a_picture_from_before_styles_and_shoes_is_ordered_again_as_it_was() -> None:
    plain = plain_shot(ShotRequest(GarmentSource(Path("tee.jpg")), style="plain", shoes="canvas"))
    assert not {"style", "shoes"} & set(plain)
    redo = json.loads(order_of([plain], GarmentRef("g", "Tee", ""), {}))
    assert (redo["style"], redo["shoes"]) == ("plain", "canvas")
    redo = json.loads(order_of([plain | {"shoes": "ankle-boots-tan"}], GarmentRef("g", "Tee", ""), {}))
    assert redo["shoes"] == "ankle-boots"  # the page offers kinds, and colours that suit the garment


def test_nobody_is_dressed_in_anothers_garment(
    actions: PageActions, here: AppState, bert: TestClient, garment_id: str
) -> None:
    with here.database.transaction() as session:
        bert_id = find_account(session, "bert@shop.example").id
    photo = here.store.put(bert_id, b"\x89PNG own", "png")
    with here.database.transaction() as session:
        own = keep_garment(
            session, bert_id, "Own", GarmentFiles(photo), StatedAttributes(), RecognitionResult(FOUND, b"")
        ).id
    asked = {"order": {"garment": own, "worn_with": [garment_id]}, "key": "theirs"}
    assert told(actions.answer("order", login_of(here, bert), asked))["problem"].startswith("There is no such garment")


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("order", {"order": {"garment": "GARMENT"}, "key": "k"}),
        ("price", {"order": {"garment": "GARMENT"}}),
        ("correct", {"garment": "GARMENT", "category": "dress"}),
        ("forget", {"garment": "GARMENT"}),
    ],
)
def test_what_is_anothers_looks_like_nothing(
    actions: PageActions, here: AppState, bert: TestClient, garment_id: str, asked: str, named: dict[str, Any]
) -> None:
    login = login_of(here, bert)
    theirs = actions.answer(asked, login, json.loads(json.dumps(named).replace("GARMENT", garment_id)))
    nobodys = actions.answer(asked, login, json.loads(json.dumps(named).replace("GARMENT", "0" * 32)))
    shown = theirs.get("bar") or told(theirs)["problem"]
    assert shown.replace(garment_id, "") == (nobodys.get("bar") or told(nobodys)["problem"]).replace("0" * 32, "")
    assert garment_id not in actions.answer("choose", login, {"garment": garment_id})["garments"]


@pytest.mark.parametrize("path", ["garments/{}/photo", "garments/{}/photo?w=160", "garments/{}/cutout"])
def test_photos_open_for_their_owner_only(
    stranger: TestClient, anna: TestClient, bert: TestClient, garment_id: str, path: str
) -> None:
    address = f"/ui/{path.format(garment_id)}"
    assert anna.get(address).status_code == 200
    assert bert.get(address).status_code == 404
    assert stranger.get(address).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "static/..%2Fpage.py",
        "static/../page.py",
        "locales/en/page.yaml",
        "pictures/%2e%2e%2fpage.py",
        "js/1/..%2Fpage.css",
    ],
)
def test_only_public_files_are_public(stranger: TestClient, path: str) -> None:
    assert stranger.get(f"/ui/{path}").status_code == 404


def test_operations_are_for_operators(actions: PageActions, site: FastAPI, here: AppState, anna: TestClient) -> None:
    anna_login = login_of(here, anna)
    with here.database.transaction() as session:
        anna_account = find_account(session, "anna@shop.example").id
    grant = {"id": anna_account, "units": 5, "key": "gift"}
    assert actions.answer("look", anna_login, {"view": "operator"})["operator"] == ""
    assert "problem" in told(actions.answer("grant", anna_login, grant))
    new_account(here, "olga@house.example", "operator")
    olga = login_of(here, sign_in(site, "olga@house.example"))
    with here.database.transaction() as session:
        before = balance(session, anna_account).available
    assert "5 credits" in told(actions.answer("grant", olga, grant))["say"]
    with here.database.transaction() as session:
        assert balance(session, anna_account).available == before + 5
    made = {"name": "<b>Cem</b>", "email": "cem@shop.example", "password": PASSWORD, "role": "seller", "plan": "free"}
    overview = actions.answer("create", olga, made)["operator"]
    assert "&lt;b&gt;Cem" in overview
    assert "<b>Cem" not in overview
    sign_in(site, "cem@shop.example")
    found = actions.answer("look", olga, {"view": "operator", "find": "CEM@"})["operator"]
    assert "cem@shop.example" in found
    assert "anna@shop.example" not in found
    assert anna_account in actions.answer("look", olga, {"view": "operator", "find": anna_account})["operator"]
    assert "shop.example" not in actions.answer("look", olga, {"view": "operator", "find": "%"})["operator"]


@pytest.mark.parametrize("asked", [{"garment": 7}, {"garment": ["x"]}, {"garment": "x" * 9999}])
def test_wrong_questions_are_answered_by_a_sentence(
    actions: PageActions, here: AppState, anna: TestClient, asked: dict[str, Any]
) -> None:
    assert told(actions.answer("correct", login_of(here, anna), asked))["problem"].endswith(".")


def test_the_statement_opens_in_every_form(actions: PageActions, here: AppState, anna: TestClient) -> None:
    shown = actions.answer("look", login_of(here, anna), {"view": "usage"})["usage"]
    period = shown.split("/ui/statements/")[1].split(".html")[0]
    assert anna.get(f"/ui/statements/{period}.html").headers["content-type"].startswith("text/html")
    assert "quota" in anna.get(f"/ui/statements/{period}.csv").text
    assert anna.get(f"/ui/statements/{period}.json").json()["period"] == period
    assert anna.get("/ui/statements/2026-11.exe").status_code == 404


@pytest.fixture(scope="module")
def collector(here: AppState, site: FastAPI) -> tuple[Login, list[str]]:
    """Return a seller's session, and ids of their many garments, the oldest first."""
    account_id = new_account(here, "many@shop.example")
    with here.database.transaction() as session:
        ids = [
            keep_garment(
                session,
                account_id,
                f"SKU {number:03d}",
                GarmentFiles(here.store.put(account_id, f"photo {number}".encode(), "png")),
                StatedAttributes(),
                RecognitionResult(FOUND, b""),
            ).id
            for number in range(2 * STRIP + 5)
        ]
    return login_of(here, sign_in(site, "many@shop.example")), ids


def offered(html: str) -> set[str]:
    """Return the ids of the garments that can be chosen."""
    return set(re.findall(r'data-garment="(\w+)"', html))


def test_every_garment_can_be_reached_from_the_newest(actions: PageActions, collector: tuple[Login, list[str]]) -> None:
    login, ids = collector
    shown = actions.answer("begin", login, {})["garments"]
    reached = offered(shown)
    assert reached == set(ids[-STRIP:])
    while further := re.search(r'data-garments="(\w+)"', shown):
        shown = actions.answer("choose", login, {"before": further[1]})["garments"]
        reached |= offered(shown)
    assert reached == set(ids)
    assert 'data-garments=""' in shown


def test_an_old_garment_is_named_in_its_pictures_and_chosen_again_with_its_outfit(
    actions: PageActions, collector: tuple[Login, list[str]]
) -> None:
    login, ids = collector
    order = {"garment": ids[0], "worn_with": [ids[1]], "models": ["wm-ines"]}
    job = told(actions.answer("order", login, {"order": order, "key": "old"}))["job"]
    shown = actions.answer("poll", login, {})["pictures"].split(f'id="job-{job}"')[1].split("</article>")[0]
    assert "SKU 000" in shown
    assert "with SKU 001" in shown
    redo = json.loads(unescape(shown.split('data-redo="')[1].split('"')[0]))
    assert (redo["garment"], redo["worn_with"]) == (ids[0], [ids[1]])
    garments = actions.answer("choose", login, {"garment": redo["garment"], "worn_with": redo["worn_with"]})["garments"]
    assert f'data-chosen="{ids[0]}"' in garments
    assert f'name="worn_with" value="{ids[1]}"' in garments
    actions.answer("cancel", login, {"id": job})


def test_anothers_garment_is_offered_to_nobody(
    actions: PageActions, here: AppState, site: FastAPI, collector: tuple[Login, list[str]]
) -> None:
    _, ids = collector
    new_account(here, "few@shop.example")
    login = login_of(here, sign_in(site, "few@shop.example"))
    shown = actions.answer("choose", login, {"garment": ids[0], "worn_with": ids[1:3], "before": ids[5]})["garments"]
    assert not any(each in shown for each in ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_doubts_about_a_photo_are_told_in_the_pages_language(here: AppState, site: FastAPI, language: str) -> None:
    doubts = [
        "the garment's outline is unsure; look at the cut-out or send a mask",
        "the category top is unsure; state it",
        "the print is stretched by 42% where the photo shows it askew; a photo from above helps",
        "the garment looks made for a child; choose a child as the model and state the category",
    ]
    email = f"{language}@shop.example"
    account_id = new_account(here, email)
    found = RecognitionResult({**FOUND, "warnings": doubts}, b"")
    photo = here.store.put(account_id, b"photo", "png")
    with here.database.transaction() as session:
        keep_garment(session, account_id, "Tee", GarmentFiles(photo), StatedAttributes(), found)
    shown = PageActions(Fragments(here, language)).answer("begin", login_of(here, sign_in(site, email)), {})["garments"]
    warnings = re.findall(r'<p class="warning">(.*?)</p>', shown)
    assert len(warnings) == 4
    assert all(re.search(r"[\u4e00-\u9fff]", each) for each in warnings) == (language == "zh")
    assert not any("mask" in each or "--" in each for each in warnings), "the page has no such word"
    assert (
        'aria-label="'
        + load_words(language)["garment"]["point"].format(name=load_words(language)["landmark"]["neck_left"])
        in shown
    )


def test_a_warning_without_a_sentence_is_told_as_it_is() -> None:
    assert explain_warning("the cloth is wet", load_words("zh")) == "The cloth is wet."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_landmark_has_a_name_for_screen_readers(language: str) -> None:
    assert sorted(load_words(language)["landmark"]) == sorted(KNOWN)


@pytest.mark.parametrize("text", ["a\0b", {"name": ["\0"]}])
def test_a_text_that_cannot_be_is_refused_in_a_sentence(
    actions: PageActions, here: AppState, collector: tuple[Login, list[str]], text: object
) -> None:
    logs = len(list((here.settings.home / "logs").glob("*")))
    assert told(actions.answer("choose", collector[0], {"garment": text}))["problem"].endswith(".")
    assert len(list((here.settings.home / "logs").glob("*"))) == logs, "it is no fault of the program"
