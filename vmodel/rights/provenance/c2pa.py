"""Content Credentials (C2PA 2) in the picture itself: who made it, from what, under which licence, signed by the leaf.

Signing comes last: the signature binds every byte of the file, so that any change is detected.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from c2pa import Builder, C2paError, C2paSignerInfo, Context, Reader, Settings, Signer

from vmodel.rights.errors import TimeStampRefused
from vmodel.rights.provenance.keys import Authority
from vmodel.rights.provenance.xmp import DIGITAL_SOURCE

MIME_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "mp4": "video/mp4",
}
"""File format -> media type; the formats that can be signed."""
LICENCE_LABEL = "org.vmodel.licence"
MARK_ALGORITHM = "org.vmodel.tiled-spread-spectrum.1"
"""Name of the soft binding: the invisible mark's algorithm and version."""
RESIZED = "c2pa.resized"
_GARMENT = "garment-photo"


class Trust(StrEnum):
    """Trust level of a file's manifest."""

    TRUSTED = "trusted"
    WELL_FORMED = "well-formed"
    BROKEN = "broken"


@dataclass(frozen=True)
class Provenance:
    """Content of a file's manifest.

    Attributes:
        trust: trusted by our root; well-formed but signed by somebody else; or broken.
        certificate: the licence inside, not yet checked; None for none.
        mark: hexadecimal payload that the picture was bound to; empty for none.
        faults: codes of C2PA that failed.
        resized: the signer says that the picture was made smaller or framed after its licence was given.
    """

    trust: Trust
    certificate: dict[str, Any] | None
    mark: str
    faults: tuple[str, ...]
    resized: bool


def sign_picture(
    content: bytes,
    file_format: str,
    authority: Authority,
    certificate: Mapping[str, Any],
    garment_photo: Path | None = None,
    tsa_url: str | None = None,
    resized: bool = False,
) -> tuple[bytes, bytes]:
    """Put a signed manifest into an encoded picture.

    Args:
        content: the file so far, including XMP.
        file_format: a key of ``MIME_TYPES``.
        authority: signs.
        certificate: the signed licence that goes inside.
        garment_photo: the flat-lay, named as ingredient by its hash; the photo itself does not go in.
        tsa_url: time-stamp authority (RFC 3161), asked over the network; None for no time stamp.
        resized: the picture was made smaller or framed after its licence was given.
    Returns:
        (the file with its manifest, the manifest alone as it can be given back to a stripped file).
    Raises:
        TimeStampRefused: the authority cannot be reached, or answers with no time stamp.
    """
    # Unlike a callback, the key itself lets the library leave exactly as much room as the signature takes.
    key, chain = authority.key_pem, authority.chain_pem.encode()
    stamp = tsa_url.encode() if tsa_url else None
    photo = None if garment_photo is None else garment_photo.read_bytes()
    for ingredient in dict.fromkeys((photo if photo and sniff_mime(photo) else None, None)):
        try:
            with Signer.from_info(C2paSignerInfo(b"ed25519", chain, key, stamp)) as signer:
                return _sign(content, MIME_TYPES[file_format], signer, certificate, ingredient, resized)
        except C2paError:
            # A photo may carry a manifest that cannot be parsed; the licence still has the photo's hash.
            if ingredient is not None:
                continue
            if tsa_url is not None:
                raise TimeStampRefused(tsa_url) from None
            raise
    raise AssertionError("the last try has no ingredient")


def _sign(
    content: bytes,
    mime: str,
    signer: Signer,
    certificate: Mapping[str, Any],
    photo: bytes | None,
    resized: bool,
) -> tuple[bytes, bytes]:
    manifest = _manifest(certificate, mime, photo is not None, resized)
    signed = io.BytesIO()
    with Context(Settings.from_dict(_settings(None))) as context, Builder(manifest, context=context) as builder:
        if photo is not None:
            name = f"urn:sha256:{hashlib.sha256(photo).hexdigest()}"
            described = {"title": "garment photo", "instance_id": name, "relationship": "inputTo", "label": _GARMENT}
            builder.add_ingredient(described, sniff_mime(photo), io.BytesIO(photo))
        alone = builder.sign(signer, mime, io.BytesIO(content), signed)
    return signed.getvalue(), alone


def sniff_mime(content: bytes) -> str:
    """Return the media type by a file's first bytes, of the formats that can carry a manifest; "" for others."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] != b"ftyp":
        return ""
    return "image/avif" if content[8:12] in {b"avif", b"mif1"} else "video/mp4"


def read_provenance(
    content: bytes, mime: str, root_pem: str | None, manifest: bytes | None = None
) -> Provenance | None:
    """Read and check a file's manifest.

    Args:
        content: the file.
        mime: its media type.
        root_pem: certificates of the roots that are trusted; None for none.
        manifest: one that was kept elsewhere, for a file that lost its own.
    Returns:
        None if there is no manifest, or none that can be parsed.
    """
    with Context(Settings.from_dict(_settings(root_pem))) as context:
        try:
            reader = Reader.try_create(mime, io.BytesIO(content), manifest_data=manifest, context=context)
            if reader is None:
                return None
            with reader:
                return _provenance(reader)
        except Exception:
            # The library has one error class for everything, and a hostile manifest may hold anything anywhere;
            # whatever it was, nothing signed can be read here.
            return None


def _provenance(reader: Reader) -> Provenance:
    active = reader.get_active_manifest() or {}
    assertions = {each["label"]: each.get("data", {}) for each in active.get("assertions", ())}
    results = (reader.get_validation_results() or {}).get("activeManifest", {})
    faults = tuple(each["code"] for each in results.get("failure", ()))
    state = reader.get_validation_state()
    trust = {"Trusted": Trust.TRUSTED, "Valid": Trust.WELL_FORMED}.get(str(state), Trust.BROKEN)
    blocks = assertions.get("c2pa.soft-binding", {}).get("blocks", [])
    mark = str(blocks[0].get("value", "")) if blocks else ""
    actions = assertions.get("c2pa.actions.v2", {}).get("actions", [])
    resized = any(each.get("action") == RESIZED for each in actions)
    return Provenance(trust, assertions.get(LICENCE_LABEL), mark, faults, resized)


def _settings(root_pem: str | None) -> dict[str, Any]:
    trust = {} if root_pem is None else {"trust": {"trust_anchors": root_pem}}
    return {
        "version": 1,
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
        **trust,
    }


def _manifest(certificate: Mapping[str, Any], mime: str, has_ingredient: bool, resized: bool) -> str:
    licence = certificate["licence"]
    created: dict[str, Any] = {"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE}
    if has_ingredient:
        created["parameters"] = {"ingredientIds": [_GARMENT]}
    actions = [created, {"action": "c2pa.watermarked.bound"}, *([{"action": RESIZED}] if resized else [])]
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": actions}},
        {
            "label": "c2pa.soft-binding",
            "data": {"alg": MARK_ALGORITHM, "blocks": [{"scope": {}, "value": licence["mark"]}]},
        },
        {"label": "cawg.training-mining", "data": {"entries": _no_training()}},
        {"label": LICENCE_LABEL, "data": dict(certificate)},
    ]
    manifest = {
        "claim_generator_info": [{"name": "vmodel", "version": version("vmodel")}],
        "title": f"licence {licence['id']}",
        "format": mime,
        "assertions": assertions,
    }
    return json.dumps(manifest, ensure_ascii=False)


def _no_training() -> dict[str, dict[str, str]]:
    uses = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
    return {f"cawg.{use}": {"use": "notAllowed"} for use in uses}
