"""What a client does beside making pictures: keys, webhooks, and the rights in garments, models and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vmodel.client.account_answers import (
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
from vmodel.client.answers import read_answer
from vmodel.client.connection import Connection


class Keys:
    """The account's keys; the client's own needs the scope ``manage``."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def list(self) -> list[Key]:
        """All keys, the oldest first, ended ones among them."""
        return [read_answer(Key, each) for each in self._line.get("/v1/keys")]

    def create(self, name: str = "", scopes: Sequence[str] = ("read", "shoot")) -> NewKey:
        """Make a key that may do no more than the client's own.

        Raises:
            ApiProblem: it would do more.
        """
        return read_answer(NewKey, self._line.send("POST", "/v1/keys", json={"name": name, "scopes": list(scopes)}))

    def revoke(self, key_id: str) -> None:
        """End a key."""
        self._line.again("DELETE", f"/v1/keys/{key_id}")


class Webhooks:
    """Addresses that are told what becomes of jobs; the client's key needs the scope ``manage``."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def list(self) -> list[Webhook]:
        """All addresses, the oldest first."""
        return [read_answer(Webhook, each) for each in self._line.get("/v1/webhooks")]

    def create(self, url: str, events: Sequence[str] | None = None) -> NewWebhook:
        """Let an address be told: of all events, or of some.

        Raises:
            ApiProblem: it is not https, not public, or there is no such event.
        """
        asked: dict[str, Any] = {"url": url} if events is None else {"url": url, "events": list(events)}
        return read_answer(NewWebhook, self._line.send("POST", "/v1/webhooks", json=asked))

    def ping(self, webhook_id: str) -> Call:
        """Send a ``ping`` to try an address."""
        return read_answer(Call, self._line.send("POST", f"/v1/webhooks/{webhook_id}/ping"))

    def calls(self, webhook_id: str) -> Sequence[Call]:
        """What an address was told lately and what it answered, the newest first."""
        return [read_answer(Call, each) for each in self._line.get(f"/v1/webhooks/{webhook_id}/calls")]

    def delete(self, webhook_id: str) -> None:
        """Tell an address nothing more."""
        self._line.again("DELETE", f"/v1/webhooks/{webhook_id}")


class Rights:
    """Whose garments, models and pictures are."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def attestation(self) -> Attestation:
        """What the account attests of all its garments."""
        return read_answer(Attestation, self._line.get("/v1/attestation"))

    def attest(self, attested: bool = True) -> Attestation:
        """Attest once that all garments and their photos are yours to use, or take that back."""
        return read_answer(Attestation, self._line.again("PUT", "/v1/attestation", json={"attested": attested}))

    def of_garment(self, garment_id: str) -> GarmentRights:
        """Whether pictures may be made of a garment."""
        return read_answer(GarmentRights, self._line.get(f"/v1/garments/{garment_id}/rights"))

    def attest_garment(self, garment_id: str) -> GarmentRights:
        """Attest that one garment and its photo are yours to use, and have the photo looked at now."""
        path = f"/v1/garments/{garment_id}/rights"
        return read_answer(GarmentRights, self._line.again("PUT", path, json={"attested": True}))

    def reservations(self) -> list[Reservation]:
        """The models that you have alone."""
        return [read_answer(Reservation, each) for each in self._line.get("/v1/reservations")]

    def reserve(self, model_id: str) -> Reservation:
        """Have a model alone from now on.

        Raises:
            ApiProblem: others have shown it or somebody like it, or you have as many as you may.
        """
        return read_answer(Reservation, self._line.again("PUT", f"/v1/reservations/{model_id}"))

    def release(self, model_id: str) -> None:
        """Give a model back to everybody."""
        self._line.again("DELETE", f"/v1/reservations/{model_id}")

    def verify(self, file: Path | bytes) -> Verification:
        """Find out what a picture or a film is; the service keeps nothing of it."""
        return read_answer(Verification, self._line.upload("POST", "/v1/verify", {"file": file}))
