"""Recovery of Content Credentials over HTTP: the licence in a copy without them leads to its manifest."""

from __future__ import annotations

import io

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from app.api.http.state import AppState
from tests.rights.conftest import SELLER, drawn_shot, worn_picture
from vmodel.publishing.publisher import Published, Publisher
from vmodel.rights.licence.certificate import check_certificate
from vmodel.rights.provenance.c2pa import read_provenance
from vmodel.rights.registry.queries import revoke


@pytest.fixture(scope="module")
def published(running: tuple[str, FastAPI]) -> Published:
    here: AppState = running[1].state.installation
    publisher = Publisher(here.settings, lambda name: (), here.database)
    publisher.publish(drawn_shot(worn_picture(0)), "jpeg", SELLER)
    return publisher.publish(drawn_shot(worn_picture(0)), "png", SELLER)


def copied(published: Published) -> bytes:
    """Return a crop in another format, without metadata."""
    stream = io.BytesIO()
    Image.fromarray(published.picture).crop((20, 30, 460, 620)).save(stream, "WEBP", quality=85)
    return stream.getvalue()


def test_a_stripped_copy_gets_its_signed_manifest_back_without_a_key(
    running: tuple[str, FastAPI], published: Published
) -> None:
    address, copy = running[0], copied(published)
    assert read_provenance(copy, "image/webp", None) is None
    answer = httpx.post(f"{address}/v1/verify", files={"file": ("x.webp", copy)}).json()
    assert answer["verdict"] == "copy"
    given = httpx.get(f"{address}/v1/licences/{answer['licence']['id']}/manifest?format=png")
    assert given.headers["content-type"] == "application/c2pa"
    # Nothing beyond the content of the published file.
    assert given.content in published.content
    root = httpx.get(f"{address}/v1/rights/root").text
    found = read_provenance(copy, "image/webp", root, given.content)
    assert found is not None
    assert found.mark == published.licence.mark
    authority = Publisher(running[1].state.installation.settings, lambda name: ()).authority
    assert check_certificate(found.certificate or {}, [authority.root]) == published.licence


def test_the_oldest_file_s_manifest_is_given_where_no_format_is_asked_for(
    running: tuple[str, FastAPI], published: Published
) -> None:
    path = f"{running[0]}/v1/licences/{published.licence.id}/manifest"
    for asked in ("", "?format=webp"):
        given = httpx.get(path + asked)
        assert f"{published.licence.id}.jpeg.c2pa" in given.headers["content-disposition"]
        assert given.content not in published.content


@pytest.mark.parametrize("licence_id", ["0" * 32, "01", "../rights/root", "x" * 70])
def test_no_manifest_is_found_by_a_wrong_or_partial_id(
    running: tuple[str, FastAPI], published: Published, licence_id: str
) -> None:
    assert httpx.get(f"{running[0]}/v1/licences/{licence_id}/manifest").status_code in {404, 422}
    assert httpx.get(f"{running[0]}/v1/licences/{published.licence.id[:-1]}/manifest").status_code == 404


def test_a_revoked_picture_still_shows_who_made_it_and_its_state_says_the_rest(
    running: tuple[str, FastAPI], published: Published
) -> None:
    path = f"{running[0]}/v1/licences/{published.licence.id}"
    with running[1].state.installation.database.transaction() as session:
        revoke(session, published.licence.id, "sold", "operator")
    assert httpx.get(f"{path}/manifest").status_code == 200
    assert httpx.get(path).json()["state"] == "revoked"
