"""Licence certificate: who may use a picture, for what, until when; signed, so that anybody can check it.

A certificate is JSON: ``licence`` holds what was granted, ``signature`` an Ed25519 signature over its canonical form
(RFC 8785) and the X.509 certificate of the key, issued by the installation's root. A check needs nothing but the
root. The canonical form is simple because a licence holds only text, whole numbers, lists and objects.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vmodel.core.hashing import canonical_json
from vmodel.rights.errors import CertificateInvalid
from vmodel.rights.provenance.keys import Authority, name_of

FORMAT = 1
ALGORITHM = "Ed25519"
DEFAULT_USES = ("online shop", "marketplace listing", "advertising", "social media", "print")
RESEARCH_USES = ("evaluation",)
"""Only permitted uses of a picture whose weights are for research only."""


@dataclass(frozen=True)
class Terms:
    """Uses, territory and term that a seller is granted.

    Attributes:
        uses: in plain words.
        territory: where, in plain words.
        months: term from the day of issue; None for no end.
    """

    uses: tuple[str, ...] = DEFAULT_USES
    territory: str = "worldwide"
    months: int | None = None


@dataclass(frozen=True)
class WeightsUsed:
    """Weights of a network that took part in a picture.

    Attributes:
        name: of the file or the repository.
        licence: as its publisher names it.
        revision: hash or commit.
        research_only: pictures made with them may not be sold.
    """

    name: str
    licence: str
    revision: str
    research_only: bool = False


@dataclass(frozen=True)
class Licence:
    """Rights granted for one picture, as text and whole numbers only.

    Attributes:
        id: 32 hexadecimal digits.
        issued_at: instant, ISO 8601 in UTC.
        issuer: organisation of the root.
        seller_id, seller: who may use the picture.
        picture_sha256: of the pixels as published, see ``vmodel.rights.fingerprint.pixel_hash.pixels_sha256``.
        width, height: pixels.
        mark: payload of the invisible mark, hexadecimal.
        record_sha256: of the record of how the picture was made, see ``vmodel.publishing.sidecar.record_sha256``.
        garment_sha256: of the flat-lay photo's file.
        category: of the garment.
        model, model_rights: id of the virtual model, and "invented" or the id of a real person's consent.
        pipeline: that made the picture.
        weights: that took part.
        permitted_uses, territory: see ``Terms``.
        valid_from, valid_until: days, ISO 8601; the last one is "" for no end.
        channel: marketplace whose label the picture carries; "" for none.
    """

    id: str
    issued_at: str
    issuer: str
    seller_id: str
    seller: str
    picture_sha256: str
    width: int
    height: int
    mark: str
    record_sha256: str
    garment_sha256: str
    category: str
    model: str
    model_rights: str
    pipeline: str
    weights: tuple[WeightsUsed, ...]
    permitted_uses: tuple[str, ...]
    territory: str
    valid_from: str
    valid_until: str
    channel: str

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON, with the format number."""
        plain = asdict(self) | {"weights": [asdict(each) for each in self.weights]}
        return {"format": FORMAT, "type": "vmodel licence"} | plain | {"permitted_uses": list(self.permitted_uses)}

    def expired_on(self, day: date) -> bool:
        """Return True if a day is after the last day of the term."""
        return bool(self.valid_until) and day > date.fromisoformat(self.valid_until)


def end_of_term(start: date, months: int | None) -> str:
    """Return the last day of a term, ISO 8601; "" for no end."""
    if months is None:
        return ""
    years, month = divmod(start.month - 1 + months, 12)
    for day in (start.day, 30, 29, 28):
        try:
            return date(start.year + years, month + 1, day).isoformat()
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def describe_terms(licence: Licence) -> str:
    """Describe in one sentence who may use a picture, for what and until when."""
    until = f"until {licence.valid_until}" if licence.valid_until else "without end"
    return (
        f"{licence.seller} may use this picture for {', '.join(licence.permitted_uses)}; {licence.territory}, {until}."
    )


