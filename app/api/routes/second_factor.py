"""Second-factor routes: set up a second factor for the caller's own logins, renew its recovery codes, turn it off.

API keys work without it.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.api.http.auth import KeyFirst, Manager, Reader, origin_of
from app.api.http.state import AppState, Here
from app.api.http.strict_model import StrictModel
from vmodel.service.accounts.one_time_codes import factor_state
from vmodel.service.accounts.second_factor import begin_factor, finish_factor, renew_recovery_codes, turn_off

router = APIRouter(prefix="/v1/account/second-factor", tags=["account"], route_class=KeyFirst)

_SERVICE = "vmodel"


class FactorShown(BaseModel):
    """Second factor of your account."""

    on: bool = Field(description="logins of the page need a code")
    since: datetime | None = Field(description="when it was turned on")
    recovery_codes: int = Field(description="recovery codes that you have not used", examples=[10])


class PasswordAsked(StrictModel):
    """Your password."""

    password: str = Field(max_length=400, examples=["a long password"])


class CodeAsked(StrictModel):
    """Code that your app shows now."""

    code: str = Field(max_length=64, examples=["123456"])


class BothAsked(StrictModel):
    """Your password, and a code of your app or a recovery code."""

    password: str = Field(max_length=400, examples=["a long password"])
    code: str = Field(max_length=64, examples=["123456"])


class FactorPrepared(BaseModel):
    """Secret for your app. It is not shown again."""

    secret: str = Field(description="to type into the app, base32", examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    uri: str = Field(description="the same as a link that apps open (otpauth)")
    qr_svg: str = Field(description="the link as a QR code, an SVG element")


class RecoveryCodes(BaseModel):
    """Recovery codes; each is valid once in place of a code. They are not shown again."""

    recovery_codes: list[str] = Field(examples=[["mfzw-2zlo-orxw-k3tu"]])


@router.get("")
def get(identity: Reader, here: Here) -> FactorShown:
    """Show whether your account has a second factor."""
    with here.database.reading() as session:
        state = factor_state(session, identity.account_id)
    return FactorShown(on=state.on_since is not None, since=state.on_since, recovery_codes=state.recovery_codes)


@router.post("", status_code=201)
def begin(asked: PasswordAsked, identity: Manager, here: Here, request: Request) -> FactorPrepared:
    """Prepare a second factor (TOTP). Your logins need it once `PUT` has confirmed it with a code."""
    made = begin_factor(here.database, here.secret, identity, asked.password, _issuer(here), origin_of(request))
    drawn = segno.make(made.uri, error="m", micro=False).svg_inline(scale=4, border=4, light="#fff")
    return FactorPrepared(secret=made.shared, uri=made.uri, qr_svg=drawn)


@router.put("")
def confirm(asked: CodeAsked, identity: Manager, here: Here, request: Request) -> RecoveryCodes:
    """Turn the prepared second factor on with a code of your app, and get recovery codes."""
    return RecoveryCodes(
        recovery_codes=finish_factor(here.database, here.secret, identity, asked.code, origin_of(request))
    )


@router.post("/recovery-codes")
def renew(asked: BothAsked, identity: Manager, here: Here, request: Request) -> RecoveryCodes:
    """Get new recovery codes; the old ones end."""
    given = asked.password, asked.code, origin_of(request)
    return RecoveryCodes(recovery_codes=renew_recovery_codes(here.database, here.secret, identity, *given))


@router.post("/removal", status_code=204)
def remove(asked: BothAsked, identity: Manager, here: Here, request: Request) -> None:
    """Turn your second factor off; its recovery codes end."""
    turn_off(here.database, here.secret, identity, asked.password, asked.code, origin_of(request))


def _issuer(here: AppState) -> str:
    """Return the name that tells this installation from others in an app."""
    host = urlsplit(here.settings.public_url or "").hostname
    return f"{_SERVICE} {host}" if host else _SERVICE
