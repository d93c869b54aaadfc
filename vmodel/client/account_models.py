"""Answers of the service about an account: its keys, its webhooks, and the rights in its garments and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Account:
    """Owner and permissions of a key."""

    id: str
    name: str
    role: str
    plan: str
    scopes: list[str]


@dataclass(frozen=True)
class Key:
    """Key of the API; only its first letters are known.

    Attributes:
        scopes: read, shoot, manage.
        last_used_at: to the hour.
        revoked_at: time at which it was ended.
        expires_at: time at which it ends by itself; None for never.
    """

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: str
    last_used_at: str | None
    revoked_at: str | None
    expires_at: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class NewKey(Key):
    """Key that was just created; ``token`` is its text and is shown once."""

    token: str


@dataclass(frozen=True)
class Webhook:
    """Address that receives the events of jobs."""

    id: str
    url: str
    events: list[str]
    created_at: str


@dataclass(frozen=True)
class NewWebhook(Webhook):
    """Webhook that was just created; its calls are signed with ``secret``, see ``read_webhook``."""

    secret: str


@dataclass(frozen=True)
class Call:
    """Event and the state of its call: waiting, delivered or given_up."""

    id: str
    event: str
    body: dict[str, Any]
    state: str
    tries: int
    status: int | None
    error: str | None
    next_at: str | None


@dataclass(frozen=True)
class Attestation:
    """Attestation of the account for its garment photos; ``attested_at`` is None until it was given."""

    statement: str
    attested_at: str | None


@dataclass(frozen=True)
class GarmentRights:
    """Rights in a garment, which decide whether pictures may be made of it.

    Attributes:
        state: unseen, clear, waiting, approved or refused.
        findings: {"kind", "what"} each: objections to its photo.
        attested_at: time of your attestation for this photo.
        note: of the review.
    """

    state: str
    findings: list[dict[str, str]]
    attested_at: str | None
    note: str


@dataclass(frozen=True)
class Reservation:
    """Model that you have reserved."""

    model: str
    since: str


@dataclass(frozen=True)
class Verification:
    """Result of verifying a picture.

    Attributes:
        verdict: authentic, altered, copy or unknown.
        reason: one sentence.
        found_by: manifest, pixels, mark or likeness; empty for unknown.
        state: of the licence: valid, revoked, expired or not yet valid; empty without one.
        licence: holder, uses, territory and end; None without one.
    """

    verdict: str
    reason: str
    found_by: str
    state: str
    licence: dict[str, Any] | None
