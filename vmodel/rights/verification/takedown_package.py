"""Evidence of a copy as one ZIP, ready to be attached to a platform's notice form."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import Any

from cryptography.hazmat.primitives import serialization

from vmodel.core.files import encode_picture
from vmodel.core.hashing import canonical_json
from vmodel.rights.licence.certificate import moment_text
from vmodel.rights.provenance.keys import Authority
from vmodel.rights.registry.queries import find_revocation, get_shot, renditions
from vmodel.rights.registry.registration_export import certificate_page, registration_data
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.copy_monitor import CopyMatch, write_comparison
from vmodel.rights.verification.verifier import Verifier


def write_pack(match: CopyMatch, verifier: Verifier, authority: Authority) -> bytes:
    """Write the evidence of a match as a ZIP.

    It holds the certificate (JSON and a page), the registration data, the picture's signed manifest (C2PA), the two
    pictures and a page that shows them side by side, a draft of the notice, the root certificate, and
    ``evidence.json``: hashes of all of these and the timeline, signed by the installation.

    Args:
        match: with a licence of this registry.
        verifier: with the registry.
        authority: signs.
    Raises:
        LicenceUnknown: the registry does not know the licence.
    """
    licence = match.found.licence
    with verifier.database.transaction() as session:
        shot = get_shot(session, "" if licence is None else licence.id)
        files = {
            "certificate.json": shot.certificate.encode(),
            "certificate.html": certificate_page(session, shot, match.original).encode(),
            "registration.json": _pretty(registration_data(session, shot)),
            "comparison.html": write_comparison(match).encode(),
            "root.pem": authority.root_pem.encode(),
        }
        revocation = find_revocation(session, shot.id)
        timeline = [("published", moment_text(shot.created_at))]
        made = renditions(session, shot.id)
        timeline += [(f"file {each.file_sha256} made", moment_text(each.created_at)) for each in made]
        if made:
            # The Content Credentials that the copy lost, as they were signed when the picture was published.
            files["manifest.c2pa"] = made[0].manifest
        if revocation is not None:
            timeline.append((f"licence revoked: {revocation.reason}", moment_text(revocation.revoked_at)))
        timeline.append((f"copy seen at {match.where}", moment_text(match.at)))
    files["found.bin"] = match.content
    if match.original is not None:
        files["original.jpg"] = encode_picture(match.original, "jpeg")
    files["notice.txt"] = write_notice(match, shot).encode()
    evidence = {
        "sighting": {name: str(value) for name, value in match.to_json().items()},
        "timeline": [{"what": what, "at": at} for what, at in timeline],
        "files_sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    files["evidence.json"] = _pretty(_signed(evidence, authority))
    return _zipped(files)


def write_notice(match: CopyMatch, shot: RegisteredShot) -> str:
    """Draft the notice, for the owner to complete and sign."""
    return "\n".join(
        [
            "Notice of a picture used without permission",
            "",
            f"Owner of the rights:      {shot.seller}",
            f"Work:                     picture of a {shot.category}, licence {shot.id}",
            f"First published:          {shot.created_at:%Y-%m-%d %H:%M} UTC",
            f"Where the copy is:        {match.where}",
            f"Seen:                     {match.at:%Y-%m-%d %H:%M} UTC",
            f"How it was recognised:    {match.found.reason} ({match.alike:.0%} of the details agree)",
            f"SHA-256 of the copy:      {match.sha256}",
            *_film_lines(match),
            "",
            "Enclosed: certificate, registration data, comparison, both pictures, signed evidence.",
            "",
            "To be added by the owner: name and address of the sender, a statement of good faith, signature.",
            "",
        ]
    )


def _film_lines(match: CopyMatch) -> list[str]:
    """List the seconds of the films that show the same."""
    found = match.found
    named = {"Second of our film:      ": found.film_second, "Second of the copy:      ": found.at_second}
    return [f"{name} {second:.1f}" for name, second in named.items() if second is not None]


def _signed(evidence: dict[str, Any], authority: Authority) -> dict[str, Any]:
    der = authority.leaf.public_bytes(serialization.Encoding.DER)
    signature = authority.key.sign(canonical_json(evidence))
    return {
        "evidence": evidence,
        "signature": {
            "algorithm": "Ed25519 over the canonical JSON (RFC 8785) of evidence",
            "certificate": base64.b64encode(der).decode(),
            "value": base64.b64encode(signature).decode(),
        },
    }


def _pretty(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
