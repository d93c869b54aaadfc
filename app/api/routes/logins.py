"""Login routes: list the account's open logins of the page, and end them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from app.api.http.auth import Manager
from app.api.http.errors import NotFound
from app.api.http.state import Here
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.logins import end_login, end_other_logins, list_logins

router = APIRouter(prefix="/v1/logins", tags=["logins"])


class LoginShown(BaseModel):
    """An open login of the page."""

    id: str = Field(examples=["0f3a9c41d2b8e675"])
    created_at: datetime
    expires_at: datetime
    browser: str = Field(description="browser and system; empty if not known", examples=["Firefox, Windows"])
    network: str = Field(
        description="network around its address, IPv4 to 24 bits and IPv6 to 48; empty if not known",
        examples=["192.0.2.0/24"],
    )
    current: bool = Field(description="true for the login that sends this request")


@router.get("")
def list_all(identity: Manager, here: Here) -> list[LoginShown]:
    """List your open logins of the page, newest first."""
    with here.database.reading() as session:
        return [
            LoginShown(
                id=login.id,
                created_at=login.created_at,
                expires_at=login.expires_at,
                browser=login.browser,
                network=login.network,
                current=login.id == identity.login_id,
            )
            for login in list_logins(session, identity.account_id)
        ]


@router.delete("", status_code=204)
def end_others(identity: Manager, here: Here) -> None:
    """End all your logins but the one that sends this request; with a key, all."""
    with here.database.transaction() as session:
        ended = end_other_logins(session, identity)
        audit(session, identity.account_id, "login.end-others", identity.account_id, logins=ended)


@router.delete("/{login_id}", status_code=204)
def end(login_id: Annotated[str, Path(max_length=64)], identity: Manager, here: Here) -> None:
    """End a login; its browser is signed out at once."""
    with here.database.transaction() as session:
        if not end_login(session, identity.account_id, login_id):
            raise NotFound("login")
        audit(session, identity.account_id, "login.end", login_id)
