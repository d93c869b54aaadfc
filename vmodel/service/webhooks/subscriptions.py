"""Webhooks: signed calls that tell sellers' systems the outcome of jobs, at least once and in no fixed order.

The signature is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over ``id.timestamp.body``. A failed call
is retried with increasing delays under the same id, so that its receiver can recognise duplicates.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Table, UtcDateTime, new_id, now
from vmodel.service.webhooks.errors import TooManyWebhooks, WebhookEventUnknown, WebhookUnknown
from vmodel.service.webhooks.safe_http import Resolve, resolve_target

EVENTS = ("job.done", "job.partly_done", "job.failed", "job.cancelled", "shot.done", "shot.failed")
PING = "ping"
MOST_WEBHOOKS = 10
WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given_up"
SECRET_PREFIX = "whsec_"


class Webhook(Table):
    """Address that receives events.

    Attributes:
        events: of ``EVENTS``, separated by spaces.
        ended_at: when its owner deleted it, or its receiver answered 410 (gone).
    """

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookDelivery(Table):
    """Delivery of one event to one webhook.

    Attributes:
        id: sent with the call, the same for every try.
        body: JSON text, exactly as it is sent.
        state: waiting, delivered, given_up.
        tries: begun so far.
        next_at: when the next one is due.
        status: of the last answer; None if none came.
        error: why the last try failed.
    """

    __tablename__ = "webhook_delivery"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id"), index=True)
    account_id: Mapped[str] = mapped_column(String(32))
    event: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index(
            "ix_webhook_delivery_due",
            "next_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )


def create_webhook(
    session: Session,
    account_id: str,
    url: str,
    events: Sequence[str],
    inside: bool = False,
    resolve: Resolve | None = None,
) -> Webhook:
    """Register an address that receives events from now on.

    Args:
        session: of an open transaction.
        account_id: owner of the jobs.
        url: address to call; see ``vmodel.service.webhooks.safe_http``.
        events: of ``EVENTS``.
        inside: see ``resolve_target``.
        resolve: see ``resolve_target``.
    Raises:
        WebhookAddressRefused, WebhookEventUnknown, TooManyWebhooks: see there.
    """
    for event in events:
        if event not in EVENTS:
            raise WebhookEventUnknown(event, EVENTS)
    resolve_target(url, inside, resolve)
    if len(list_webhooks(session, account_id)) >= MOST_WEBHOOKS:
        raise TooManyWebhooks(MOST_WEBHOOKS)
    wanted = " ".join(event for event in EVENTS if event in events)
    webhook = Webhook(id=new_id(), account_id=account_id, url=url, events=wanted, created_at=now())
    session.add(webhook)
    session.flush()
    return webhook


def list_webhooks(session: Session, account_id: str) -> list[Webhook]:
    """List the live webhooks of an account, the oldest first."""
    live = select(Webhook).where(Webhook.account_id == account_id, Webhook.ended_at.is_(None))
    return list(session.scalars(live.order_by(Webhook.id)))


def find_webhook(session: Session, account_id: str, webhook_id: str) -> Webhook:
    """Return a live webhook of this account.

    Raises:
        WebhookUnknown: there is none, it has ended, or it is another account's.
    """
    found = session.get(Webhook, webhook_id)
    if found is None or found.account_id != account_id or found.ended_at is not None:
        raise WebhookUnknown
    return found


def end_webhook(session: Session, account_id: str, webhook_id: str) -> None:
    """End a webhook; its waiting deliveries are given up when they are due.

    Raises:
        WebhookUnknown: see ``find_webhook``.
    """
    find_webhook(session, account_id, webhook_id).ended_at = now()
    session.flush()


def list_deliveries(session: Session, webhook_id: str, limit: int = 50) -> list[WebhookDelivery]:
    """List the past and waiting deliveries of a webhook, the newest first."""
    wanted = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    return list(session.scalars(wanted.order_by(WebhookDelivery.id.desc()).limit(limit)))


def emit_event(session: Session, account_id: str, event: str, about: Mapping[str, Any]) -> None:
    """Enqueue an event for the account's webhooks, in the transaction in which it happens.

    Args:
        session: of that transaction.
        account_id: the account of the event.
        event: of ``EVENTS``.
        about: plain values: ids and states, so that the receiver asks for the rest.
    """
    for webhook in list_webhooks(session, account_id):
        if event in webhook.events.split():
            enqueue(session, webhook, event, dict(about))


def enqueue(session: Session, webhook: Webhook, event: str, about: Mapping[str, Any]) -> WebhookDelivery:
    """Enqueue one event for one webhook."""
    at = now()
    content = {"type": event, "timestamp": at.isoformat(timespec="milliseconds"), "data": dict(about)}
    delivery = WebhookDelivery(
        id=new_id(),
        webhook_id=webhook.id,
        account_id=webhook.account_id,
        event=event,
        body=json.dumps(content, ensure_ascii=False, sort_keys=True),
        state=WAITING,
        tries=0,
        created_at=at,
        next_at=at,
    )
    session.add(delivery)
    session.flush()
    return delivery


def count_waiting(session: Session) -> int:
    """Count the calls that are still to be made, for operators."""
    waiting = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.state == WAITING)
    return session.scalar(waiting) or 0


def secret_of(installation_secret: bytes, webhook_id: str) -> str:
    """Derive the secret that signs a webhook's calls from the installation's secret, so that no table stores it."""
    seal = hmac.new(installation_secret, b"vmodel webhook\0" + webhook_id.encode(), hashlib.sha256).digest()
    return SECRET_PREFIX + b64encode(seal).decode()


def sign(secret: str, delivery_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that authenticate a call: webhook-id, webhook-timestamp, webhook-signature."""
    stamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    seal = hmac.new(key, f"{delivery_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{b64encode(seal).decode()}"
    return {"webhook-id": delivery_id, "webhook-timestamp": stamp, "webhook-signature": signature}
