"""Account routes: show the caller's account and notices, change its password, delete all that it uploaded."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.http.auth import KeyFirst, Manager, Reader, agent_of, keep_login, origin_of
from app.api.http.state import Here
from app.api.http.strict_model import StrictModel
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.logins import change_password
from vmodel.service.accounts.notices import count_unread, describe, list_notices, mark_read
from vmodel.service.accounts.users import PASSWORD_LENGTH, find_account
from vmodel.service.garments.records import forget_garments
from vmodel.service.maintenance.retention import erase_account

router = APIRouter(prefix="/v1/account", tags=["account"], route_class=KeyFirst)


class AccountShown(BaseModel):
    """Account that the key belongs to."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    name: str = Field(description="account name; escape it before you show it in HTML", examples=["Shop"])
    role: str = Field(description="seller, designer or operator", examples=["seller"])
    plan: str = Field(examples=["free"])
    scopes: list[str] = Field(description="scopes of the key that you use", examples=[["read", "shoot"]])


class PasswordChange(StrictModel):
    """New password of your account, and the old one."""

    old: str = Field(max_length=400, description="the old password", examples=["a long old password"])
    new: str = Field(
        max_length=400,
        description=f"new password, {PASSWORD_LENGTH[0]} to {PASSWORD_LENGTH[1]} characters",
        examples=["a long new password"],
    )
    keep_keys: bool = Field(default=False, description="leave your API keys valid; otherwise all are revoked")
    code: str = Field(
        default="",
        max_length=64,
        description="code of your app, or a recovery code; needed if your account has a second factor",
        examples=["123456"],
    )


class Confirmation(StrEnum):
    """Confirmation required to delete everything."""

    EVERYTHING = "delete-everything"


class Erased(BaseModel):
    """Number of deleted files."""

    files: int = Field(description="deleted photos, cut-outs, pictures and sidecars", examples=[12])


class NoticeShown(BaseModel):
    """Something that happened to your account."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    at: datetime
    kind: str = Field(description="a word that stays the same", examples=["login.new"])
    details: dict[str, str | int] = Field(
        description="what the text names", examples=[{"browser": "Firefox, Windows", "network": "192.0.2.0/24"}]
    )
    text: str = Field(examples=["New login: browser Firefox, Windows, network 192.0.2.0/24."])
    read_at: datetime | None = Field(description="when you had seen it; null for not yet")


class Notices(BaseModel):
    """Latest notices about your account."""

    unread: int = Field(description="notices that you have not seen, those that are not listed included")
    notices: list[NoticeShown]


class NoticesRead(StrictModel):
    """Notices that you have seen."""

    until: str = Field(
        max_length=32,
        description="id of the newest one that you have seen; older ones count as seen too",
        examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"],
    )


@router.get("/notices")
def show_notices(
    identity: Manager, here: Here, limit: Annotated[int, Query(ge=1, le=200, description="number of notices")] = 50
) -> Notices:
    """List what happened to your account, newest first. If a mail server is set, you get the same by mail."""
    with here.database.reading() as session:
        found = list_notices(session, identity.account_id, limit)
        unread = count_unread(session, identity.account_id)
    shown = [
        NoticeShown(
            id=each.id,
            at=each.at,
            kind=each.kind,
            details=json.loads(each.details),
            text=describe(each.kind, each.details, "en"),
            read_at=each.read_at,
        )
        for each in found
    ]
    return Notices(unread=unread, notices=shown)


@router.post("/notices/read", status_code=204)
def read_notices(asked: NoticesRead, identity: Manager, here: Here) -> None:
    """Say that you have seen the notices up to one."""
    with here.database.transaction() as session:
        mark_read(session, identity.account_id, asked.until.replace("\0", ""))


@router.get("")
def get(identity: Reader, here: Here) -> AccountShown:
    """Show your account and what your key may do."""
    with here.database.reading() as session:
        account = find_account(session, identity.account_id)
    return AccountShown(
        id=account.id, name=account.name, role=account.role, plan=account.plan, scopes=sorted(identity.scopes)
    )


@router.put("/password", status_code=204)
def set_password(asked: PasswordChange, identity: Manager, here: Here, request: Request, answer: Response) -> None:
    """Change your password. All your logins end, but the page that sends this gets a new cookie and goes on."""
    given = asked.old, asked.new, origin_of(request), agent_of(request), asked.keep_keys, asked.code
    login = change_password(here.database, here.secret, identity, *given)
    if login is not None:
        keep_login(request, here, answer, login)


@router.delete("/content")
def erase(
    identity: Manager,
    here: Here,
    confirm: Annotated[Confirmation, Query(description="required, to prevent deletion by mistake")],
) -> Erased:
    """Delete all your garments and pictures permanently and cancel open jobs. Account, keys and ledger stay."""
    with here.database.transaction() as session:
        forget_garments(session, identity.account_id)
        audit(session, identity.account_id, "account.erase", identity.account_id)
    return Erased(files=erase_account(here.settings, here.database, here.store, identity.account_id, wait_s=20))
