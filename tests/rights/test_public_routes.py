"""Public information about a picture and a licence over HTTP, and refusals."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from cryptography.x509 import load_pem_x509_certificate
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.api.factory import create_app
from app.api.rights.public_verifier import MOST_BYTES, VERIFIED_A_MINUTE
from app.ui.routes import public_pages
from vmodel.config import Settings
from vmodel.publishing.publisher import Holder, Published, Publisher
from vmodel.rights.licence.certificate import Terms, check_certificate
from vmodel.rights.registry.queries import revoke
from vmodel.service.accounts.rate_limit import network_of
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import ByteArray

SELLER = Holder("seller-a", "Atelier <b>Ångström</b>", Terms())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    app = create_app(Settings(home=tmp_path_factory.mktemp("public")))
    app.include_router(public_pages.router)
    with TestClient(app):
        yield app


@pytest.fixture(scope="module")
def publisher(site: FastAPI) -> Publisher:
    here = site.state.installation
    return Publisher(here.settings, lambda name: (), here.database)


@pytest.fixture(scope="module")
def published(publisher: Publisher, worn_shot: Shot) -> Published:
    return publisher.publish(worn_shot, "jpeg", SELLER)


@pytest.fixture
def anybody(site: FastAPI, request: pytest.FixtureRequest) -> TestClient:
    """Return a browser in a separate network, without a key."""
    number = zlib.crc32(request.node.name.encode()) % 200
    return TestClient(site, follow_redirects=False, client=(f"198.51.100.{number}", 1))


def jpeg_of(picture: ByteArray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def test_anybody_learns_who_may_use_a_picture_and_until_when(anybody: TestClient, published: Published) -> None:
    found = anybody.post("/v1/verify", files={"file": ("x.jpg", published.content)}).json()
    assert (found["verdict"], found["state"], found["found_by"]) == ("authentic", "valid", "manifest")
    assert found["licence"]["seller"] == SELLER.seller
    assert found["licence"]["id"] == published.licence.id
    assert "seller_id" not in found["licence"]


def test_a_stripped_copy_is_recognised_a_changed_file_and_a_foreign_picture_are_told(
    anybody: TestClient, published: Published
) -> None:
    changed = bytearray(published.content)
    changed[-200] ^= 1
    foreign = np.random.default_rng(1).integers(0, 255, (300, 300, 3), np.uint8)
    files = {"copy": jpeg_of(published.picture[20:, 30:]), "altered": bytes(changed), "unknown": jpeg_of(foreign)}
    for verdict, content in files.items():
        answer = anybody.post("/v1/verify", files={"file": ("x.jpg", content)}).json()
        assert answer["verdict"] == verdict, answer


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "photo_unreadable"),
        (b"no picture" * 50, 422, "photo_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", 422, "photo_unreadable"),
        (b"\xff\xd8\xff\xe0" + bytes(5000), 422, "photo_unreadable"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(4000), 422, "photo_unreadable"),
        (b"\x89PNG" + bytes(MOST_BYTES), 413, "body_too_large"),
    ],
    ids=["empty", "text", "svg", "broken jpeg", "broken film", "too large"],
)
def test_hostile_files_are_refused_in_one_sentence(anybody: TestClient, content: bytes, status: int, code: str) -> None:
    answer = anybody.post("/v1/verify", files={"file": ("../../x\r\n.jpg", content)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    page = anybody.post("/verify", files={"file": ("x.jpg", content)})
    assert page.status_code in {status, 200}
    assert "Traceback" not in page.text


def test_a_picture_of_very_many_pixels_is_refused(anybody: TestClient) -> None:
    stream = io.BytesIO()
    Image.new("1", (8_000, 6_000)).save(stream, "PNG")
    answer = anybody.post("/v1/verify", files={"file": ("x.png", stream.getvalue())})
    assert (answer.status_code, answer.json()["code"]) == (413, "photo_too_large")


def test_who_asks_too_often_is_told_when_to_come_back(site: FastAPI) -> None:
    often = TestClient(site, client=("203.0.113.9", 1))
    answers = [often.post("/v1/verify", files={"file": ("x", b"none")}) for _ in range(VERIFIED_A_MINUTE + 1)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    other = TestClient(site, client=("203.0.113.10", 1))
    assert other.post("/v1/verify", files={"file": ("x", b"none")}).status_code == 422


def test_a_house_with_many_addresses_counts_as_one_network() -> None:
    assert network_of("2001:db8:1:2::5") == network_of("2001:db8:1:2:ffff::9") != network_of("2001:db8:1:3::5")
    assert network_of("198.51.100.7") == network_of("::ffff:198.51.100.7") == "198.51.100.7"


def test_the_page_says_the_verdict_first_and_escapes_what_others_wrote(
    anybody: TestClient, published: Published
) -> None:
    form = anybody.get("/verify")
    assert '<input id="file" name="file" type="file"' in form.text
    page = anybody.post("/verify", files={"file": ("x.jpg", published.content)})
    assert page.status_code == 200
    assert '<h1 class="verdict">Authentic</h1>' in page.text
    assert "Atelier &lt;b&gt;Ångström&lt;/b&gt;" in page.text
    assert f'href="/licence/{published.licence.id}"' in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    chinese = anybody.get("/verify?language=zh")
    assert 'lang="zh-CN"' in chinese.text


def test_the_page_answers_no_form_of_another_site(anybody: TestClient, published: Published) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert anybody.post("/verify", files={"file": ("x", published.content)}, headers=headers).status_code == 403


def test_a_licence_is_shown_by_its_whole_id_only_and_its_revocation_too(
    anybody: TestClient, publisher: Publisher, other_shot: Shot
) -> None:
    licence = publisher.publish(other_shot, "jpeg", SELLER).licence
    shown = anybody.get(f"/v1/licences/{licence.id}").json()
    assert shown["state"] == "valid"
    assert shown["certificate"]["licence"]["id"] == licence.id
    page = anybody.get(f"/licence/{licence.id}")
    assert "Atelier &lt;b&gt;Ångström&lt;/b&gt;" in page.text
    for part in (licence.id[:20], "0" * 32, "%", "x" * 60):
        assert anybody.get(f"/v1/licences/{part}").json()["code"] == "licence_unknown"
        assert anybody.get(f"/licence/{part}").status_code == 404
    with publisher.database.transaction() as session:
        revoke(session, licence.id, "sold <elsewhere>", "operator")
    assert anybody.get(f"/v1/licences/{licence.id}").json()["state"] == "revoked"
    assert "revoked: sold &lt;elsewhere&gt;" in anybody.get(f"/licence/{licence.id}").text


def test_the_root_certificate_is_public_so_that_others_can_check(anybody: TestClient, published: Published) -> None:
    root = load_pem_x509_certificate(anybody.get("/v1/rights/root").content)
    shown = anybody.get(f"/v1/licences/{published.licence.id}").json()["certificate"]
    assert check_certificate(shown, [root]) == published.licence


def test_a_damaged_film_is_named_as_the_file_not_by_a_path_of_the_server(anybody: TestClient) -> None:
    film = b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + b"\0" * 2000
    answer = anybody.post("/v1/verify", files={"file": ("film.mp4", film)})
    assert answer.status_code == 422, answer.text
    assert answer.json()["message"].startswith("The file cannot be read (it is no film")
