"""Webhook routes: addresses that are notified of the outcome of your jobs and pictures."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from app.api.http.auth import KeyFirst, Manager
from app.api.http.state import Here
from app.api.http.strict_model import StrictModel
from vmodel.service.accounts.audit_log import audit
from vmodel.service.webhooks.safe_http import URL_LENGTH, resolve_target
from vmodel.service.webhooks.subscriptions import (
    EVENTS,
    PING,
    Webhook,
    WebhookDelivery,
    create_webhook,
    end_webhook,
    enqueue,
    find_webhook,
    list_deliveries,
    list_webhooks,
    secret_of,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=KeyFirst)

Id = Annotated[str, Path(description="Id of the webhook.", max_length=64)]


class WebhookAsked(StrictModel):
    """A webhook to create."""

    url: str = Field(max_length=URL_LENGTH, examples=["https://shop.example/hooks/vmodel"])
    events: list[Annotated[str, Field(max_length=32)]] = Field(
        default=list(EVENTS), min_length=1, max_length=len(EVENTS), examples=[["job.done", "job.failed"]]
    )


class WebhookShown(BaseModel):
    """A webhook."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    url: str
    events: list[str] = Field(examples=[["job.done"]])
    created_at: datetime


class NewWebhook(WebhookShown):
    """A new webhook."""

    secret: str = Field(
        description="secret that signs the calls (standardwebhooks.com); save it now", examples=["whsec_…"]
    )


class Call(BaseModel):
    """One event and the delivery of its call."""

    id: str = Field(description="value of the webhook-id header of the call")
    event: str = Field(examples=["job.done"])
    body: dict[str, object]
    state: str = Field(description="waiting, delivered or given_up", examples=["delivered"])
    tries: int
    status: int | None = Field(description="HTTP status of the last answer", examples=[204])
    error: str | None
    next_at: datetime | None = Field(description="time of the next try")


@router.post("", status_code=201)
def create(asked: WebhookAsked, identity: Manager, here: Here) -> NewWebhook:
    """Create a webhook. The URL must be public and use https; redirects are not followed."""
    inside = here.settings.webhooks_inside
    # Resolved before the transaction: other writers would otherwise wait as long as a slow name server takes.
    found = [resolve_target(asked.url, inside).address]
    with here.database.transaction() as session:
        made = create_webhook(session, identity.account_id, asked.url, asked.events, inside, lambda host, port: found)
        audit(session, identity.account_id, "webhook.create", made.id)
        return NewWebhook(**_shown(made).model_dump(), secret=secret_of(here.secret, made.id))


@router.get("")
def list_all(identity: Manager, here: Here) -> list[WebhookShown]:
    """List your webhooks, oldest first."""
    with here.database.reading() as session:
        return [_shown(each) for each in list_webhooks(session, identity.account_id)]


@router.get("/{webhook_id}")
def get(webhook_id: Id, identity: Manager, here: Here) -> WebhookShown:
    """Show one webhook."""
    with here.database.reading() as session:
        return _shown(find_webhook(session, identity.account_id, webhook_id))


@router.get("/{webhook_id}/calls")
def calls(webhook_id: Id, identity: Manager, here: Here) -> list[Call]:
    """List the latest calls of a webhook and the answers, newest first."""
    with here.database.reading() as session:
        webhook = find_webhook(session, identity.account_id, webhook_id)
        return [_call(each) for each in list_deliveries(session, webhook.id)]


@router.post("/{webhook_id}/ping", status_code=202)
def ping(webhook_id: Id, identity: Manager, here: Here) -> Call:
    """Send a `ping` to test the webhook. The answer is in its calls."""
    with here.database.transaction() as session:
        webhook = find_webhook(session, identity.account_id, webhook_id)
        return _call(enqueue(session, webhook, PING, {}))


@router.delete("/{webhook_id}", status_code=204)
def delete(webhook_id: Id, identity: Manager, here: Here) -> None:
    """Delete a webhook. Its URL gets no more calls."""
    with here.database.transaction() as session:
        end_webhook(session, identity.account_id, webhook_id)
        audit(session, identity.account_id, "webhook.end", webhook_id)


def _shown(webhook: Webhook) -> WebhookShown:
    return WebhookShown(id=webhook.id, url=webhook.url, events=webhook.events.split(), created_at=webhook.created_at)


def _call(delivery: WebhookDelivery) -> Call:
    waits = delivery.state == "waiting"
    return Call(
        id=delivery.id,
        event=delivery.event,
        body=json.loads(delivery.body),
        state=delivery.state,
        tries=delivery.tries,
        status=delivery.status,
        error=delivery.error,
        next_at=delivery.next_at if waits else None,
    )