def sign_licence(licence: Licence, authority: Authority) -> dict[str, Any]:
    """Sign a licence and return its certificate."""
    content = licence.to_json()
    der = authority.leaf.public_bytes(serialization.Encoding.DER)
    signature = authority.key.sign(canonical_json(content))
    return {
        "licence": content,
        "signature": {
            "algorithm": ALGORITHM,
            "certificate": base64.b64encode(der).decode(),
            "value": base64.b64encode(signature).decode(),
        },
    }


def check_certificate(
    certificate: Mapping[str, Any],
    roots: Sequence[x509.Certificate],
    withdrawn: Sequence[x509.CertificateRevocationList] = (),
) -> Licence:
    """Check a certificate's signature up to a trusted root, and return its licence.

    Args:
        certificate: from any source; nothing in it is trusted.
        roots: trusted root certificates.
        withdrawn: lists of withdrawn leaves; one counts for the root that signed it.
    Raises:
        CertificateInvalid: it was changed, was signed by somebody else or with a withdrawn key, or is no certificate.
    """
    try:
        content, signature = certificate["licence"], certificate["signature"]
        if signature["algorithm"] != ALGORITHM or content["format"] != FORMAT:
            raise CertificateInvalid("has an unknown format")
        leaf = x509.load_der_x509_certificate(base64.b64decode(signature["certificate"], validate=True))
        value = base64.b64decode(signature["value"], validate=True)
        signed = canonical_json(content)
        licence = _licence(content)
        issued = datetime.fromisoformat(licence.issued_at)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CertificateInvalid(f"is not one of vmodel ({type(error).__name__})") from None
    key = leaf.public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise CertificateInvalid("has a key of another kind")
    try:
        key.verify(value, signed)
    except InvalidSignature:
        raise CertificateInvalid("was changed after it was signed", altered=True) from None
    _check_chain(leaf, roots, licence.issuer, issued, withdrawn)
    return licence


def parse_licence(certificate: Mapping[str, Any]) -> Licence:
    """Return the licence of a certificate that was already checked, such as one from the registry."""
    return _licence(certificate["licence"])


def is_issued_by(certificate: Mapping[str, Any], root: x509.Certificate) -> bool:
    """Return True if a certificate that was checked was signed with a leaf of this root."""
    leaf = x509.load_der_x509_certificate(base64.b64decode(certificate["signature"]["certificate"]))
    return _issued_by(leaf, root)


def _check_chain(
    leaf: x509.Certificate,
    roots: Sequence[x509.Certificate],
    issuer: str,
    issued: datetime,
    withdrawn: Sequence[x509.CertificateRevocationList],
) -> None:
    root = next((root for root in roots if _issued_by(leaf, root)), None)
    if root is None:
        raise CertificateInvalid("is signed by somebody whom this installation does not trust")
    if issuer != name_of(root):
        raise CertificateInvalid("names another issuer than the one that signed it")
    if issued.tzinfo is None or not leaf.not_valid_before_utc <= issued <= leaf.not_valid_after_utc:
        raise CertificateInvalid("was signed with a key outside the key's time")
    for listed in withdrawn:
        entry = listed.get_revoked_certificate_by_serial_number(leaf.serial_number)
        if entry is None or not listed.is_signature_valid(root.public_key()):  # type: ignore[arg-type]
            continue
        if issued >= entry.revocation_date_utc:
            moment = moment_text(entry.revocation_date_utc)
            raise CertificateInvalid(f"was signed with a key that does not count from {moment} on")


def _issued_by(leaf: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError):
        return False
    try:
        # Only a leaf signs licences: a certificate authority below the root would not be one of ours.
        return not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _licence(content: Mapping[str, Any]) -> Licence:
    names = {field.name for field in fields(Licence)}
    if set(content) != names | {"format", "type"}:
        raise ValueError("fields")
    values = {name: content[name] for name in names}
    values["weights"] = tuple(WeightsUsed(**each) for each in content["weights"])
    values["permitted_uses"] = tuple(str(each) for each in content["permitted_uses"])
    for name, value in values.items():
        if not isinstance(value, int if name in {"width", "height"} else str | tuple):
            raise TypeError(name)
    if values["valid_until"]:
        date.fromisoformat(values["valid_until"])
    return Licence(**values)


def moment_text(moment: datetime) -> str:
    """Format an instant as in certificates: ISO 8601, UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
