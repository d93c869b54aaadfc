"""The Python client against the running API: real sockets, real streams."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from app.api.http.state import AppState
from tests.support.api_client import BLANK, new_account, work_off
from tests.support.webhook_receiver import receiving
from vmodel.client import ApiProblem, Client, Job, Shot, read_webhook
from vmodel.service.accounts.auth import create_api_key
from vmodel.service.webhooks.delivery import WebhookDispatcher

ASKED = [Shot(model="wm-ines", pose="walking", size="512x384", seed=seed) for seed in range(2)]


@pytest.fixture(scope="module")
def client(running: tuple[str, FastAPI]) -> Iterator[Client]:
    address, app = running
    here: AppState = app.state.installation
    account_id = new_account(here, "client@shop.example")
    with here.database.transaction() as session:
        token = create_api_key(session, account_id).token
    with Client(address, token) as client:
        yield client


def test_a_program_goes_from_a_photo_to_pictures_on_disk(
    running: tuple[str, FastAPI], client: Client, tee_photo: bytes, tmp_path: Path
) -> None:
    here: AppState = running[1].state.installation
    photo = tmp_path / "tee.jpg"
    photo.write_bytes(tee_photo)
    garment = client.upload(photo, name="Tee", width_cm=50)
    assert garment.understood is not None
    assert garment.understood["size_cm"]["width"] == 50
    assert client.garments()[0] == client.garment(garment.id) == garment
    assert client.quote(garment.id, ASKED) == 2
    assert client.quote(garment.id, [Shot(model="wm-ines", set="street", size="512x384", pipeline="draft")]) == 6
    job = client.submit(garment.id, ASKED, key="order 1")
    assert client.submit(garment.id, ASKED, key="order 1").id == job.id
    told: list[Job] = []
    watching = threading.Thread(target=lambda: told.extend(client.watch(job.id)))
    watching.start()
    until = time.monotonic() + 20
    while not told and time.monotonic() < until:
        watching.join(0.02)
    work_off(here)
    watching.join(30)
    assert (told[0].state, told[-1].state) == ("queued", "done")
    paths = [client.download(picture, tmp_path / "out") for picture in client.wait(job.id).pictures]
    with Image.open(paths[1]) as picture:
        assert picture.getpixel((0, 0)) == (1, 120, 90)
    assert paths[1].with_suffix(".json").is_file()
    assert client.usage().consumed == 2
    assert client.statement().count("\r\n") >= 4
    assert client.cancel(job.id).state == "done"
    client.delete_job(job.id)
    client.delete_garment(garment.id)
    assert client.garments() == []


def test_a_program_makes_a_design_and_wears_it_with_others(client: Client, examples: Path) -> None:
    tile = client.upload_print(examples / "citrus-repeat.svg")
    asked = {"block": "skirt", "size": "S", "print": tile.id, "repeat_cm": 12}
    night = {"name": "night", "colours": {"#f4f2ee": "#101830"}}
    assert client.preview_design("night", **asked, colorways=[night]).startswith(b"\x89PNG")
    skirt = client.create_design(name="Lemons", **asked, colorways=[night])
    tee = client.create_design(block="tee", size="S")
    assert [design.id for design in client.designs()] == [tee.id, skirt.id]
    assert client.garment(skirt.id).colorways == ["night"]
    assert client.replace_design(skirt.id, name="Fewer", **asked).asked["colorways"] == []
    assert client.quote(tee.id, ASKED, worn_with=[skirt.id], tucked=True) == 2
    first_look = [replace(ASKED[0], fitting=True)]
    job = client.submit(tee.id, first_look, worn_with=[skirt.id], tucked=True)
    assert job.pictures[0].asked["tucked"] is True
    assert job.pictures[0].asked["fitting"] is True
    with pytest.raises(ApiProblem) as refused:
        client.model3d(job.pictures[0])
    assert refused.value.status == 404
    client.cancel(job.id)
    assert "dress" in [each["name"] for each in client.blocks()["blocks"]]


def test_a_program_makes_a_design_of_a_sewing_pattern(client: Client, examples: Path, tmp_path: Path) -> None:
    pattern = client.upload_pattern(examples / "dress-pattern.svg")
    areas = {piece["piece"]: piece["area_cm2"] for piece in pattern.pieces}
    assert areas["skirt_front"] == pytest.approx(3977, rel=0.01)
    assert {seam["kind"] for seam in pattern.seams} == {"seam", "dart", "gather", "ease"}
    assert client.preview_design(pattern=pattern.id).startswith(b"\x89PNG")
    dress = client.create_design(name="Dress", pattern=pattern.id, piece_materials={"skirt": "chiffon"})
    assert dress.asked["piece_materials"] == {"skirt": "chiffon"}
    assert dress.understood["category"] == "dress"
    assert client.quote(dress.id, ASKED) == 2
    wrong = tmp_path / "wrong.dxf"
    wrong.write_bytes(b"no drawing")
    with pytest.raises(ApiProblem, match=r"wrong\.dxf is no sewing pattern") as refused:
        client.upload_pattern(wrong)
    assert refused.value.code == "sewing_unreadable"


def test_refusals_reach_the_program_with_their_code(client: Client) -> None:
    with pytest.raises(ApiProblem) as refused:
        client.upload(b"<html>")
    assert (refused.value.code, refused.value.status) == ("photo_unsupported", 415)
    garment = client.upload(BLANK)
    with pytest.raises(ApiProblem) as refused:
        client.correct(garment.id, category="spacesuit")
    assert refused.value.code == "unknown_category"
    with pytest.raises(ApiProblem) as refused:
        client.job("nothing")
    assert refused.value.status == 404


def test_the_roster_and_the_words_can_be_listed(client: Client) -> None:
    women = client.models(gender="woman")
    assert {model.gender for model in women} == {"woman"}
    assert "walking" in client.poses()
    assert "front" in client.choices()["views"]
    assert "draft" in client.choices()["pipelines"]
    # For research only, so without a price.
    assert "catvton" not in client.choices()["pipelines"]


def test_a_request_that_may_be_repeated_is_repeated_and_an_upload_is_not(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        if len(asked) == 1:
            raise httpx.ConnectError("broken", request=request)
        if len(asked) == 2:
            return httpx.Response(429, headers={"Retry-After": "0"}, json={"code": "rate_limited", "message": "wait"})
        return httpx.Response(200, json=[])

    with Client("http://service", "key", transport=httpx.MockTransport(answer)) as client:
        assert client.poses() == []
        assert asked == ["GET /v1/poses"] * 3
        asked.clear()
        with pytest.raises(httpx.ConnectError):
            client.upload(b"photo")
        assert asked == ["POST /v1/garments"]


def test_a_webhook_made_over_http_is_called_when_its_job_ends(
    running: tuple[str, FastAPI], client: Client, tee_photo: bytes
) -> None:
    here: AppState = running[1].state.installation
    with receiving() as receiver:
        made = client.webhooks.create(f"http://127.0.0.1:{receiver.port}/told", ["job.done", "shot.done"])
        assert [webhook.url for webhook in client.webhooks.list()] == [made.url]
        assert client.webhooks.ping(made.id).state == "waiting"
        job = client.submit(client.upload(tee_photo).id, ASKED[:1])
        work_off(here)
        while WebhookDispatcher(here.database, here.secret, inside=True).deliver_due():
            pass
        events = [read_webhook(made.secret, headers, body) for headers, body in receiver.calls]
        assert sorted(event["type"] for event in events) == ["job.done", "ping", "shot.done"]
        assert {event["data"].get("job_id", job.id) for event in events} == {job.id}
        calls = client.webhooks.calls(made.id)
        assert {(call.state, call.status) for call in calls} == {("delivered", 204)}
        client.webhooks.delete(made.id)
        assert client.webhooks.list() == []


def test_a_program_gives_another_one_a_key_that_may_less_and_ends_it(
    running: tuple[str, FastAPI], client: Client
) -> None:
    assert client.account().scopes == ["manage", "read", "shoot"]
    made = client.keys.create("reporting", ["read"])
    with Client(running[0], made.token) as reporting:
        assert reporting.usage() == client.usage()
        with pytest.raises(ApiProblem) as refused:
            reporting.keys.list()
        assert refused.value.code == "scope_missing"
        newer = client.keys.replace(made.id, 1, days="90")
        assert (newer.name, newer.scopes) == (made.name, made.scopes)
        client.keys.revoke(made.id)
        with pytest.raises(ApiProblem) as refused:
            reporting.usage()
        assert refused.value.status == 401
    ended = next(key for key in client.keys.list() if key.id == made.id)
    assert (ended.name, ended.revoked_at is None) == ("reporting", False)


def test_a_program_attests_has_a_model_alone_and_verifies(client: Client, tee_photo: bytes) -> None:
    garment = client.upload(tee_photo)
    assert client.rights.of_garment(garment.id).state == "unseen"
    assert client.rights.attest_garment(garment.id).attested_at is not None
    assert client.rights.attest().attested_at is not None
    assert client.rights.attest(False) == client.rights.attestation()
    assert client.rights.attestation().attested_at is None
    assert client.rights.reserve("wm-greta") == client.rights.reservations()[0]
    client.rights.release("wm-greta")
    assert client.rights.reservations() == []
    assert client.rights.verify(BLANK).verdict == "unknown"


def test_a_program_deletes_a_picture_and_everything(
    running: tuple[str, FastAPI], client: Client, tee_photo: bytes
) -> None:
    job = client.submit(client.upload(tee_photo).id, ASKED)
    work_off(running[1].state.installation)
    spent = client.usage().consumed
    first, second = client.wait(job.id).pictures
    client.delete_picture(first)
    assert [picture.deleted for picture in client.job(job.id).pictures] == [True, False]
    with pytest.raises(ApiProblem) as refused:
        client.picture(first)
    assert refused.value.status == 404
    assert client.delete_everything() >= 3
    with pytest.raises(ApiProblem):
        client.picture(second)
    assert (client.garments(), client.usage().consumed) == ([], spent)
