"""One-time codes of a second factor: an app's (TOTP, RFC 6238), and recovery codes for whoever lost the phone."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Table, UtcDateTime, now
from vmodel.service.accounts.app_secret import derive_key
from vmodel.service.errors import SecondFactorOff, SecondFactorOn, SecondFactorUnreadable

RECOVERY_CODES = 10
_APP_CODE = re.compile("[0-9]{6}")
_DRIFT_STEPS = 1
"""Steps of 30 s by which a phone's clock may be off."""
_NONCE_BYTES = 12
_RECOVERY_BYTES = 10
"""80 random bits: too many to guess, even from the hash."""

Kind = Literal["app", "recovery code"]


class SecondFactor(Table):
    """Second factor of an account.

    Attributes:
        sealed: nonce and secret, encrypted with AES-GCM for this account.
        last_step: number of the 30 s since 1970 whose code was accepted last; older codes are not accepted again.
        confirmed_at: when a code proved that the app has the secret; None until then, when logins do not need it.
    """

    __tablename__ = "second_factor"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Table):
    """Recovery code that was not used yet; only its hash is stored."""

    __tablename__ = "recovery_code"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)


@dataclass(frozen=True)
class FactorState:
    """State of an account's second factor.

    Attributes:
        on_since: when it was turned on; None while it is off.
        recovery_codes: that are left.
    """

    on_since: datetime | None
    recovery_codes: int


def factor_state(session: Session, account_id: str) -> FactorState:
    """Return whether an account has a second factor, and how many recovery codes are left."""
    left = session.scalar(select(func.count()).where(RecoveryCode.account_id == account_id)) or 0
    found = session.get(SecondFactor, account_id)
    return FactorState(None if found is None else found.confirmed_at, left)


def prepare_factor(session: Session, secret: bytes, account_id: str) -> str:
    """Store a new secret that counts once a code confirms it; one that was never confirmed is replaced.

    Args:
        session: of an open transaction that has locked the account.
        secret: of the installation.
        account_id: the owner.
    Returns:
        The secret for the app, base32.
    Raises:
        SecondFactorOn: the account has one.
    """
    found = session.get(SecondFactor, account_id)
    if found is not None and found.confirmed_at is not None:
        raise SecondFactorOn
    shared = pyotp.random_base32()
    sealed = _seal(secret, account_id, shared)
    session.merge(SecondFactor(account_id=account_id, sealed=sealed, last_step=0, confirmed_at=None))
    session.flush()
    return shared


def confirm_factor(session: Session, secret: bytes, account_id: str, code: str) -> bool:
    """Turn the second factor on if the code proves that the app has its secret; return whether it does.

    Raises:
        SecondFactorOff: none was prepared.
        SecondFactorOn: it was confirmed before.
        SecondFactorUnreadable: see there.
    """
    found = session.get(SecondFactor, account_id)
    if found is None:
        raise SecondFactorOff
    if found.confirmed_at is not None:
        raise SecondFactorOn
    if not _use_app_code(session, secret, found, _plain(code)):
        return False
    session.execute(update(SecondFactor).where(SecondFactor.account_id == account_id).values(confirmed_at=now()))
    return True


def use_code(session: Session, secret: bytes, account_id: str, code: str) -> Kind | None:
    """Accept a code once.

    Args:
        session: of an open transaction.
        secret: of the installation.
        account_id: the owner.
        code: as typed.
    Returns:
        What the code is; None if it is wrong, too old or was used.
    Raises:
        SecondFactorOff: the account has none.
        SecondFactorUnreadable: see there; recovery codes work nevertheless.
    """
    found = session.get(SecondFactor, account_id)
    if found is None or found.confirmed_at is None:
        raise SecondFactorOff
    plain = _plain(code)
    if is_app_code(plain):
        return "app" if _use_app_code(session, secret, found, plain) else None
    same = (RecoveryCode.account_id == account_id) & (RecoveryCode.code_hash == _digest(plain))
    used = session.scalars(delete(RecoveryCode).where(same).returning(RecoveryCode.code_hash)).all()
    return "recovery code" if used else None


def is_app_code(code: str) -> bool:
    """Return whether a code has the form of an app's: six digits, not a recovery code."""
    return _APP_CODE.fullmatch(_plain(code)) is not None


def renew_codes(session: Session, account_id: str) -> list[str]:
    """Replace the recovery codes of an account and return the new ones, which cannot be shown again."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = [base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(account_id=account_id, code_hash=_digest(code)) for code in codes)
    session.flush()
    return ["-".join(re.findall("....", code)) for code in codes]


def remove_factor(session: Session, account_id: str) -> bool:
    """Delete the second factor of an account with its recovery codes; return whether it was on."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    gone = delete(SecondFactor).where(SecondFactor.account_id == account_id)
    return any(at is not None for at in session.scalars(gone.returning(SecondFactor.confirmed_at)).all())


def _use_app_code(session: Session, secret: bytes, factor: SecondFactor, code: str) -> bool:
    app = pyotp.TOTP(_unseal(secret, factor))
    this = int(time.time()) // app.interval
    steps = range(this - _DRIFT_STEPS, this + _DRIFT_STEPS + 1)
    matching = [step for step in steps if secrets.compare_digest(app.generate_otp(step), code)]
    if not matching:
        return False
    # One statement compares and notes the step, so that of two requests with one code only one is accepted.
    mine = (SecondFactor.account_id == factor.account_id) & (SecondFactor.last_step < matching[-1])
    used = update(SecondFactor).where(mine).values(last_step=matching[-1]).returning(SecondFactor.account_id)
    return session.scalars(used).first() is not None


def _plain(code: str) -> str:
    """Return a code without the blanks and dashes that apps show, and in one case."""
    return re.sub(r"[\s-]", "", code).lower()


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()


def _seal(secret: bytes, account_id: str, shared: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(secret).encrypt(nonce, shared.encode(), account_id.encode())


def _unseal(secret: bytes, factor: SecondFactor) -> str:
    nonce, hidden = factor.sealed[:_NONCE_BYTES], factor.sealed[_NONCE_BYTES:]
    try:
        return _cipher(secret).decrypt(nonce, hidden, factor.account_id.encode()).decode()
    except InvalidTag:
        raise SecondFactorUnreadable from None


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(derive_key(secret, "second factor, version 1"))
