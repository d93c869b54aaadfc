"""Jobs over HTTP: orders, progress, downloads, deletion and costs."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from starlette.requests import ClientDisconnect
from starlette.types import Message

from app.api.http.open_limit import MOST_WATCHES
from app.api.http.state import AppState
from app.api.routes.job_events import stream_job
from app.api.schemas.jobs import show_job
from tests.support.api_client import BLANK, client_of, deliver_blank, new_account, picture, upload, work_off
from vmodel.service.accounts.auth import Identity
from vmodel.service.jobs import fair_queue, heartbeat, transitions
from vmodel.service.jobs.lifecycle import find_job

SHOT = {"model": "wm-ines", "pose": "walking", "size": "512x384"}


@pytest.fixture(scope="module")
def garment_id(anna: TestClient, tee_photo: bytes) -> str:
    found: str = upload(anna, tee_photo).json()["id"]
    return found


def ask(client: TestClient, garment_id: str, shots: int = 1, key: str | None = None, **changes: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    asked = [SHOT | {"seed": seed} | changes for seed in range(shots)]
    return client.post("/v1/jobs", json={"garment_id": garment_id, "shots": asked}, headers=headers)


def test_more_steps_cost_more_and_a_number_without_a_price_is_refused(anna: TestClient, garment_id: str) -> None:
    def quote(steps: int | None) -> Any:
        shot = {"size": "512x384", "pipeline": "embedded", "steps": steps}
        return anna.post("/v1/quotes", json={"garment_id": garment_id, "shots": [shot]})

    assert [quote(steps).json()["credits"] for steps in (None, 1, 4)] == [2, 2, 8]
    refused = quote(200)
    assert (refused.status_code, refused.json()["code"]) == (422, "steps_not_offered")
    assert "use one of: 1, 4, or leave the number out" in refused.json()["message"]
    ordered = ask(anna, garment_id, pipeline="embedded", steps=200)
    assert ordered.json()["code"] == "steps_not_offered"


def test_a_set_is_ordered_and_priced_as_its_pictures(anna: TestClient, garment_id: str) -> None:
    def order(**shot: Any) -> Any:
        return anna.post("/v1/quotes", json={"garment_id": garment_id, "shots": [{"size": "512x384", **shot}]})

    assert order(model="wm-ines", set="classic", pipeline="draft").json()["credits"] == 6
    assert order(model="ch-noah", set="kids", pipeline="draft", pose=None).json()["credits"] == 6
    for shot, code in (
        ({"set": "street", "pose": "walking", "view": "front"}, "usage"),
        ({"set": "kids", "model": "wm-ines"}, "usage"),
        ({"set": "catwalk"}, "usage"),
        ({"set": "classic", "model": "nobody"}, "unknown_model"),
    ):
        refused = order(**shot)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert "leave out pose, view, or the set" in order(set="street", pose="walking", view="front").json()["message"]
    asked = {"garment_id": garment_id, "shots": [SHOT | {"seed": 7}, {"set": "studio", "size": "512x384"}]}
    job = anna.post("/v1/jobs", json=asked).json()
    assert [shot["asked"]["pose"] for shot in job["shots"]] == [
        "walking", "contrapposto", "contrapposto", "three-quarter-turn", "back-look-over-shoulder", "hand-on-hip",
        "contrapposto",
    ]  # fmt: skip
    anna.post(f"/v1/jobs/{job['id']}/cancel")
    assert "classic" in anna.get("/v1/choices").json()["sets"]


def test_a_job_goes_from_its_price_to_its_pictures_and_their_charge(
    anna: TestClient, stranger: TestClient, here: AppState, garment_id: str
) -> None:
    before = anna.get("/v1/usage").json()
    asked = {"garment_id": garment_id, "shots": [SHOT | {"seed": seed} for seed in range(3)]}
    assert anna.post("/v1/quotes", json=asked).json() == {"credits": 3, "available": before["available"]}
    answer = ask(anna, garment_id, 3)
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert (job["state"], job["credits"], job["charged"], job["place"]) == ("queued", 3, 0, 0)
    assert anna.get("/v1/usage").json()["reserved"] == before["reserved"] + 3
    work_off(here)
    done = anna.get(f"/v1/jobs/{job['id']}").json()
    assert (done["state"], done["share"], done["charged"]) == ("done", 1.0, 3)
    usage = anna.get("/v1/usage").json()
    assert usage["consumed"] == before["consumed"] + 3
    assert usage["available"] == before["available"] - 3
    shot = done["shots"][2]
    saved = anna.get(f"/v1/shots/{shot['id']}/picture")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert Image.open(io.BytesIO(saved.content)).getpixel((0, 0)) == (2, 120, 90)
    assert stranger.get(shot["links"]["picture"]).content == saved.content
    assert anna.get(f"/v1/shots/{shot['id']}/sidecar").json() == {"seed": 1}


def test_the_same_key_is_the_same_job_even_if_asked_at_once(anna: TestClient, garment_id: str) -> None:
    before = anna.get("/v1/usage").json()["reserved"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(anna, garment_id, 2, key="order-1"), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert anna.get("/v1/usage").json()["reserved"] == before + 2
    other = ask(anna, garment_id, 1, key="order-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"model": "wm-nobody"}, 422, "unknown_model"),
        ({"pose": "/etc/passwd"}, 422, "unknown_pose"),
        ({"pose": "file:../../secret"}, 404, "file_not_found"),
        ({"background": "/etc/passwd"}, 422, "unknown_background"),
        ({"background": "blur:/proc/self/environ"}, 422, "unknown_background"),
        ({"size": "9999x9999"}, 422, "size_out_of_range"),
        ({"pipeline": "../draft"}, 422, "pipeline_not_priced"),
        ({"garment": {"photo": "/etc/passwd"}}, 422, "request_invalid"),
        ({"outfit": [{"photo": "/etc/passwd"}]}, 422, "request_invalid"),
        ({"channel": "the moon"}, 422, "unknown_channel"),
        ({"seed": -1}, 422, "request_invalid"),
    ],
)
def test_a_shot_names_words_of_the_library_and_never_a_path(
    anna: TestClient, garment_id: str, change: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(anna, garment_id, **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_garment_that_was_not_understood_makes_no_job(anna: TestClient) -> None:
    garment = upload(anna, BLANK).json()
    answer = ask(anna, garment["id"])
    assert (answer.status_code, answer.json()["code"]) == (422, "garment_not_understood")
    assert garment["problem"]["message"] in answer.json()["message"]


def test_corrections_reach_the_worker_as_files_of_the_seller(
    anna: TestClient, here: AppState, tee_photo: bytes
) -> None:
    garment = upload(anna, tee_photo, category="top").json()
    anna.patch(f"/v1/garments/{garment['id']}", json={"landmarks": {"hem_left": [200, 350]}, "width_cm": 52})
    job = ask(anna, garment["id"]).json()
    heartbeat.join(here.database, "looker", 4)
    parts = fair_queue.schedule_parts(here.database)
    (part,) = [part for part in parts if part.startswith(job["id"])]
    (shot_id,) = transitions.open_shots(here.database, part, "looker")
    work = transitions.begin_shot(here.database, shot_id, "looker")
    assert work is not None
    assert (work.garment["category"], work.garment["width_cm"]) == ("top", 52.0)
    landmarks = json.loads(here.store.get(work.account_id, str(work.garment["landmarks"])))
    assert landmarks == {"landmarks": {"hem_left": [200.0, 350.0]}}
    refused = anna.delete(f"/v1/garments/{garment['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "garment_in_use")


def test_who_cannot_pay_is_told_so(api: FastAPI, here: AppState, tee_photo: bytes) -> None:
    poor = client_of(api, new_account(here, "poor@shop.example"))
    garment = upload(poor, tee_photo).json()
    answer = ask(poor, garment["id"], 51)
    assert (answer.status_code, answer.json()["code"]) == (402, "credits_exhausted")
    assert poor.get("/v1/jobs").json() == []


def test_a_cancelled_job_gives_its_credits_back(anna: TestClient, garment_id: str) -> None:
    before = anna.get("/v1/usage").json()
    job = ask(anna, garment_id, 2).json()
    assert anna.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    after = anna.get("/v1/usage").json()
    assert (after["available"], after["reserved"]) == (before["available"], before["reserved"])
    assert job["id"] in [each["id"] for each in anna.get("/v1/jobs", params={"state": "cancelled"}).json()]


def test_a_watched_job_tells_each_change_until_it_has_ended(anna: TestClient, here: AppState, garment_id: str) -> None:
    work_off(here)
    job = ask(anna, garment_id, 2).json()
    told: list[dict[str, Any]] = []
    # The test client returns a stream only when it has ended, so the worker runs in a thread.
    worker = threading.Timer(1.0, work_off, (here,))
    worker.start()
    with anna.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line[6:]))
    worker.join()
    assert (told[0]["state"], told[-1]["state"]) == ("queued", "done")
    assert len(told) == len({json.dumps(each) for each in told})


def test_a_stream_ends_with_the_key_that_opened_it(
    api: FastAPI, here: AppState, garment_id: str, anna: TestClient
) -> None:
    job = ask(anna, garment_id).json()
    made = anna.post("/v1/keys", json={"scopes": ["read"]}).json()
    reader = TestClient(api, headers={"Authorization": f"Bearer {made['token']}"})
    ending = threading.Timer(0.5, anna.delete, (f"/v1/keys/{made['id']}",))
    at_the_latest = threading.Timer(
        20, anna.post, (f"/v1/jobs/{job['id']}/cancel",)
    )  # otherwise a broken stream would never end
    ending.start()
    at_the_latest.start()
    with reader.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:
        events = [line for line in stream.iter_lines() if line]
    ending.join()
    at_the_latest.cancel()
    assert events[-2:] == ["event: problem", "data: key_invalid"]
    anna.post(f"/v1/jobs/{job['id']}/cancel")


def test_a_stream_whose_reader_is_gone_counts_no_more(here: AppState, anna: TestClient, garment_id: str) -> None:
    job = find_job(here.database, anna.get("/v1/account").json()["id"], ask(anna, garment_id).json()["id"])
    identity = Identity(job.account_id, "seller", "free", frozenset(), "key:none")

    async def gone(message: Message) -> None:
        raise OSError("the reader is gone")

    async def says_nothing() -> Message:
        return {"type": "http.disconnect"}

    for _ in range(MOST_WATCHES + 1):
        stream = stream_job(here, identity, job)
        with pytest.raises(ClientDisconnect):
            asyncio.run(stream({"type": "http", "asgi": {"spec_version": "2.4"}}, says_nothing, gone))
    anna.post(f"/v1/jobs/{job.id}/cancel")


def test_a_watch_reads_the_database_beside_the_loop_that_serves_all_requests(
    anna: TestClient, garment_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def show(*asked: Any) -> Any:
        threads.append(threading.current_thread().name)
        return show_job(*asked)

    monkeypatch.setattr("app.api.routes.job_events.show_job", show)
    job = ask(anna, garment_id, 1, key="watched from beside").json()
    anna.post(f"/v1/jobs/{job['id']}/cancel")
    assert "event: job" in anna.get(f"/v1/jobs/{job['id']}/events").text
    assert threads
    assert all(name.startswith("AnyIO worker") for name in threads)


def test_deleted_pictures_are_gone_and_stay_charged(anna: TestClient, here: AppState, garment_id: str) -> None:
    job = ask(anna, garment_id, 2, key="to be deleted", seed=77).json()
    work_off(here)
    charged = anna.get("/v1/usage").json()["consumed"]
    shots = [shot["id"] for shot in job["shots"]]
    assert anna.delete(f"/v1/shots/{shots[0]}").status_code == 204
    assert anna.get(f"/v1/shots/{shots[0]}").json()["deleted"] is True
    assert anna.get(f"/v1/shots/{shots[0]}/picture").status_code == 404
    assert anna.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert anna.get(f"/v1/shots/{shots[1]}/picture").status_code == 404
    assert anna.get("/v1/usage").json()["consumed"] == charged


def test_a_statement_equals_the_balance_and_can_be_printed(anna: TestClient) -> None:
    usage = anna.get("/v1/usage").json()
    month = anna.get("/v1/usage/periods").json()[0]
    lines = list(csv.DictReader(io.StringIO(anna.get("/v1/usage/statement", params={"form": "csv"}).text)))
    assert int(lines[-1]["available_after"]) == usage["available"]
    assert sum(int(line["consumed"]) for line in lines) == usage["consumed"]
    plain = anna.get("/v1/usage/statement", params={"period": month}).json()
    assert plain["closing"]["available"] == usage["available"]
    page = anna.get("/v1/usage/statement", params={"form": "html", "language": "zh"})
    assert "<svg" in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert anna.get("/v1/usage/statement", params={"period": "2026-13"}).json()["code"] == "period_invalid"


def test_a_seller_makes_and_ends_keys_of_their_own(api: FastAPI, anna: TestClient) -> None:
    made = anna.post("/v1/keys", json={"name": "shop system", "scopes": ["read"]}).json()
    client = TestClient(api, headers={"Authorization": f"Bearer {made['token']}"})
    assert client.get("/v1/jobs").status_code == 200
    assert client.get("/v1/keys").status_code == 403
    assert made["token"] not in anna.get("/v1/keys").text
    assert anna.post("/v1/keys", json={"scopes": ["operate"]}).json()["code"] == "scope_missing"
    assert anna.delete(f"/v1/keys/{made['id']}").status_code == 204
    assert client.get("/v1/jobs").status_code == 401


def test_a_picture_that_is_being_made_shows_its_stage(anna: TestClient, here: AppState, garment_id: str) -> None:
    work_off(here)
    job = ask(anna, garment_id, 2).json()
    (part,) = fair_queue.schedule_parts(here.database)
    first, second = transitions.open_shots(here.database, part, "tests")
    deliver_blank(here, first, "tests")
    work = transitions.begin_shot(here.database, second, "tests")
    assert work is not None
    preview = here.store.put(work.account_id, picture((9, 9, 9), (24, 32), "JPEG"), "jpg")
    transitions.record_progress(here.database, work, "tests", "drape", 0.4, preview)
    seen = anna.get(f"/v1/jobs/{job['id']}").json()
    assert (seen["state"], seen["charged"], seen["share"]) == ("running", 1, 0.7)
    assert (seen["shots"][1]["stage"], seen["shots"][1]["share"]) == ("drape", 0.4)
    assert seen["eta_s"] is not None
    assert anna.get(f"/v1/shots/{second}/preview").headers["content-type"] == "image/jpeg"
    assert anna.get(f"/v1/shots/{second}/picture").status_code == 404


def test_everything_is_deleted_on_request_and_the_ledger_stays(
    api: FastAPI, here: AppState, tee_photo: bytes, anna: TestClient
) -> None:
    account_id = new_account(here, "leaving@shop.example")
    leaving = client_of(api, account_id)
    garment = upload(leaving, tee_photo, name="secret collection").json()
    job = ask(leaving, garment["id"], 2).json()
    work_off(here)
    waiting = ask(leaving, garment["id"], 1).json()
    assert leaving.get("/v1/account").json()["id"] == account_id
    assert leaving.delete("/v1/account/content").status_code == 422
    erased = leaving.delete("/v1/account/content", params={"confirm": "delete-everything"}).json()
    assert erased["files"] >= 6
    assert list(here.store.keys(account_id)) == []
    assert leaving.get("/v1/garments").json() == []
    assert leaving.get(f"/v1/jobs/{waiting['id']}").json()["state"] == "cancelled"
    assert leaving.get(f"/v1/shots/{job['shots'][0]['id']}/picture").status_code == 404
    usage = leaving.get("/v1/usage").json()
    assert (usage["consumed"], usage["reserved"]) == (2, 0)
    assert anna.get("/v1/garments").json() != []
