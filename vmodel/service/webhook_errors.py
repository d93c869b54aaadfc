"""What can go wrong with webhooks; the base and its rules stand in ``vmodel.errors``."""

from __future__ import annotations

from collections.abc import Iterable

from vmodel.errors import InputError


class WebhookUnknown(InputError):
    """No such webhook of this account; another account's looks just the same from outside."""

    code = "webhook_unknown"

    def __init__(self) -> None:
        super().__init__("There is no such webhook; list yours to see all.")


class WebhookAddressRefused(InputError):
    """Calls are not made to this address."""

    code = "webhook_address_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The address {reason}; give a public https:// address.")
        self.reason = reason


class WebhookEventUnknown(InputError):
    """No event has this name."""

    code = "webhook_event_unknown"

    def __init__(self, event: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown event {event!r}; use some of: {', '.join(known)}.")
        self.event = event


class TooManyWebhooks(InputError):
    """The account has as many as it may."""

    code = "too_many_webhooks"

    def __init__(self, most: int) -> None:
        super().__init__(f"An account has at most {most} webhooks; delete one first.")
        self.most = most
