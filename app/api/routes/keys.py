"""API key routes: list, create, replace and revoke the account's keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from app.api.http.auth import KeyFirst, Manager
from app.api.http.errors import NotFound
from app.api.http.state import Here
from app.api.http.strict_model import StrictModel
from vmodel.limits import GRACE_HOURS, MOST_GRACE_HOURS, KeyDays
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.auth import (
    create_api_key,
    find_own_key,
    list_api_keys,
    replace_api_key,
    revalidate_identity,
    revoke_api_key,
)
from vmodel.service.accounts.notices import tell_key
from vmodel.service.accounts.users import ApiKey
from vmodel.service.errors import KeyInvalid

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=KeyFirst)


_DAYS = Field(
    default=None,
    description="days after which the new key ends; by default as the operator has set, usually 365",
    examples=["90"],
)


class KeyAsked(StrictModel):
    """An API key to create."""

    name: str = Field(default="", max_length=120, description="name of your choice", examples=["shop system"])
    scopes: list[Annotated[str, Field(max_length=16)]] = Field(
        default=["read", "shoot"],
        min_length=1,
        max_length=4,
        description="read, shoot or manage; operate for operators",
        examples=[["read"]],
    )
    days: KeyDays | None = _DAYS


class KeyReplacement(StrictModel):
    """How a key is replaced."""

    grace_hours: int = Field(
        default=GRACE_HOURS,
        ge=0,
        le=MOST_GRACE_HOURS,
        description="hours for which the old key stays valid, unless it ends earlier",
        examples=[24],
    )
    days: KeyDays | None = _DAYS


class Key(BaseModel):
    """An API key, without its secret text."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    name: str
    prefix: str = Field(description="first characters of the key", examples=["vm_1a2b3c4d"])
    scopes: list[str] = Field(examples=[["read", "shoot"]])
    created_at: datetime
    last_used_at: datetime | None = Field(description="accurate to the hour")
    revoked_at: datetime | None
    expires_at: datetime | None = Field(description="time at which it ends by itself; null for never")


class NewKey(Key):
    """A new API key."""

    token: str = Field(description="the key itself; save it now, you cannot see it again")


@router.get("")
def list_all(identity: Manager, here: Here) -> list[Key]:
    """List your keys, oldest first, including those that have ended."""
    with here.database.reading() as session:
        return [Key(**_plain(key)) for key in list_api_keys(session, identity.account_id)]


@router.post("", status_code=201)
def create(asked: KeyAsked, identity: Manager, here: Here) -> NewKey:
    """Create a key. It can have only scopes that your own key has. It is shown only once."""
    for scope in asked.scopes:
        identity.require(scope)
    with here.database.transaction() as session:
        revalidate_identity(
            session, identity, to_change=True
        )  # no key outlives the password that its maker signed in with
        days = asked.days or here.settings.key_days
        made = create_api_key(session, identity.account_id, asked.scopes, asked.name, days)
        tell_key(session, made.id)
        audit(session, identity.account_id, "key.create", made.id, days=days)
        return NewKey(**_plain(find_own_key(session, made.id, identity.account_id)), token=made.token)


@router.post("/{key_id}/replacement", status_code=201)
def replace(
    key_id: Annotated[str, Path(max_length=64)], asked: KeyReplacement, identity: Manager, here: Here
) -> NewKey:
    """Create a key with the name and scopes of this one, which stays valid for some hours. It is shown only once.

    A key that has ended may be replaced, a revoked one may not.
    """
    days = asked.days or here.settings.key_days
    with here.database.transaction() as session:
        revalidate_identity(session, identity, to_change=True)
        try:
            for scope in find_own_key(session, key_id, identity.account_id).scopes.split():
                identity.require(scope)
            made = replace_api_key(session, key_id, days, asked.grace_hours, identity.account_id)
        except KeyInvalid:
            raise NotFound("key") from None
        tell_key(session, made.id, key_id)
        audit(
            session,
            identity.account_id,
            "key.replace",
            key_id,
            by_key=made.id,
            days=days,
            grace_hours=asked.grace_hours,
        )
        return NewKey(**_plain(find_own_key(session, made.id, identity.account_id)), token=made.token)


@router.delete("/{key_id}", status_code=204)
def revoke(key_id: Annotated[str, Path(max_length=64)], identity: Manager, here: Here) -> None:
    """Revoke a key. Revoking it again changes nothing."""
    with here.database.transaction() as session:
        try:
            revoke_api_key(session, key_id, identity.account_id)
        except KeyInvalid:
            raise NotFound("key") from None
        audit(session, identity.account_id, "key.revoke", key_id)


def _plain(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes.split(),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
        "expires_at": key.expires_at,
    }
