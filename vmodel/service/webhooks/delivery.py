"""Delivery of webhook calls: claims due calls, sends them and records the outcome. Several processes may run it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from vmodel.core.database import Database, now
from vmodel.service.webhooks.errors import WebhookAddressRefused
from vmodel.service.webhooks.safe_http import Resolve, post, resolve_target
from vmodel.service.webhooks.subscriptions import (
    DELIVERED,
    GIVEN_UP,
    WAITING,
    Webhook,
    WebhookDelivery,
    secret_of,
    sign,
)

WAITS = tuple(timedelta(seconds=each) for each in (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600))
"""Delays after the first, second, ... failed try; a call that fails again after the last delay is given up."""
CLAIM = timedelta(seconds=60)
"""Lease of a claimed call: without an outcome by then its process counts as dead, and the call is due again."""
AT_ONCE = 8
_PER_WEBHOOK = 2
_LOOK_S = 2.0
_GONE = 410


@dataclass(frozen=True)
class Due:
    """Webhook call that is due."""

    id: str
    webhook_id: str
    url: str
    body: bytes
    tries: int


@dataclass(frozen=True)
class WebhookDispatcher:
    """Sender of an installation's webhook calls.

    Attributes:
        database: of the installation.
        secret: of the installation.
        inside: see ``resolve_target``.
        resolve: see ``resolve_target``.
        certificates: see ``post``.
        clock: returns the current time.
    """

    database: Database
    secret: bytes
    inside: bool = False
    resolve: Resolve | None = None
    certificates: ssl.SSLContext | None = None
    clock: Callable[[], datetime] = now

    def run(self, stop: threading.Event) -> None:
        """Deliver due calls until asked to stop."""
        log = structlog.get_logger("vmodel.webhooks")
        while not stop.wait(_LOOK_S):
            try:
                while self.deliver_due() and not stop.is_set():
                    pass
            except SQLAlchemyError as error:
                log.warning("webhooks_wait", error=type(error).__name__)
            except Exception as error:  # the thread serves every seller, so one fault must not end it
                log.error("webhooks_fault", error=repr(error))

    def deliver_due(self) -> int:
        """Make due calls, a few in parallel; at most two per webhook, so that one slow receiver cannot take every slot.

        Returns:
            Number of calls made.
        """
        due = self._claim()
        if due:
            with ThreadPoolExecutor(min(AT_ONCE, len(due)), thread_name_prefix="webhooks") as pool:
                list(pool.map(self._deliver, due))
        return len(due)

    def _claim(self) -> list[Due]:
        at = self.clock()
        waiting = (WebhookDelivery.state == WAITING) & (WebhookDelivery.next_at <= at)
        rows = (
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(waiting)
            .order_by(WebhookDelivery.next_at)
            .limit(10 * AT_ONCE)
        )
        claimed: list[Due] = []
        with self.database.transaction() as session:
            for delivery, webhook in session.execute(rows).all():
                own = sum(each.webhook_id == webhook.id for each in claimed)
                if len(claimed) >= AT_ONCE or own >= _PER_WEBHOOK:
                    continue
                if webhook.ended_at is not None:
                    delivery.state, delivery.ended_at = GIVEN_UP, at
                    continue
                mine = (WebhookDelivery.id == delivery.id) & (WebhookDelivery.next_at == delivery.next_at)
                tries = delivery.tries + 1
                claim = update(WebhookDelivery).where(mine, WebhookDelivery.state == WAITING)
                claim = claim.values(next_at=at + CLAIM, tries=tries)
                if session.execute(claim.returning(WebhookDelivery.id)).all():
                    claimed.append(Due(delivery.id, webhook.id, webhook.url, delivery.body.encode(), tries))
        return claimed

    def _deliver(self, due: Due) -> None:
        status, error = None, None
        try:
            target = resolve_target(due.url, self.inside, self.resolve)
            headers = sign(secret_of(self.secret, due.webhook_id), due.id, self.clock(), due.body)
            fixed = {"Content-Type": "application/json", "User-Agent": "vmodel-webhooks"}
            status = post(target, due.body, {**headers, **fixed}, self.certificates)
        except Exception as failure:  # whatever one address does, its call is noted and the others are made
            if not isinstance(failure, httpx.HTTPError | WebhookAddressRefused | OSError):
                structlog.get_logger("vmodel.webhooks").error("webhook_fault", call=due.id, error=repr(failure))
            error = f"{type(failure).__name__}: {failure}"[:200]
        self._note(due, status, error)

    def _note(self, due: Due, status: int | None, error: str | None) -> None:
        at = self.clock()
        with self.database.transaction() as session:
            delivery = session.get_one(WebhookDelivery, due.id, with_for_update=True)
            delivery.status, delivery.error = status, error
            if status is not None and 200 <= status < 300:
                delivery.state, delivery.ended_at = DELIVERED, at
            elif status == _GONE:
                delivery.state, delivery.ended_at = GIVEN_UP, at
                session.get_one(Webhook, due.webhook_id).ended_at = at
            elif due.tries > len(WAITS):
                delivery.state, delivery.ended_at = GIVEN_UP, at
            else:
                delivery.next_at = at + WAITS[due.tries - 1]
