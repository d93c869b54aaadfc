"""Accounts: sellers, designers and operators of one installation, and their passwords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Database, Table, UtcDateTime, new_id, now
from vmodel.service.accounts.one_time_codes import remove_factor
from vmodel.service.errors import (
    AccountClosed,
    EmailInvalid,
    EmailTaken,
    PasswordWeak,
    RoleUnknown,
    UnknownAccount,
    WrongPassword,
)

ROLES = ("seller", "designer", "operator")
PASSWORD_LENGTH = (10, 200)
LOGIN_ID_DIGITS = 16
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,180}\.[^\s@<>\"'.]{2,60}")
_NAME_LENGTH = 120


class Account(Table):
    """Seller, designer or operator of the installation.

    Attributes:
        id: see ``new_id``.
        name: as shown on statements.
        email: lower case; None once the account is closed.
        role: of ``ROLES``.
        plan: name in the plans.
        password_hash: argon2id; None if nobody can sign in with a password.
        closed_at: when it was closed.
    """

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(_NAME_LENGTH))
    email: Mapped[str | None] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    plan: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKey(Table):
    """API key; only its hash is stored.

    Attributes:
        prefix: the key's beginning, by which its owner tells keys apart.
        key_hash: SHA-256 of the whole key, hexadecimal.
        scopes: names, separated by spaces.
        last_used_at: to the hour.
        expires_at: when it ends; None for never.
    """

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(_NAME_LENGTH))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginSession(Table):
    """Login session of the web page; only the cookie's hash is stored.

    Attributes:
        token_hash: SHA-256 of the cookie, hexadecimal.
        csrf: token that forms of this session must send.
        browser, network: see ``vmodel.service.accounts.login_origin``; empty if not known.
    """

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    browser: Mapped[str] = mapped_column(String(40), server_default="")
    network: Mapped[str] = mapped_column(String(45), server_default="")

    @property
    def id(self) -> str:
        """Identifier that its owner sees: 16 digits of the hash, with which nobody signs in."""
        return self.token_hash[:LOGIN_ID_DIGITS]


@dataclass(frozen=True)
class Ended:
    """What ended with a change of an account: number of its logins, and of API keys that were revoked."""

    logins: int
    keys: int


def create_account(
    session: Session, name: str, email: str, role: str = "seller", plan: str = "free", password: str | None = None
) -> Account:
    """Create an account.

    Args:
        session: of an open transaction.
        name: as shown; cut at 120 characters.
        email: sign-in address; not case-sensitive.
        role: of ``ROLES``.
        plan: its name; the caller has checked that it exists.
        password: None if nobody will sign in to the page with it.
    Raises:
        EmailInvalid, EmailTaken, RoleUnknown, PasswordWeak: see there.
    """
    if role not in ROLES:
        raise RoleUnknown(role, ROLES)
    address = plain_email(email)
    hashed = None if password is None else hash_password(password)
    shown = (" ".join(name.split()) or address)[:_NAME_LENGTH]
    account = Account(
        id=new_id(), name=shown, email=address, role=role, plan=plan, password_hash=hashed, created_at=now()
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError:
        raise EmailTaken(address) from None
    return account


def find_account(session: Session, account: str) -> Account:
    """Return the open account with this id or e-mail address.

    Raises:
        UnknownAccount: there is none.
        AccountClosed: it was closed.
    """
    asked = Account.email == account.strip().lower() if "@" in account else Account.id == account
    found = session.scalars(select(Account).where(asked)).one_or_none()
    if found is None:
        raise UnknownAccount(account)
    if found.closed_at is not None:
        raise AccountClosed(found.id)
    return found


def list_accounts(session: Session, role: str | None = None) -> list[Account]:
    """List all accounts, or those of one role, the oldest first, including closed ones."""
    wanted = select(Account).order_by(Account.id)
    return list(session.scalars(wanted if role is None else wanted.where(Account.role == role)))


def set_password(session: Session, account_id: str, password: str, keep_keys: bool = False) -> Ended:
    """Give an account a new password, end its logins, and revoke its API keys unless they are to be kept.

    Raises:
        UnknownAccount, AccountClosed, PasswordWeak: see there.
    """
    find_account(session, account_id).password_hash = hash_password(password)
    return end_access(session, account_id, keep_keys)


def end_access(session: Session, account_id: str, keep_keys: bool) -> Ended:
    """End all logins of an account, and revoke its API keys unless they are to be kept."""
    logins = delete(LoginSession).where(LoginSession.account_id == account_id).returning(LoginSession.token_hash)
    live = (ApiKey.account_id == account_id) & ApiKey.revoked_at.is_(None)
    keys = update(ApiKey).where(live).values(revoked_at=now()).returning(ApiKey.id)
    ended = len(session.scalars(logins).all())
    return Ended(ended, 0 if keep_keys else len(session.scalars(keys).all()))


def authenticate_password(database: Database, email: str, password: str) -> Account:
    """Return the open account with this address and password.

    An unknown address takes as long as a wrong password, so that timing does not reveal who has an account. No
    transaction is open during the check.

    Raises:
        WrongPassword: there is none.
    """
    asked = select(Account).where(Account.email == email.strip().lower(), Account.closed_at.is_(None))
    with database.transaction() as session:
        found = session.scalars(asked).one_or_none()
    if not check_password(password, found.password_hash if found else None) or found is None:
        raise WrongPassword
    return found


def close_account(session: Session, account_id: str) -> None:
    """Close an account permanently: clear name, address, password, second factor and logins, revoke keys, keep ledger.

    Raises:
        UnknownAccount, AccountClosed: see there.
    """
    account = find_account(session, account_id)
    account.name, account.email, account.password_hash, account.closed_at = "closed", None, None, now()
    remove_factor(session, account_id)
    end_access(session, account_id, keep_keys=False)
    session.flush()


def plain_email(email: str) -> str:
    """Return an address in its stored form: trimmed and in lower case.

    Raises:
        EmailInvalid: it is not an e-mail address.
    """
    address = email.strip().lower()
    if _EMAIL.fullmatch(address) is None:
        raise EmailInvalid(email)
    return address


def hash_password(password: str) -> str:
    """Hash a password with Argon2id and the parameters of RFC 9106's second recommendation.

    Raises:
        PasswordWeak: it is too short or too long.
    """
    check_strength(password)
    return PasswordHasher().hash(password)


def check_strength(password: str) -> None:
    """Reject a password that is too short or too long.

    Raises:
        PasswordWeak: it is.
    """
    least, most = PASSWORD_LENGTH
    if not least <= len(password) <= most:
        raise PasswordWeak(least, most)


def check_password(password: str, password_hash: str | None) -> bool:
    """Return whether the password matches the hash; a missing hash takes the same time."""
    if len(password) > PASSWORD_LENGTH[1]:
        return False
    try:
        return PasswordHasher().verify(password_hash or _hash_of_nobody(), password) and password_hash is not None
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    return PasswordHasher().hash("nobody signs in with this")
