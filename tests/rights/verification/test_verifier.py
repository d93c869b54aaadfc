"""Public verification of a picture, and forgeries that it must detect."""

from __future__ import annotations

import copy
import io
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.core.files import encode_picture
from vmodel.errors import UnreadablePhoto
from vmodel.publishing.marketplaces import MARKETPLACES, encode_for
from vmodel.publishing.publisher import Published, Publisher, save_published
from vmodel.publishing.sidecar import record_sha256
from vmodel.rights.errors import RightsKeysMissing
from vmodel.rights.fingerprint.pixel_hash import pixels_sha256
from vmodel.rights.licence.certificate import moment_text, sign_licence
from vmodel.rights.provenance.c2pa import sign_picture
from vmodel.rights.provenance.keys import Authority, open_authority, rotate_leaf, rotate_mark_key
from vmodel.rights.registry.queries import revoke
from vmodel.rights.verification.result import Verification
from vmodel.rights.verification.trace import trace
from vmodel.rights.verification.verifier import Verifier, verify_paper
from vmodel.rights.watermark.codec import embed_mark
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import ByteArray

Publish = Callable[[str], Published]


def copied(picture: ByteArray, quality: int = 80) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp", "avif"])
def test_a_published_picture_is_authentic_and_says_who_may_use_it(
    publish: Publish, verifier: Verifier, file_format: str
) -> None:
    found = verifier.verify(publish(file_format).content, "picture")
    assert (found.verdict, found.state, found.found_by) == ("authentic", "valid", "manifest")
    assert found.licence is not None
    assert found.licence.seller == "Atelier Ångström & Söhne"
    assert json.loads(json.dumps(found.to_json()))["verdict"] == "authentic"


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp", "avif"])
def test_a_flipped_bit_is_found_wherever_it_is(publish: Publish, verifier: Verifier, file_format: str) -> None:
    content, chance = publish(file_format).content, random.Random(file_format)
    signed = range(len(content) // 8) if file_format == "webp" else range(5000)
    places = [chance.choice(signed) for _ in range(20)] + [chance.randrange(len(content)) for _ in range(40)]
    for at in places:
        spoilt = bytearray(content)
        spoilt[at] ^= 1 << chance.randrange(8)
        try:
            found = verifier.verify(bytes(spoilt), "picture")
        except UnreadablePhoto:
            continue
        assert found.verdict != "authentic", at


def test_a_shop_s_smaller_jpeg_is_authentic_under_the_same_licence(
    publish: Publish, publisher: Publisher, verifier: Verifier, tmp_path: Path
) -> None:
    published = publish("png")
    _, sidecar = save_published(published, tmp_path, "picture")
    smaller = encode_for(MARKETPLACES["taobao"], published.picture)
    authorised = publisher.authorise_rendition(sidecar, smaller)
    found = verifier.verify(authorised, "shop.jpg")
    assert (found.verdict, found.licence) == ("authentic", published.licence)
    with Image.open(io.BytesIO(authorised)) as opened:
        assert published.licence.id in opened.info["xmp"].decode()
        assert np.array_equal(np.asarray(opened), np.asarray(Image.open(io.BytesIO(smaller))))


def test_a_stripped_copy_is_recognised_by_its_pixels(publish: Publish, verifier: Verifier) -> None:
    found = verifier.verify(encode_picture(publish("png").picture, "png"), "stripped.png")
    assert (found.verdict, found.found_by, found.state) == ("copy", "pixels", "valid")


def test_a_recompressed_and_cropped_copy_is_recognised_by_its_mark(publish: Publish, verifier: Verifier) -> None:
    published = publish("png")
    for picture in (published.picture, published.picture[60:600, 30:450]):
        found = verifier.verify(copied(np.ascontiguousarray(picture)), "stolen.jpg")
        assert (found.verdict, found.found_by) == ("copy", "mark")
        assert found.licence == published.licence


def test_a_copy_whose_mark_was_destroyed_is_recognised_by_what_it_shows(
    publish: Publish, publisher: Publisher, verifier: Verifier, worn_shot: Shot, other_shot: Shot
) -> None:
    publisher.publish(other_shot, "png")
    licence = publish("png").licence
    # The picture without its mark, smaller: as if a thief had painted the mark away.
    cleaned = np.asarray(Image.fromarray(worn_shot.picture).resize((240, 320)))
    found = verifier.verify(copied(cleaned, 60), "cleaned.jpg")
    assert (found.verdict, found.found_by) == ("copy", "likeness")
    assert found.licence == licence


def test_another_shot_of_the_same_studio_is_no_copy(publish: Publish, verifier: Verifier, other_shot: Shot) -> None:
    publish("png")
    assert verifier.verify(copied(other_shot.picture), "other.jpg").verdict == "unknown"


def test_a_stranger_s_picture_is_unknown(verifier: Verifier, examples: Path) -> None:
    found = verifier.verify((examples / "logo-tee.jpg").read_bytes(), "logo-tee.jpg")
    assert (found.verdict, found.licence, found.state) == ("unknown", None, "")


def test_a_mark_that_was_moved_to_another_picture_is_found_out(
    publish: Publish, verifier: Verifier, publisher: Publisher, other_shot: Shot
) -> None:
    licence = publish("png").licence
    # The thief knows the difference between marked and unmarked, here exactly, and adds it to another picture.
    moved = embed_mark(other_shot.picture, int(licence.mark, 16), publisher.authority.mark_key)
    found = verifier.verify(copied(moved, 95), "moved.jpg")
    assert found.verdict == "altered"
    assert "another picture" in found.reason


def test_a_mark_counts_only_on_its_own_picture_when_that_was_erased(
    publish: Publish, verifier: Verifier, publisher: Publisher, other_shot: Shot
) -> None:
    published = publish("png")
    verifier.originals.delete(published.licence.id)
    moved = embed_mark(other_shot.picture, int(published.licence.mark, 16), publisher.authority.mark_key)
    found = verifier.verify(copied(moved, 95), "moved.jpg")
    assert (found.verdict, found.licence) == ("unknown", None)
    assert "was erased" in found.reason
    for picture in (published.picture, published.picture[60:600, 30:450]):
        found = verifier.verify(copied(np.ascontiguousarray(picture)), "stolen.jpg")
        assert (found.verdict, found.found_by, found.licence) == ("copy", "mark", published.licence)


def forged_with(thief: Authority, publisher: Publisher, shot: Shot, **changes: str) -> tuple[bytes, dict[str, Any]]:
    """Return a picture that a thief made authentic with a signer's key, and its certificate."""
    genuine = publisher.publish(shot, "png").licence
    changes |= {"seller": "Thief Ltd", "picture_sha256": pixels_sha256(shot.picture)}
    certificate = sign_licence(replace(genuine, **changes), thief)
    return sign_picture(encode_picture(shot.picture, "png"), "png", thief, certificate)[0], certificate


@pytest.mark.parametrize("licence_id", [{}, {"id": "0" * 32}], ids=["a licence of ours", "an id of their own"])
def test_a_stolen_signer_makes_nothing_authentic_where_the_registry_is(
    publisher: Publisher, verifier: Verifier, other_shot: Shot, tmp_path: Path, licence_id: dict[str, str]
) -> None:
    thief = publisher.authority
    forged, certificate = forged_with(thief, publisher, other_shot, **licence_id)
    assert verifier.verify(forged, "forged.png").verdict != "authentic"
    paper = verify_paper(json.dumps(certificate).encode(), tmp_path / "x.json", verifier, record_sha256)
    assert (paper.verdict, paper.licence) == ("altered", None)
    assert "never issued" in paper.reason


def test_a_lost_signer_counts_for_others_until_it_was_lost(
    publish: Publish, publisher: Publisher, other_shot: Shot, tmp_path: Path
) -> None:
    published, thief = publish("png"), publisher.authority
    lost_at = datetime.fromisoformat(published.licence.issued_at) + timedelta(seconds=1)
    moment = moment_text(lost_at + timedelta(hours=1))
    forged, _ = forged_with(thief, publisher, other_shot, id="0" * 32, issued_at=moment)
    authority = rotate_leaf(publisher.settings, lost_at=lost_at)
    rotate_leaf(publisher.settings)  # once more, which keeps the list
    assert authority.withdrawn is not None
    other = Settings(home=tmp_path / "other")
    elsewhere = Verifier(other, open_database(other), [authority.root], [authority.withdrawn])
    assert elsewhere.verify(published.content, "picture.png").verdict == "authentic"
    assert "does not count from" in elsewhere.verify(forged, "forged.png").reason
    here = Verifier(publisher.settings, publisher.database)
    assert here.verify(publish("png").content, "picture.png").verdict == "authentic"
    assert here.withdrawn


def test_a_new_generation_of_the_mark_s_key_leaves_old_pictures_recognised(
    publish: Publish, publisher: Publisher, other_shot: Shot
) -> None:
    old = publish("png")
    before = publisher.authority
    rotated = rotate_mark_key(publisher.settings)
    with pytest.raises(RightsKeysMissing, match="restart"):
        before.mark_key_of(1)
    del publisher.authority  # as after a restart
    assert np.array_equal(publish("png").picture, old.picture), "made again, the same pixels"
    new = publisher.publish(other_shot, "png")
    expected = embed_mark(other_shot.picture, int(new.licence.mark, 16), rotated.mark_keys[1])
    assert np.array_equal(new.picture, expected)
    verifier = Verifier(publisher.settings, publisher.database)
    for published in (old, new):
        found = verifier.verify(copied(published.picture), "copy.jpg")
        assert (found.verdict, found.found_by) == ("copy", "mark")
        assert found.licence == published.licence
    # Whoever stole the old key may not mark what came later.
    stolen = embed_mark(other_shot.picture, int(new.licence.mark, 16), rotated.mark_keys[0])
    assert verifier.verify(copied(stolen, 95), "stolen.jpg").found_by != "mark"


def test_a_licence_copied_into_another_signed_file_is_found_out(
    publish: Publish, verifier: Verifier, other_shot: Shot, tmp_path: Path
) -> None:
    certificate = publish("png").sidecar["certificate"]
    thief = open_authority(Settings(home=tmp_path / "thief"))
    for file_format in ("png", "jpeg"):
        encoded = encode_picture(other_shot.picture, file_format)
        forged, _ = sign_picture(encoded, file_format, thief, certificate)
        found = verifier.verify(forged, "forged")
        assert found.verdict == "altered"
        assert "another picture" in found.reason


def test_a_licence_of_one_picture_replayed_with_our_own_signature_is_found_out(
    publish: Publish, verifier: Verifier, publisher: Publisher, other_shot: Shot
) -> None:
    # Even the holder of the signing key could not give one picture's licence to another one unnoticed.
    certificate = publish("png").sidecar["certificate"]
    replayed, _ = sign_picture(encode_picture(other_shot.picture, "png"), "png", publisher.authority, certificate)
    found = verifier.verify(replayed, "replayed.png")
    assert found.verdict == "altered"


def test_an_installation_that_nobody_trusts_authorises_nothing(
    verifier: Verifier, worn_shot: Shot, tmp_path: Path
) -> None:
    stranger = Publisher(Settings(home=tmp_path / "stranger"), lambda name: ())
    content = stranger.publish(worn_shot, "png").content
    assert verifier.verify(content, "foreign.png").verdict == "unknown"
    trusting = Verifier(verifier.settings, verifier.database, [stranger.authority.root])
    found = trusting.verify(content, "foreign.png")
    assert (found.verdict, found.state) == ("authentic", "unchecked")


def test_a_revoked_licence_is_told_at_once_and_on_every_copy(
    publish: Publish, verifier: Verifier, publisher: Publisher
) -> None:
    published = publish("png")
    with publisher.database.transaction() as session:
        revoke(session, published.licence.id, "garment withdrawn", "operator")
    for content in (published.content, copied(published.picture)):
        found = verifier.verify(content, "picture")
        assert found.state == "revoked"
        assert "garment withdrawn" in found.reason


def test_an_expired_licence_is_told(
    publisher: Publisher, verifier: Verifier, worn_shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    import vmodel.rights.verification.lookup
    from vmodel.core.database import now

    holder = replace(publisher.holder, terms=replace(publisher.holder.terms, months=1))
    content = publisher.publish(worn_shot, "jpeg", holder).content
    monkeypatch.setattr(vmodel.rights.verification.lookup, "now", lambda: now() + timedelta(days=40))
    assert verifier.verify(content, "picture").state == "expired"


def check_sidecar(sidecar: Path, verifier: Verifier) -> Verification:
    return verify_paper(sidecar.read_bytes(), sidecar, verifier, record_sha256)


def test_a_sidecar_is_authentic_until_somebody_edits_it(publish: Publish, verifier: Verifier, tmp_path: Path) -> None:
    _, sidecar = save_published(publish("png"), tmp_path, "picture")
    assert check_sidecar(sidecar, verifier).verdict == "authentic"
    content = json.loads(sidecar.read_text())
    edits: dict[str, tuple[str, str, object]] = {
        "model": ("model", "id", "wm-hana"),
        "garment": ("garment", "category", "dress"),
        "seed": ("request", "seed", 9),
        "photo": ("inputs", "photo", "0" * 64),
    }
    for part, name, value in edits.values():
        edited = copy.deepcopy(content)
        edited[part][name] = value
        sidecar.write_text(json.dumps(edited))
        found = check_sidecar(sidecar, verifier)
        assert found.verdict == "altered", part
    moved = copy.deepcopy(content)
    moved["request"]["garment"]["photo"] = "/elsewhere/photo.jpg"
    sidecar.write_text(json.dumps(moved))
    assert check_sidecar(sidecar, verifier).verdict == "authentic"


def test_a_sidecar_laid_beside_another_picture_is_found_out(
    publish: Publish, publisher: Publisher, verifier: Verifier, other_shot: Shot, tmp_path: Path
) -> None:
    _, sidecar = save_published(publish("png"), tmp_path, "picture")
    (tmp_path / "picture.png").write_bytes(publisher.publish(other_shot, "png").content)
    found = check_sidecar(sidecar, verifier)
    assert found.verdict == "altered"
    assert "another picture" in found.reason


def test_an_edited_certificate_is_altered_and_a_stranger_s_is_unknown(
    publish: Publish, verifier: Verifier, tmp_path: Path
) -> None:
    published, sidecar = publish("png"), tmp_path / "picture.json"
    certificate = copy.deepcopy(published.sidecar["certificate"])
    certificate["licence"]["seller"] = "Somebody else"
    sidecar.write_text(json.dumps(certificate))
    assert check_sidecar(sidecar, verifier).verdict == "altered"
    stranger = open_authority(Settings(home=tmp_path))
    sidecar.write_text(json.dumps(sign_licence(published.licence, stranger)))
    assert check_sidecar(sidecar, verifier).verdict == "unknown"


def test_a_paper_that_is_none_is_unknown(verifier: Verifier, tmp_path: Path) -> None:
    for content in (b"", b"[]", b"{}", b'{"certificate": 7}', b"[" * 100_000, b'{"licence": {}, "signature": 3}'):
        path = tmp_path / "paper.json"
        path.write_bytes(content)
        assert check_sidecar(path, verifier).verdict == "unknown"


def test_the_operator_learns_seller_job_and_licence(publish: Publish, verifier: Verifier) -> None:
    published = publish("jpeg")
    found = trace(copied(published.picture), "stolen.jpg", verifier)
    assert (found.seller_id, found.job_id, found.licence_id) == ("seller-a", "job-7", published.licence.id)
    assert not found.exact_file
    assert trace(published.content, "ours.jpg", verifier).exact_file
