"""Checks of a licence certificate or a sidecar that was handed over as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from vmodel.rights.errors import CertificateInvalid

MAX_BYTES = 4_000_000


def load_certificate_json(content: bytes) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        CertificateInvalid: the file is too large, or no JSON object.
    """
    if len(content) > MAX_BYTES:
        raise CertificateInvalid("is too large to be one")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise CertificateInvalid("is not JSON") from None
    if not isinstance(found, dict):
        raise CertificateInvalid("is not a JSON object")
    return found


def certificate_of(paper: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the certificate of a paper: the paper itself, or the one in a sidecar.

    Raises:
        CertificateInvalid: there is none.
    """
    found = paper.get("certificate", paper)
    if not isinstance(found, Mapping) or "licence" not in found:
        raise CertificateInvalid("is not one of vmodel (no licence in it)")
    return found


def record_was_changed(
    paper: Mapping[str, Any], expected_sha256: str, record_sha256: Callable[[Mapping[str, Any]], str]
) -> bool:
    """Return True if a sidecar no longer matches its licence's record; a bare certificate has no record to check.

    Args:
        paper: a sidecar or a certificate.
        expected_sha256: of the licence.
        record_sha256: of ``vmodel.publishing.sidecar``.
    """
    if "certificate" not in paper:
        return False
    try:
        return record_sha256(paper) != expected_sha256
    except (KeyError, TypeError, AttributeError, ValueError):
        return True
