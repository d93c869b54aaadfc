"""Webhooks over HTTP: only public https addresses are accepted, and each webhook has its own secret."""

from __future__ import annotations

import threading

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.api.http.state import AppState


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost:5432/",
        "file:///etc/passwd",
        "https://8.8.8.8@127.0.0.1/",
    ],
)
def test_an_address_inside_the_house_is_refused(anna: TestClient, url: str) -> None:
    answer = anna.post("/v1/webhooks", json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "webhook_address_refused")


def test_unknown_events_and_an_eleventh_webhook_are_refused(anna: TestClient) -> None:
    wrong = anna.post("/v1/webhooks", json={"url": "https://8.8.8.8/", "events": ["job.exploded"]})
    assert wrong.json()["code"] == "webhook_event_unknown"
    made = [anna.post("/v1/webhooks", json={"url": f"https://8.8.8.8/{i}"}) for i in range(11)]
    assert [answer.status_code for answer in made] == [201] * 10 + [422]
    assert made[-1].json()["code"] == "too_many_webhooks"
    assert len({answer.json()["secret"] for answer in made[:10]}) == 10


def test_nobody_waits_for_a_name_service_that_is_slow(
    anna: TestClient, here: AppState, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = threading.Event()

    def write() -> None:
        with here.database.transaction() as session:
            session.execute(text("SELECT 1"))
        written.set()

    def find(host: str, port: int) -> list[str]:
        threading.Thread(target=write).start()
        assert written.wait(10)
        return ["8.8.8.8"]

    for webhook in anna.get("/v1/webhooks").json():
        anna.delete(f"/v1/webhooks/{webhook['id']}")
    monkeypatch.setattr("vmodel.service.webhooks.safe_http._resolve", find)
    assert anna.post("/v1/webhooks", json={"url": "https://slow.example/hook"}).status_code == 201
