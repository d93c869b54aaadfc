"""Errors of webhooks; ``vmodel.errors`` defines the base classes and the meaning of codes."""

from __future__ import annotations

from collections.abc import Iterable

from vmodel.errors import InputError


class WebhookUnknown(InputError):
    """Unknown webhook of this account; another account's webhook raises the same error."""

    code = "webhook_unknown"

    def __init__(self) -> None:
        super().__init__("There is no such webhook; list yours to see all.")


class WebhookAddressRefused(InputError):
    """Webhook address that must not be called."""

    code = "webhook_address_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The address {reason}; give a public https:// address.")
        self.reason = reason


class WebhookEventUnknown(InputError):
    """Unknown event name."""

    code = "webhook_event_unknown"

    def __init__(self, event: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown event {event!r}; use some of: {', '.join(known)}.")
        self.event = event


class TooManyWebhooks(InputError):
    """Account that already has the maximum number of webhooks."""

    code = "too_many_webhooks"

    def __init__(self, most: int) -> None:
        super().__init__(f"An account has at most {most} webhooks; delete one first.")
        self.most = most
