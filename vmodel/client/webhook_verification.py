"""Verification of webhook calls: the service's signature and its age (standardwebhooks.com)."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_SIGNED_WITHIN_S = 300


class WebhookForged(Exception):
    """A call does not come from the service, was changed, or is too old."""


def read_webhook(secret: str, headers: Mapping[str, str], body: bytes, at: datetime | None = None) -> dict[str, Any]:
    """Check a call of a webhook and read it; its id (header webhook-id) is the same if it comes again.

    Args:
        secret: as shown when the webhook was made.
        headers: of the call; their case does not matter.
        body: exactly as it came.
        at: current time; now by default.
    Returns:
        {"type", "timestamp", "data"}.
    Raises:
        WebhookForged: the signature is not right, or is older than five minutes.
    """
    given = {name.lower(): value for name, value in headers.items()}
    delivery_id, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    key = b64decode(secret.removeprefix("whsec_"))
    seal = hmac.new(key, f"{delivery_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{b64encode(seal).decode()}"
    if not any(hmac.compare_digest(signature, each) for each in given.get("webhook-signature", "").split()):
        raise WebhookForged("the signature is not right")
    if not stamp.isdigit() or abs((at or datetime.now(UTC)).timestamp() - int(stamp)) > _SIGNED_WITHIN_S:
        raise WebhookForged("it was signed too long ago")
    event: dict[str, Any] = json.loads(body)
    return event
