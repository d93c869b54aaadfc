"""Data in a published picture, in every file format, as third-party programs read it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from c2pa import Reader
from PIL import Image

from vmodel.config import Settings
from vmodel.core.files import FORMATS, encode_picture, sha256_of
from vmodel.publishing.clip_publisher import publish_clip
from vmodel.publishing.publisher import Holder, Published, Publisher
from vmodel.rights.errors import LicenceRevoked
from vmodel.rights.fingerprint.pixel_hash import pixels_sha256
from vmodel.rights.licence.certificate import RESEARCH_USES, Terms, check_certificate, describe_terms
from vmodel.rights.provenance.c2pa import MARK_ALGORITHM, MIME_TYPES, Trust, read_provenance
from vmodel.rights.registry.queries import renditions, revoke
from vmodel.rights.registry.tables import RegisteredShot, Rendition
from vmodel.rights.verification.verifier import Verifier
from vmodel.rights.watermark.codec import embed_mark
from vmodel.shot.pipeline_interface import GeneratedImage, Shot
from vmodel.types import ByteArray

Publish = Callable[[str], Published]
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format_is_trusted_with_our_root_and_well_formed_without(
    publish: Publish, publisher: Publisher, file_format: str
) -> None:
    published = publish(file_format)
    mime, root = MIME_TYPES[file_format], publisher.authority.root_pem
    ours = read_provenance(published.content, mime, root)
    assert ours is not None
    assert (ours.trust, ours.faults) == (Trust.TRUSTED, ())
    assert ours.mark == published.licence.mark
    assert check_certificate(ours.certificate or {}, [publisher.authority.root]) == published.licence
    stranger = read_provenance(published.content, mime, None)
    assert stranger is not None
    assert (stranger.trust, stranger.faults) == (Trust.WELL_FORMED, ("signingCredential.untrusted",))


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_manifest_is_given_back_from_the_registry_after_stripping(
    publish: Publish, publisher: Publisher, file_format: str
) -> None:
    published = publish(file_format)
    stripped = encode_picture(published.picture, file_format)
    mime = MIME_TYPES[file_format]
    assert read_provenance(stripped, mime, None) is None
    with publisher.database.transaction() as session:
        kept = renditions(session, published.licence.id)[0].manifest
    found = read_provenance(stripped, mime, publisher.authority.root_pem, kept)
    assert found is not None
    assert check_certificate(found.certificate or {}, [publisher.authority.root]) == published.licence
    # The signature is intact; only the bytes around it differ.
    assert {fault.rsplit(".", 1)[-1] for fault in found.faults} == {"mismatch"}


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_manifest_names_the_garment_photo_the_mark_and_the_ban_on_training(
    publish: Publish, examples: Path, file_format: str
) -> None:
    published = publish(file_format)
    with Reader(MIME_TYPES[file_format], io.BytesIO(published.content)) as reader:
        manifest = reader.get_active_manifest()
    assert manifest is not None
    (photo,) = manifest["ingredients"]
    assert photo["relationship"] == "inputTo"
    assert photo["instance_id"] == f"urn:sha256:{sha256_of(examples / 'logo-tee.jpg')}"
    assert "thumbnail" not in photo
    said = {each["label"]: each["data"] for each in manifest["assertions"]}
    created, marked = said["c2pa.actions.v2"]["actions"]
    assert (created["action"], created["digitalSourceType"]) == ("c2pa.created", TRAINED)
    assert [each["url"].endswith(photo["label"]) for each in created["parameters"]["ingredients"]] == [True]
    assert marked["action"] == "c2pa.watermarked.bound"
    binding = said["c2pa.soft-binding"]
    assert (binding["alg"], binding["blocks"][0]["value"]) == (MARK_ALGORITHM, published.licence.mark)
    uses = {name: entry["use"] for name, entry in said["cawg.training-mining"]["entries"].items()}
    asked = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
    assert uses == {f"cawg.{use}": "notAllowed" for use in asked}


def xmp_of(content: bytes) -> ET.Element:
    with Image.open(io.BytesIO(content)) as opened:
        packet = opened.info.get("xmp") or opened.info["XML:com.adobe.xmp"]
    return ET.fromstring(packet)


@pytest.mark.parametrize("file_format", FORMATS)
def test_xmp_is_in_the_file_and_says_what_platforms_look_for(publish: Publish, file_format: str) -> None:
    published = publish(file_format)
    root = xmp_of(published.content)
    texts = {element.tag.split("}")[1]: (element.text or "") for element in root.iter()}
    assert texts["DigitalSourceType"] == TRAINED
    assert texts["AISystemUsed"] == "vmodel draft"
    assert texts["Marked"] == "True"
    assert texts["WebStatement"] == f"https://shop.example/licence/{published.licence.id}"
    assert texts["DataMining"].endswith("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING")
    assert texts["Credit"] == "Atelier Ångström & Söhne"
    assert texts["LicensorURL"] == "https://shop.example"
    label = json.loads(texts["AIGC"])
    assert label["Label"] == "1"
    assert label["ProduceID"] == published.licence.id
    assert set(label) >= {"ContentProducer", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2"}


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="no exiftool here; install libimage-exiftool-perl")
@pytest.mark.parametrize("file_format", [*FORMATS, "mp4"])
def test_exiftool_reads_every_field(
    publish: Publish, publisher: Publisher, worn_shot: Shot, tmp_path: Path, file_format: str
) -> None:
    if file_format == "mp4":
        path, published = publish_clip(publisher, worn_shot, [worn_shot.picture] * 2, 25, tmp_path, "film")
    else:
        published = publish(file_format)
        path = tmp_path / f"picture{FORMATS[file_format]}"
        path.write_bytes(published.content)
    licence = published.licence
    said = subprocess.run(["exiftool", "-j", "-n", "-G1", "-XMP:all", str(path)], capture_output=True, check=True)
    (found,) = json.loads(said.stdout)
    del found["SourceFile"]
    aigc = json.loads(found.pop("XMP-TC260:AIGC", None) or found.pop("XMP-TC260:Aigc"))
    assert found == {
        "XMP-iptcExt:DigitalSourceType": TRAINED,
        "XMP-iptcExt:AISystemUsed": "vmodel draft",
        "XMP-xmpRights:Marked": True,
        "XMP-xmpRights:WebStatement": f"https://shop.example/licence/{licence.id}",
        "XMP-xmpRights:UsageTerms": describe_terms(licence),
        "XMP-plus:DataMining": "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
        "XMP-plus:LicensorName": licence.issuer,
        "XMP-plus:LicensorURL": "https://shop.example",
        "XMP-photoshop:Credit": licence.seller,
        "XMP-dc:Creator": licence.issuer,
        "XMP-dc:Identifier": f"urn:vmodel:licence:{licence.id}",
        "XMP-dc:Rights": f"© {licence.seller}",
    }
    assert aigc == {
        "Label": "1",
        "ContentProducer": licence.issuer,
        "ProduceID": licence.id,
        "ReservedCode1": "",
        "ContentPropagator": licence.seller,
        "PropagateID": licence.id,
        "ReservedCode2": "",
    }


def test_a_png_holds_exactly_the_pixels_that_were_licensed(publish: Publish, worn_shot: Shot) -> None:
    published = publish("png")
    with Image.open(io.BytesIO(published.content)) as opened:
        pixels = np.asarray(opened)
    assert pixels_sha256(pixels) == published.licence.picture_sha256
    difference = pixels.astype(float) - worn_shot.picture
    assert 0 < np.mean(difference**2) < 255**2 / 10**4.2


def test_a_transparent_picture_stays_transparent(publisher: Publisher, worn_shot: Shot) -> None:
    alpha = np.zeros((*worn_shot.picture.shape[:2], 1), np.uint8)
    alpha[100:500, 100:400] = 255
    shot = replace(worn_shot, generated=GeneratedImage(np.concatenate([worn_shot.picture, alpha], 2), "draft"))
    for file_format in ("png", "webp", "avif"):
        with Image.open(io.BytesIO(publisher.publish(shot, file_format).content)) as opened:
            assert opened.mode == "RGBA"
            assert opened.getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("photo", [b"", b"\xff\xd8\xff damaged", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 99])
def test_an_odd_garment_photo_does_not_keep_a_picture_from_being_signed(
    publisher: Publisher, worn_shot: Shot, tmp_path: Path, photo: bytes
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    source = replace(worn_shot.request.garment, photo=path)
    shot = replace(worn_shot, request=replace(worn_shot.request, garment=source))
    found = read_provenance(publisher.publish(shot, "jpeg").content, "image/jpeg", publisher.authority.root_pem)
    assert found is not None
    assert found.trust is Trust.TRUSTED


def test_the_same_work_in_two_formats_is_one_licence_with_two_files(publish: Publish, publisher: Publisher) -> None:
    png, jpeg, again = publish("png"), publish("jpeg"), publish("png")
    assert png.licence == jpeg.licence == again.licence
    assert np.array_equal(png.picture, again.picture)
    with publisher.database.transaction() as session:
        assert {each.file_format for each in renditions(session, png.licence.id)} == {"png", "jpeg"}


def test_a_work_published_again_where_the_mark_is_rounded_otherwise_is_still_authentic(
    publish: Publish, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish("png")

    def rounded_otherwise(picture: ByteArray, payload: int, key: bytes) -> ByteArray:
        marked = embed_mark(picture, payload, key)
        marked[5, 5] ^= 1
        return marked

    monkeypatch.setattr("vmodel.publishing.publisher.embed_mark", rounded_otherwise)
    again = publish("png")
    assert again.licence == first.licence
    assert not np.array_equal(again.picture, first.picture)
    for published in (first, again):
        assert verifier.verify(published.content, "shot.png").verdict == "authentic"


def test_another_seller_gets_another_licence_and_another_mark(
    publish: Publish, publisher: Publisher, worn_shot: Shot
) -> None:
    ours, theirs = publish("png").licence, publisher.publish(worn_shot, "png", Holder("b", "B", Terms())).licence
    assert ours.id != theirs.id
    assert ours.mark != theirs.mark


def test_an_identical_installation_makes_the_same_pixels(
    publish: Publish, publisher: Publisher, worn_shot: Shot
) -> None:
    first = publish("png")
    with publisher.database.transaction() as session:
        session.query(Rendition).delete()
        session.query(RegisteredShot).delete()
    assert np.array_equal(publish("png").picture, first.picture)


def test_weights_for_research_only_leave_no_right_to_sell(publisher: Publisher, worn_shot: Shot) -> None:
    shot = replace(worn_shot, generated=GeneratedImage(worn_shot.picture, "research"))
    licence = publisher.publish(shot, "png").licence
    assert licence.permitted_uses == RESEARCH_USES
    assert any(each.research_only for each in licence.weights)


def test_the_settings_give_territory_and_term(worn_shot: Shot, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, licence_territory="European Union", licence_months=24, seller="Boutique")
    licence = Publisher(settings, lambda name: ()).publish(worn_shot, "png").licence
    assert (licence.seller, licence.territory) == ("Boutique", "European Union")
    assert int(licence.valid_until[:4]) == int(licence.valid_from[:4]) + 2


def test_a_revoked_picture_is_not_published_again(publish: Publish, publisher: Publisher) -> None:
    licence = publish("png").licence
    with publisher.database.transaction() as session:
        revoke(session, licence.id, "wrong garment", "operator")
    with pytest.raises(LicenceRevoked, match="wrong garment"):
        publish("png")
