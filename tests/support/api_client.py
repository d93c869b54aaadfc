"""Accounts, keys and uploads for tests of the API."""

from __future__ import annotations

import io
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.api.http.state import AppState
from vmodel.service.accounts.auth import create_api_key
from vmodel.service.accounts.users import create_account
from vmodel.service.jobs import fair_queue, heartbeat, transitions

PASSWORD = "a long password"


def new_account(here: AppState, email: str, role: str = "seller", plan: str = "free") -> str:
    """Create an account and return its id."""
    with here.database.transaction() as session:
        return create_account(session, email.partition("@")[0], email, role, plan, PASSWORD).id


def client_of(api: FastAPI, account_id: str, scopes: tuple[str, ...] | None = None) -> TestClient:
    """Return a client that sends a new key of an account."""
    with api.state.installation.database.transaction() as session:
        token = create_api_key(session, account_id, scopes).token
    return TestClient(api, headers={"Authorization": f"Bearer {token}"})


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (300, 300), file_format: str = "PNG") -> bytes:
    """Return an image file of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, file_format)
    return stream.getvalue()


BLANK = picture((240, 240, 240))
"""Small photo without a garment, quick to read."""


def upload(client: TestClient, photo: bytes, name: str = "tee.jpg", **fields: Any) -> Any:
    """Upload a photo as a garment and return the answer."""
    return client.post("/v1/garments", files={"photo": (name, photo, "image/jpeg")}, data=fields)


def work_off(here: AppState, worker_id: str = "tests", sidecar: bytes = b'{"seed": 1}') -> None:
    """Make every waiting picture as a worker does, outside the durable queue: each has one colour."""
    heartbeat.join(here.database, worker_id, 4)
    while parts := fair_queue.schedule_parts(here.database):
        fair_queue.mark_enqueued(here.database, parts)
        for part_id in parts:
            for shot_id in transitions.open_shots(here.database, part_id, worker_id):
                deliver_blank(here, shot_id, worker_id, sidecar)
            fair_queue.end_part(here.database, part_id)


def deliver_blank(here: AppState, shot_id: str, worker_id: str, sidecar: bytes = b'{"seed": 1}') -> None:
    """Make one picture, in the colour that follows from its seed."""
    work = transitions.begin_shot(here.database, shot_id, worker_id)
    assert work is not None
    colour = (int(str(work.request["seed"])) % 256, 120, 90)
    made = picture(colour, (96, 128))
    preview = here.store.put(work.account_id, picture(colour, (24, 32), "JPEG"), "jpg")
    transitions.record_progress(here.database, work, worker_id, "drape", 0.5, preview)
    keys = here.store.put(work.account_id, made, "png"), here.store.put(work.account_id, sidecar, "json")
    transitions.deliver(here.database, shot_id, transitions.Delivery(*keys, 0.1))
