"""Consents of real people to models with their likeness: recorded, withdrawn, looked up for every picture.

All models of the roster are invented. A model file that says ``likeness_of: NAME`` declares a likeness. No picture of
such a model is made without a recorded written consent that covers the day and the channel (New York Fashion Workers
Act: scope, purpose, pay and duration in writing).
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from vmodel.config import Settings
from vmodel.core.database import new_id, now
from vmodel.rights.errors import ConsentInvalid, ConsentUnknown
from vmodel.rights.policy.minors import Likeness
from vmodel.rights.provenance.channels import find_channel
from vmodel.rights.registry.tables import Consent

LIKENESS = "likeness_of"
"""Field of a model's file that names the person."""
ANY = "any"
_LONGEST_YEARS = 10


def note_consent(
    session: Session,
    *,
    model_id: str,
    person: str,
    scope: str,
    purpose: str,
    pay: str,
    valid_from: str,
    valid_until: str,
    document_sha256: str,
    noted_by: str,
) -> Consent:
    """Record a written consent.

    Args:
        session: of an open transaction.
        model_id: the model that has the person's likeness.
        person: name, or the agency's number.
        scope: channels where pictures may be shown, divided by commas, or "any".
        purpose: of the pictures, as the contract states it.
        pay: of the person, as the contract states it.
        valid_from: first day, ISO 8601.
        valid_until: last day, ISO 8601; at most ten years later.
        document_sha256: of the signed contract.
        noted_by: who records it.
    Raises:
        ConsentInvalid: something is missing or makes no sense.
        UnknownChannel: the scope names an unknown channel.
    """
    values = {"model": model_id, "person": person, "scope": scope, "purpose": purpose, "pay": pay, "by": noted_by}
    for name, value in values.items():
        if not value.strip():
            raise ConsentInvalid(f"the {name} is missing; the contract names it")
    channels = [word.strip().lower() for word in scope.split(",") if word.strip()]
    for channel in channels:
        if channel != ANY:
            find_channel(channel)
    first, last = _day(valid_from), _day(valid_until)
    if last < first or (last - first).days > 366 * _LONGEST_YEARS:
        raise ConsentInvalid(f"it must end after it begins and within {_LONGEST_YEARS} years")
    if not re.fullmatch(r"[0-9a-f]{64}", document_sha256):
        raise ConsentInvalid("the signed contract is missing; give its file")
    row = Consent(
        id=new_id(),
        model_id=model_id.strip(),
        person=person.strip()[:200],
        scope=", ".join(channels),
        purpose=purpose.strip(),
        pay=pay.strip(),
        document_sha256=document_sha256,
        valid_from=first.isoformat(),
        valid_until=last.isoformat(),
        noted_by=noted_by.strip()[:200],
        noted_at=now(),
        withdrawn_at=None,
    )
    session.add(row)
    session.flush()
    return row


def withdraw_consent(session: Session, consent_id: str) -> Consent:
    """End a consent today; a second call changes nothing. Licences given before stay until they are revoked.

    Raises:
        ConsentUnknown: no consent has this id.
    """
    row = session.get(Consent, consent_id)
    if row is None:
        raise ConsentUnknown(consent_id)
    row.withdrawn_at = row.withdrawn_at or now()
    return row


def list_consents(session: Session, model_id: str | None = None) -> list[Consent]:
    """Return the consents to a model, or all consents, oldest first."""
    wanted = select(Consent).order_by(Consent.id)
    return list(session.scalars(wanted if model_id is None else wanted.where(Consent.model_id == model_id)))


def likeness_of(session: Session, settings: Settings, model_id: str, channel: str | None) -> Likeness | None:
    """Return the real person a model is like, with the consent in force or why none is; None for an invented model.

    Args:
        session: of the registry.
        settings: of the installation, for the folder of model files.
        model_id: of the model.
        channel: where the picture will be shown; None for anywhere.
    """
    person = declared_person(settings, model_id)
    if person is None:
        return None
    today = now().date().isoformat()
    found = list_consents(session, model_id)
    same = [each for each in found if each.person.casefold() == person.casefold()]
    if not same:
        return Likeness(person, None, "no consent of that person is noted")
    standing = [each for each in same if each.withdrawn_at is None]
    if not standing:
        return Likeness(person, None, "the consent was withdrawn")
    current = [each for each in standing if each.valid_from <= today <= each.valid_until]
    if not current:
        return Likeness(person, None, "the consent does not hold today")
    asked = (channel or ANY).strip().lower()
    covering = [each for each in current if {ANY, asked} & set(each.scope.split(", "))]
    if not covering:
        return Likeness(person, None, f"the consent does not cover {'every channel' if asked == ANY else asked}")
    return Likeness(person, covering[0].id, "", covering[0].valid_until)


def declared_person(settings: Settings, model_id: str) -> str | None:
    """Return the real person that a seller's model file declares; None for an invented model.

    The roster that comes with vmodel declares nobody.
    """
    for path in sorted((settings.home / "models").glob("*.yaml")):
        stat = path.stat()
        persons = dict(_declared(path, stat.st_mtime_ns, stat.st_size))
        if model_id in persons:
            return persons[model_id]
    return None


@lru_cache(maxsize=4096)
def _declared(path: Path, _modified_ns: int, _bytes: int) -> tuple[tuple[str, str], ...]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        return tuple((str(model_id), str(entry[LIKENESS])) for model_id, entry in entries.items() if LIKENESS in entry)
    except (OSError, yaml.YAMLError, RecursionError, AttributeError, TypeError):
        return ()  # ``load_roster`` refuses such a file with its name


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConsentInvalid(f"{text!r} is not a day; write it as 2027-01-31") from None
