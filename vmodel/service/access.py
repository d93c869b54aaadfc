"""Who is asking: keys of the API and logins of the page, what each may do, and the protection of forms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from vmodel.database import Database, new_id, now
from vmodel.service.accounts import Account, ApiKey, LoginSession, authenticate_password, find_account
from vmodel.service.audit import audit
from vmodel.service.errors import (
    AccountClosed,
    FormForged,
    KeyInvalid,
    ScopeMissing,
    ScopeUnknown,
    SessionInvalid,
    UnknownAccount,
    WrongPassword,
)
from vmodel.service.rates import check_rate, forget_rates

#: What a key may do. read: look at what is one's own. shoot: upload, submit, cancel. manage: delete, webhooks, keys.
#: operate: see and change what is others'.
SCOPES = ("read", "shoot", "manage", "operate")
LOGIN_DAYS = 7
LOGINS_PER_QUARTER = 10
_SCOPES_OF_ROLE = {"seller": SCOPES[:3], "designer": SCOPES[:3], "operator": SCOPES}
_QUARTER_S = 900
_SIGN_IN = "sign-in"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Identity:
    """Who is asking, and what they may do.

    Attributes:
        account_id, role, plan: of the account.
        scopes: of ``SCOPES``.
        subject: the key or login, for rate limits and the audit log.
    """

    account_id: str
    role: str
    plan: str
    scopes: frozenset[str]
    subject: str

    def require(self, scope: str) -> None:
        """Raise ScopeMissing unless this may be done."""
        if scope not in self.scopes:
            raise ScopeMissing(scope)


@dataclass(frozen=True)
class NewKey:
    """A fresh key.

    Attributes:
        id: by which it is revoked.
        token: the key itself, which cannot be shown again.
    """

    id: str
    token: str


@dataclass(frozen=True)
class Login:
    """A login of the page.

    Attributes:
        token: the cookie; empty where a login was found rather than opened.
        csrf: what its forms must bring along.
    """

    identity: Identity
    token: str
    csrf: str
    expires_at: datetime


def create_api_key(session: Session, account_id: str, scopes: Iterable[str] | None = None, name: str = "") -> NewKey:
    """Make a key; only its hash is kept, so its text must be handed over at once.

    Args:
        session: of an open transaction.
        account_id: whose key.
        scopes: of ``SCOPES``; None for all that the role may have but "operate".
        name: by which the owner knows it.
    Raises:
        UnknownAccount, AccountClosed, ScopeUnknown: see there.
    """
    account = find_account(session, account_id)
    allowed = _SCOPES_OF_ROLE[account.role]
    wanted = set(SCOPES[:3]) if scopes is None else set(scopes)
    for scope in sorted(wanted):
        if scope not in allowed:
            raise ScopeUnknown(scope, allowed)
    prefix = f"vm_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    kept = " ".join(scope for scope in SCOPES if scope in wanted)
    key = ApiKey(
        id=new_id(), account_id=account.id, name=name[:120], prefix=prefix, key_hash=_digest(token), scopes=kept,
        created_at=now(),
    )  # fmt: skip
    session.add(key)
    session.flush()
    return NewKey(key.id, token)


def find_api_key(session: Session, token: str) -> Identity:
    """Whose key this is, and what it may do.

    Raises:
        KeyInvalid: it is unknown or revoked, or its account is closed.
    """
    asked = (
        select(ApiKey, Account).join(Account, Account.id == ApiKey.account_id).where(ApiKey.key_hash == _digest(token))
    )
    found = session.execute(asked).one_or_none()
    if found is None:
        raise KeyInvalid
    key, account = found
    if key.revoked_at is not None or account.closed_at is not None:
        raise KeyInvalid
    if key.last_used_at is None or now() - key.last_used_at > _HOUR:
        key.last_used_at = now()
    return Identity(account.id, account.role, account.plan, frozenset(key.scopes.split()), f"key:{key.id}")


def check_still(session: Session, identity: Identity) -> None:
    """Refuse one whose key was revoked, whose login was closed, or whose account was, since they were found.

    Raises:
        KeyInvalid, SessionInvalid: so it is.
    """
    kind, _, name = identity.subject.partition(":")
    account = session.get(Account, identity.account_id)
    is_open = account is not None and account.closed_at is None
    if kind == "key":
        key = session.get(ApiKey, name)
        if not is_open or key is None or key.revoked_at is not None:
            raise KeyInvalid
        return
    # A login is named by the beginning of its hash, of hexadecimal digits; so asked, an index finds it.
    same = LoginSession.token_hash.between(name, f"{name}g") & (LoginSession.expires_at > now())
    if not is_open or session.scalars(select(LoginSession).where(same)).first() is None:
        raise SessionInvalid


def list_api_keys(session: Session, account_id: str) -> list[ApiKey]:
    """The keys of an account, the oldest first, revoked ones among them."""
    return list(session.scalars(select(ApiKey).where(ApiKey.account_id == account_id).order_by(ApiKey.id)))


def revoke_api_key(session: Session, key_id: str, account_id: str | None = None) -> None:
    """End a key; ending it again changes nothing.

    Args:
        session: of an open transaction.
        key_id: of ``NewKey``.
        account_id: whose key it must be; None where an operator ends anybody's.
    Raises:
        KeyInvalid: there is no such key.
    """
    key = session.get(ApiKey, key_id)
    if key is None or account_id not in {None, key.account_id}:
        raise KeyInvalid
    key.revoked_at = key.revoked_at or now()
    session.flush()


def log_in(database: Database, email: str, password: str, origin: str = "") -> Login:
    """Sign in with a password: tries are bounded, and what happened stands in the audit log.

    Args:
        database: transactions are opened here, none while the password is hashed.
        email: as typed.
        password: as typed.
        origin: address of the network that asks; part of what is bounded.
    Raises:
        RateLimited: too many tries for this address or from this origin.
        WrongPassword: they do not belong together.
    """
    email = email.replace("\0", "")  # no address holds one, and Postgres cannot be asked for it
    subjects = [f"{_SIGN_IN}:{email.strip().lower()[:200]}", *([f"{_SIGN_IN}-from:{origin[:100]}"] if origin else [])]
    with database.transaction() as session:
        for factor, subject in enumerate(subjects, start=1):
            check_rate(session, subject, factor * LOGINS_PER_QUARTER, _QUARTER_S)
    try:
        account = authenticate_password(database, email, password)
    except WrongPassword:
        with database.transaction() as session:
            audit(session, None, "login.refused", origin=origin[:100])
        raise
    with database.transaction() as session:
        audit(session, account.id, "login", origin=origin[:100])
        return open_session(session, account.id)


def forget_sign_ins(session: Session) -> None:
    """Drop what is counted no more: tries to sign in that are long ago, whoever made them, and logins that ended."""
    forget_rates(session, _SIGN_IN, _QUARTER_S)
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now()))


def open_session(session: Session, account_id: str) -> Login:
    """Begin a login whose caller has checked the password.

    Raises:
        UnknownAccount, AccountClosed: see there.
    """
    account = find_account(session, account_id)
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    opened, expires = now(), now() + timedelta(days=LOGIN_DAYS)
    row = LoginSession(
        token_hash=_digest(token), account_id=account.id, csrf=csrf, created_at=opened, expires_at=expires
    )
    session.add(row)
    session.flush()
    return Login(_identity(account, row), token, csrf, expires)


def find_session(session: Session, token: str) -> Login:
    """The login that a cookie belongs to.

    Raises:
        SessionInvalid: there is none, it has expired, or the account is closed.
    """
    row = session.get(LoginSession, _digest(token))
    if row is None or row.expires_at <= now():
        raise SessionInvalid
    try:
        account = find_account(session, row.account_id)
    except (UnknownAccount, AccountClosed):
        raise SessionInvalid from None
    return Login(_identity(account, row), "", row.csrf, row.expires_at)


def check_form(login: Login, csrf: str | None) -> None:
    """Refuse a form that does not come from a page of this login.

    Raises:
        FormForged: the token is missing or another's.
    """
    if csrf is None or not hmac.compare_digest(login.csrf.encode(), csrf.encode()):
        raise FormForged


def close_session(session: Session, token: str) -> None:
    """End a login; nothing happens where there is none."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == _digest(token)))


def _identity(account: Account, row: LoginSession) -> Identity:
    subject = f"login:{row.token_hash[:16]}"
    return Identity(account.id, account.role, account.plan, frozenset(_SCOPES_OF_ROLE[account.role]), subject)


def _digest(token: str) -> str:
    # A key or cookie has 256 random bits, so one fast hash is enough; passwords have argon2.
    return hashlib.sha256(token.encode()).hexdigest()
