"""Copies among other people's pictures are found, ranked, and proven."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from PIL import Image

from tests.support.https_shop import HOST, ShopFront
from vmodel.core.hashing import canonical_json
from vmodel.core.video import write_film
from vmodel.publishing.publisher import Published, Publisher
from vmodel.rights.errors import EvidenceUnreadable
from vmodel.rights.licence.certificate import check_certificate
from vmodel.rights.provenance.c2pa import read_provenance
from vmodel.rights.registry.queries import renditions
from vmodel.rights.verification.copy_monitor import search, write_report
from vmodel.rights.verification.crawl_sources import open_source
from vmodel.rights.verification.takedown_package import write_pack
from vmodel.rights.verification.verifier import Verifier
from vmodel.shot.pipeline_interface import Shot

Publish = Callable[[str], Published]


@pytest.fixture
def crawl(publish: Publish, worn_shot: Shot, other_shot: Shot, tmp_path: Path) -> Path:
    """Return a crawled folder: stolen pictures, a stranger's picture, a broken one and another file."""
    folder = tmp_path / "crawl <b>"
    (folder / "shop").mkdir(parents=True)
    stolen = Image.fromarray(publish("png").picture)
    stolen.crop((20, 30, 460, 600)).save(folder / "shop" / "stolen.jpg", quality=75)
    small = Image.fromarray(worn_shot.picture).resize((240, 320))
    small.save(folder / "shop" / "painted over.jpg", quality=60)
    Image.fromarray(other_shot.picture).save(folder / "stranger.jpg", quality=80)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n")
    (folder / "readme.txt").write_text("no picture")
    return folder


def test_copies_in_a_folder_are_found_and_shown_beside_their_originals(crawl: Path, verifier: Verifier) -> None:
    found = search(open_source(crawl, ()), verifier)
    assert found.looked_at == 3
    assert [match.where for match in found.matches] == ["shop/stolen.jpg", "shop/painted over.jpg"]
    assert [match.found.found_by for match in found.matches] == ["mark", "likeness"]
    assert all(match.alike > 0.9 for match in found.matches)
    assert [where for where, _ in found.passed_over] == ["broken.png"]
    report = write_report(found, crawl.name)
    assert report.count("<img") == 4
    assert "crawl &lt;b&gt;" in report
    assert "http" not in report.replace("http-equiv", "")


def test_films_in_a_folder_are_recognised_by_the_mark_or_by_what_a_frame_shows(
    publish: Publish, worn_shot: Shot, other_shot: Shot, tmp_path: Path, verifier: Verifier
) -> None:
    folder, marked = tmp_path / "films", publish("png").picture
    folder.mkdir()
    for name, picture in (
        ("marked.mp4", marked),
        ("stranger.mp4", other_shot.picture),
        ("unmarked.MP4", worn_shot.picture),
    ):
        write_film(folder / name, [np.ascontiguousarray(picture[..., :3])] * 2, 25)
    found = search(open_source(folder, ()), verifier)
    assert found.looked_at == 3
    assert not found.passed_over
    assert [(match.where, match.found.found_by) for match in found.matches] == [
        ("marked.mp4", "mark"),
        ("unmarked.MP4", "likeness"),
    ]
    assert all(match.alike > 0.9 for match in found.matches)
    assert write_report(found, "films").count("<img") == 4


def test_a_zip_is_read_and_its_names_lead_nowhere(crawl: Path, tmp_path: Path) -> None:
    path = tmp_path / "crawl.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(crawl.rglob("*.*g")):
            archive.write(file, f"../../{file.relative_to(crawl)}")
    before = sorted(tmp_path.rglob("*"))
    found = {each.where: each.content for each in open_source(path, ())}
    assert found["../../stranger.jpg"] == (crawl / "stranger.jpg").read_bytes()
    assert len(found) == 4
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, examples: Path, verifier: Verifier) -> None:
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl" / "link.jpg").symlink_to(examples / "logo-tee.jpg")
    found = search(open_source(tmp_path / "crawl", ()), verifier)
    assert found.passed_over == (("link.jpg", "leads out of the folder"),)


