"""Account part of the client: keys, webhooks, and the rights in garments, models and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vmodel.client.account_models import (
    Attestation,
    Call,
    GarmentRights,
    Key,
    NewKey,
    NewWebhook,
    Reservation,
    Verification,
    Webhook,
)
from vmodel.client.models import read_answer
from vmodel.client.transport import Connection


class Keys:
    """Keys of the account; the client's own needs the scope ``manage``."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def list(self) -> list[Key]:
        """Return all keys, the oldest first, including ended ones."""
        return [read_answer(Key, each) for each in self._line.get("/v1/keys")]

    def create(self, name: str = "", scopes: Sequence[str] = ("read", "shoot"), days: str | None = None) -> NewKey:
        """Create a key that may do no more than the client's own.

        Args:
            name: of your choice.
            scopes: of the key.
            days: after which it ends: 30, 90, 365 or never; None for the service's default.
        Raises:
            ApiProblem: it would do more.
        """
        asked = {"name": name, "scopes": list(scopes), "days": days}
        return read_answer(NewKey, self._line.send("POST", "/v1/keys", json=asked))

    def replace(self, key_id: str, grace_hours: int = 24, days: str | None = None) -> NewKey:
        """Create a key with the name and scopes of another one, which stays valid for some hours.

        Args:
            key_id: of the key to replace; it may be the client's own.
            grace_hours: 0 to 168.
            days: as of ``create``.
        Raises:
            ApiProblem: there is no such key, or it may do more than the client's own.
        """
        asked = {"grace_hours": grace_hours, "days": days}
        return read_answer(NewKey, self._line.send("POST", f"/v1/keys/{key_id}/replacement", json=asked))

    def revoke(self, key_id: str) -> None:
        """End a key."""
        self._line.again("DELETE", f"/v1/keys/{key_id}")


class Webhooks:
    """Addresses that receive the events of jobs; the client's key needs the scope ``manage``."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def list(self) -> list[Webhook]:
        """Return all addresses, the oldest first."""
        return [read_answer(Webhook, each) for each in self._line.get("/v1/webhooks")]

    def create(self, url: str, events: Sequence[str] | None = None) -> NewWebhook:
        """Register an address for all events, or for some.

        Raises:
            ApiProblem: it is not https, not public, or there is no such event.
        """
        asked: dict[str, Any] = {"url": url} if events is None else {"url": url, "events": list(events)}
        return read_answer(NewWebhook, self._line.send("POST", "/v1/webhooks", json=asked))

    def ping(self, webhook_id: str) -> Call:
        """Send a ``ping`` to try an address."""
        return read_answer(Call, self._line.send("POST", f"/v1/webhooks/{webhook_id}/ping"))

    def calls(self, webhook_id: str) -> Sequence[Call]:
        """Return the latest calls to an address with its answers, the newest first."""
        return [read_answer(Call, each) for each in self._line.get(f"/v1/webhooks/{webhook_id}/calls")]

    def delete(self, webhook_id: str) -> None:
        """Delete an address, which receives no more calls."""
        self._line.again("DELETE", f"/v1/webhooks/{webhook_id}")


class Rights:
    """Rights in garments, models and pictures."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def attestation(self) -> Attestation:
        """Return what the account attests of all its garments."""
        return read_answer(Attestation, self._line.get("/v1/attestation"))

    def attest(self, attested: bool = True) -> Attestation:
        """Attest once that all garments and their photos are yours to use, or withdraw that."""
        return read_answer(Attestation, self._line.again("PUT", "/v1/attestation", json={"attested": attested}))

    def of_garment(self, garment_id: str) -> GarmentRights:
        """Return the rights in a garment, which decide whether pictures may be made of it."""
        return read_answer(GarmentRights, self._line.get(f"/v1/garments/{garment_id}/rights"))

    def attest_garment(self, garment_id: str) -> GarmentRights:
        """Attest that one garment and its photo are yours to use, and have the photo checked now."""
        path = f"/v1/garments/{garment_id}/rights"
        return read_answer(GarmentRights, self._line.again("PUT", path, json={"attested": True}))

    def reservations(self) -> list[Reservation]:
        """Return the models that you have reserved."""
        return [read_answer(Reservation, each) for each in self._line.get("/v1/reservations")]

    def reserve(self, model_id: str) -> Reservation:
        """Reserve a model for yourself alone from now on.

        Raises:
            ApiProblem: others have shown it or a similar one, or you have reserved as many as you may.
        """
        return read_answer(Reservation, self._line.again("PUT", f"/v1/reservations/{model_id}"))

    def release(self, model_id: str) -> None:
        """Release a model to everybody."""
        self._line.again("DELETE", f"/v1/reservations/{model_id}")

    def verify(self, file: Path | bytes) -> Verification:
        """Verify a picture or a film; the service keeps nothing of it."""
        return read_answer(Verification, self._line.upload("POST", "/v1/verify", {"file": file}))
