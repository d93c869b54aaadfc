"""What the service answers about an account: its keys, its webhooks, and the rights in its garments and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Account:
    """Who a key belongs to, and what it may do."""

    id: str
    name: str
    role: str
    plan: str
    scopes: list[str]


@dataclass(frozen=True)
class Key:
    """A key of the API; only its first letters are known.

    Attributes:
        scopes: read, shoot, manage.
        last_used_at: to the hour.
        revoked_at: when it was ended.
    """

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: str
    last_used_at: str | None
    revoked_at: str | None


@dataclass(frozen=True)
class NewKey(Key):
    """A key that was just made; ``token`` is its text and is shown once."""

    token: str


@dataclass(frozen=True)
class Webhook:
    """An address that is told what becomes of jobs."""

    id: str
    url: str
    events: list[str]
    created_at: str


@dataclass(frozen=True)
class NewWebhook(Webhook):
    """A webhook that was just made; its calls are signed with ``secret``, see ``read_webhook``."""

    secret: str


@dataclass(frozen=True)
class Call:
    """One event and how far its call is: waiting, delivered or given_up."""

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
    """The account's word for its garment photos; ``attested_at`` is None until it was given."""

    statement: str
    attested_at: str | None


@dataclass(frozen=True)
class GarmentRights:
    """Whether pictures may be made of a garment.

    Attributes:
        state: unseen, clear, waiting, approved or refused.
        findings: {"kind", "what"} each: what speaks against its photo.
        attested_at: your word for this photo.
        note: of the review.
    """

    state: str
    findings: list[dict[str, str]]
    attested_at: str | None
    note: str


@dataclass(frozen=True)
class Reservation:
    """A model that you have alone."""

    model: str
    since: str


@dataclass(frozen=True)
class Verification:
    """What a picture is.

    Attributes:
        verdict: authentic, altered, copy or unknown.
        reason: one sentence.
        found_by: manifest, pixels, mark or likeness; empty for unknown.
        state: of the licence: valid, revoked, expired or not yet valid; empty without one.
        licence: who may use it, for what, where, until when; None without one.
    """

    verdict: str
    reason: str
    found_by: str
    state: str
    licence: dict[str, Any] | None