def test_only_https_addresses_of_allowed_hosts_are_asked(tmp_path: Path) -> None:
    path = tmp_path / "feed.txt"
    lines = ["http://shop.example/a.jpg", "https://other.example/a.jpg", "https://shop.example@evil.example/a.jpg"]
    lines += ["https://user@shop.example/a.jpg", "file:///etc/passwd", "https://[bad", "# a comment", ""]
    path.write_text("\n".join(lines))
    found = list(open_source(path, ["shop.example"]))
    assert len(found) == 6
    assert all(each.content is None for each in found)


def test_a_feed_of_a_shop_is_fetched_and_its_copies_are_found(
    crawl: Path, verifier: Verifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = 1_000_000
    monkeypatch.setattr("vmodel.rights.verification.crawl_sources._MAX_BYTES", large)
    files = {f"/{name}": (crawl / name).read_bytes() for name in ("shop/stolen.jpg", "stranger.jpg")}
    with ShopFront(tmp_path, files | {"/large.jpg": bytes(large + 1)}, {"/moved.jpg": "/stranger.jpg"}) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        feed = tmp_path / "feed.txt"
        names = [*files, "/large.jpg", "/moved.jpg", "/sold.jpg"]
        feed.write_text("# new arrivals\n" + "\n".join(f"{shop.url}{name}" for name in names))
        # A mere claim to be the host is not believed.
        assert all(each.content is None for each in open_source(feed, [HOST]))
        assert shop.asked == []
        found = search(open_source(feed, [HOST], shop.trusted), verifier)
        shop.shutdown()
    assert shop.asked == names
    assert [match.where for match in found.matches] == [f"{shop.url}/shop/stolen.jpg"]
    assert found.matches[0].content == files["/shop/stolen.jpg"]
    assert found.looked_at == 2
    assert [(where.removeprefix(shop.url), why) for where, why in found.passed_over] == [
        ("/large.jpg", "larger than 80 megabytes"),
        ("/moved.jpg", "answers with status 302"),
        ("/sold.jpg", "answers with status 404"),
    ]


def test_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    for path in (tmp_path / "a.pdf", tmp_path / "none"):
        with pytest.raises(EvidenceUnreadable):
            open_source(path, ())


def test_a_takedown_pack_proves_the_copy_to_somebody_who_has_only_the_root(
    crawl: Path, publish: Publish, publisher: Publisher, verifier: Verifier
) -> None:
    match = search(open_source(crawl / "shop", ()), verifier).matches[0]
    with zipfile.ZipFile(io.BytesIO(write_pack(match, verifier, publisher.authority))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    root = x509.load_pem_x509_certificate(files["root.pem"])
    licence = check_certificate(json.loads(files["certificate.json"]), [root])
    assert licence == publish("png").licence
    signed = json.loads(files["evidence.json"])
    leaf = x509.load_der_x509_certificate(base64.b64decode(signed["signature"]["certificate"]))
    leaf.verify_directly_issued_by(root)
    evidence = signed["evidence"]
    leaf.public_key().verify(base64.b64decode(signed["signature"]["value"]), canonical_json(evidence))  # type: ignore[union-attr, call-arg]
    assert evidence["files_sha256"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "evidence.json"
    }
    assert set(files) == {
        *("certificate.json", "certificate.html", "registration.json", "manifest.c2pa", "comparison.html"),
        *("found.bin", "original.jpg", "notice.txt", "root.pem", "evidence.json"),
    }
    moments = [entry["at"] for entry in evidence["timeline"]]
    assert moments == sorted(moments)
    with publisher.database.transaction() as session:
        first = renditions(session, licence.id)[0].file_sha256
    whats = [entry["what"] for entry in evidence["timeline"]]
    assert whats == ["published", f"file {first} made", "copy seen at stolen.jpg"]
    assert json.loads(files["registration.json"])["workFingerPrint"] == [first.upper()]
    # The copy lost its manifest; the pack's manifest states what was signed, and that the copy is another file.
    given_back = read_provenance(files["found.bin"], "image/jpeg", files["root.pem"].decode(), files["manifest.c2pa"])
    assert given_back is not None
    assert check_certificate(given_back.certificate or {}, [root]) == licence
    assert files["comparison.html"].decode().count("<img") == 2
    assert files["found.bin"] == (crawl / "shop" / "stolen.jpg").read_bytes()
    assert "stolen.jpg" in files["notice.txt"].decode()
    with Image.open(io.BytesIO(files["original.jpg"])) as opened:
        assert np.asarray(opened).shape == (640, 480, 3)
