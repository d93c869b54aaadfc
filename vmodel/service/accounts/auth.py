"""Authentication and authorisation: API keys, login sessions, scopes, and CSRF protection of forms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from vmodel.core.database import Database, new_id, now
from vmodel.limits import GRACE_HOURS, KeyDays
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.login_origin import kind_of_browser, nearby_network
from vmodel.service.accounts.notices import note_origin, note_refusal
from vmodel.service.accounts.one_time_codes import factor_state
from vmodel.service.accounts.rate_limit import check_rate, forget_rates, network_of, uncount
from vmodel.service.accounts.users import Account, ApiKey, LoginSession, authenticate_password, find_account
from vmodel.service.errors import (
    AccountClosed,
    CodeNeeded,
    FormForged,
    KeyExpired,
    KeyInvalid,
    ScopeMissing,
    ScopeUnknown,
    SessionInvalid,
    TooManyKeys,
    UnknownAccount,
    WrongPassword,
)

#: Scopes of a key. read: view one's own data. shoot: upload, submit, cancel. manage: delete, webhooks, keys.
#: operate: view and change the data of others.
SCOPES = ("read", "shoot", "manage", "operate")
MOST_KEYS = 50
"""Keys of one account that are valid."""
LOGIN_DAYS = 7
LOGINS_PER_QUARTER = 10
_SCOPES_OF_ROLE = {"seller": SCOPES[:3], "designer": SCOPES[:3], "operator": SCOPES}
QUARTER_S = 900
SIGN_IN = "sign-in"
"""Beginning of the subjects whose wrong tries are counted, all in windows of ``QUARTER_S``."""
_KEY, _LOGIN, _HOUR = "key:", "login", timedelta(hours=1)


@dataclass(frozen=True)
class Identity:
    """Authenticated caller and its scopes.

    Attributes:
        account_id, role, plan: of the account.
        scopes: of ``SCOPES``.
        subject: the key or login.
    """

    account_id: str
    role: str
    plan: str
    scopes: frozenset[str]
    subject: str

    @property
    def login_id(self) -> str | None:
        """Id of the caller's login of the page; None for a caller with a key."""
        kind, _, name = self.subject.partition(":")
        return name if kind == _LOGIN else None

    def require(self, scope: str) -> None:
        """Raise ScopeMissing unless the caller has this scope."""
        if scope not in self.scopes:
            raise ScopeMissing(scope)


@dataclass(frozen=True)
class NewKey:
    """Newly created API key.

    Attributes:
        id: identifies the key, for example to revoke it.
        token: the key itself, which cannot be shown again.
    """

    id: str
    token: str


@dataclass(frozen=True)
class Login:
    """Login session of the web page.

    Attributes:
        token: the cookie; empty if the session was found rather than opened.
        csrf: token that its forms must send.
    """

    identity: Identity
    token: str
    csrf: str
    expires_at: datetime


def create_api_key(
    session: Session,
    account_id: str,
    scopes: Iterable[str] | None = None,
    name: str = "",
    days: KeyDays = KeyDays.NEVER,
) -> NewKey:
    """Create an API key; only its hash is stored, so its text must be handed over at once.

    Args:
        session: of an open transaction.
        account_id: the owner.
        scopes: of ``SCOPES``; None for all except "operate".
        name: the owner's name for the key.
        days: after which it ends.
    Raises:
        UnknownAccount, AccountClosed, ScopeUnknown: see there.
        TooManyKeys: the account has ``MOST_KEYS``.
    """
    account = find_account(session, account_id)
    session.get(Account, account.id, with_for_update=True)  # keys made at the same moment are counted one by one
    lasts = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now())
    live = select(func.count()).where(ApiKey.account_id == account.id, ApiKey.revoked_at.is_(None), lasts)
    if (session.scalar(live) or 0) >= MOST_KEYS:
        raise TooManyKeys(MOST_KEYS)
    allowed = _SCOPES_OF_ROLE[account.role]
    wanted = set(SCOPES[:3]) if scopes is None else set(scopes)
    for scope in sorted(wanted):
        if scope not in allowed:
            raise ScopeUnknown(scope, allowed)
    prefix = f"vm_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    kept, made = " ".join(scope for scope in SCOPES if scope in wanted), now()
    key = ApiKey(
        id=new_id(), account_id=account.id, name=name[:120], prefix=prefix, key_hash=_digest(token), scopes=kept,
        created_at=made, expires_at=None if days is KeyDays.NEVER else made + timedelta(days=int(days)),
    )  # fmt: skip
    session.add(key)
    session.flush()
    return NewKey(key.id, token)


def find_api_key(session: Session, token: str) -> Identity:
    """Return the owner of an API key with the key's scopes.

    Raises:
        KeyInvalid: it is unknown or revoked, or its account is closed.
        KeyExpired: it has ended.
    """
    asked = (
        select(ApiKey, Account).join(Account, Account.id == ApiKey.account_id).where(ApiKey.key_hash == _digest(token))
    )
    found = session.execute(asked).one_or_none()
    if found is None:
        raise KeyInvalid
    key, account = found
    if account.closed_at is not None:
        raise KeyInvalid
    _check_valid(key)
    return Identity(account.id, account.role, account.plan, frozenset(key.scopes.split()), f"{_KEY}{key.id}")


def record_use(session: Session, identity: Identity) -> None:
    """Record that a key was used, to the hour; a login has no such record."""
    rarely = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now() - _HOUR)
    used = update(ApiKey).where(ApiKey.id == identity.subject.removeprefix(_KEY), rarely)
    session.execute(used.values(last_used_at=now()))


def revalidate_identity(session: Session, identity: Identity, to_change: bool = False) -> None:
    """Reject a caller whose key, login or account has ended since it was authenticated.

    Args:
        session: of an open transaction.
        identity: the caller.
        to_change: nobody changes the account's password until the transaction ends.
    Raises:
        KeyInvalid, KeyExpired, SessionInvalid: the key or the login is no longer valid.
    """
    kind, _, name = identity.subject.partition(":")
    account = session.get(Account, identity.account_id, with_for_update=to_change or None)
    is_open = account is not None and account.closed_at is None
    if kind == "key":
        key = session.get(ApiKey, name)
        if not is_open or key is None:
            raise KeyInvalid
        _check_valid(key)
        return
    # The subject holds the first hexadecimal digits of the login's hash; a range query on them can use the index.
    same = LoginSession.token_hash.between(name, f"{name}g") & (LoginSession.expires_at > now())
    if not is_open or session.scalars(select(LoginSession).where(same)).first() is None:
        raise SessionInvalid


def list_api_keys(session: Session, account_id: str) -> list[ApiKey]:
    """List the keys of an account, the oldest first, including those that have ended."""
    return list(session.scalars(select(ApiKey).where(ApiKey.account_id == account_id).order_by(ApiKey.id)))


def revoke_api_key(session: Session, key_id: str, account_id: str | None = None) -> None:
    """Revoke a key; revoking it again changes nothing.

    Args:
        session: of an open transaction.
        key_id: of ``NewKey``.
        account_id: the required owner; None if an operator revokes a key of any account.
    Raises:
        KeyInvalid: there is no such key.
    """
    key = find_own_key(session, key_id, account_id)
    key.revoked_at = key.revoked_at or now()
    session.flush()


def replace_api_key(
    session: Session, key_id: str, days: KeyDays, grace_hours: int = GRACE_HOURS, account_id: str | None = None
) -> NewKey:
    """Create a key with the name and scopes of another one, which ends after a while.

    Args:
        session: of an open transaction.
        key_id: of the key to replace.
        days: after which the new key ends.
        grace_hours: hours for which the old key stays valid unless it ends earlier, 0 to ``MOST_GRACE_HOURS``; programs
            change to the new key meanwhile.
        account_id: the required owner; None if an operator replaces a key of any account.
    Raises:
        KeyInvalid: there is no such key, or it was revoked.
        AccountClosed, ScopeUnknown, TooManyKeys: see ``create_api_key``.
    """
    old = find_own_key(session, key_id, account_id)
    if old.revoked_at is not None:
        raise KeyInvalid
    new = create_api_key(session, old.account_id, old.scopes.split(), old.name, days)
    ends = now() + timedelta(hours=grace_hours)
    old.expires_at = ends if old.expires_at is None else min(old.expires_at, ends)
    session.flush()
    return new


def find_own_key(session: Session, key_id: str, account_id: str | None) -> ApiKey:
    """Return a key by its id.

    Args:
        session: of an open transaction.
        key_id: of ``NewKey``.
        account_id: the required owner; None for any.
    Raises:
        KeyInvalid: there is no such key.
    """
    key = session.get(ApiKey, key_id)
    if key is None or account_id not in {None, key.account_id}:
        raise KeyInvalid
    return key


def _check_valid(key: ApiKey) -> None:
    if key.revoked_at is not None:
        raise KeyInvalid
    if key.expires_at is not None and key.expires_at <= now():
        raise KeyExpired(key.prefix, key.expires_at)


def log_in(database: Database, email: str, password: str, origin: str = "", agent: str = "") -> Login:
    """Sign in with a password; tries are rate-limited, and the audit log records the outcome.

    Args:
        database: transactions are opened here, none while the password is hashed.
        email: as typed.
        password: as typed.
        origin: network address of the caller. Wrong tries are counted for e-mail and network together, so that nobody
            elsewhere locks the owner out, and for the network alone.
        agent: the header User-Agent of the caller's browser.
    Raises:
        RateLimited: too many wrong tries for this e-mail from this network, or from this network.
        WrongPassword: no open account has this address and password.
        CodeNeeded: the account has a second factor; ``vmodel.service.accounts.second_factor.log_in_with_code`` goes on.
    """
    account = check_sign_in(database, email, password, origin)
    with database.transaction() as session:
        check_unchanged(session, account)
        if factor_state(session, account.id).on_since is not None:
            raise CodeNeeded(account.id, mark_password(account))
        login = open_session(session, account.id, origin, agent)
        audit(session, account.id, "login", origin=origin[:100])
        return login


def check_sign_in(database: Database, email: str, password: str, origin: str) -> Account:
    """Return the account with this address and password; see ``log_in`` for arguments and errors."""
    email = email.replace("\0", "")  # no address holds NUL, and Postgres rejects it in a query
    network = network_of(origin)
    subjects = [f"{SIGN_IN}:{network}:{email.strip().lower()[:200]}", f"{SIGN_IN}-from:{network}"]
    with database.transaction() as session:
        for factor, subject in enumerate(subjects, start=1):
            check_rate(session, subject, factor * LOGINS_PER_QUARTER, QUARTER_S)
    try:
        account = authenticate_password(database, email, password)
    except WrongPassword:
        note_refusal(database, email, origin)
        raise
    with database.transaction() as session:
        for subject in subjects:
            uncount(session, subject)
    return account


def check_unchanged(session: Session, account: Account) -> None:
    """Reject an account of ``check_sign_in`` whose password was changed meanwhile; until the end nobody changes it.

    Otherwise a login with the old password, checked just before the change, would survive it.

    Raises:
        WrongPassword: the password is no longer this one.
    """
    found = session.get(Account, account.id, with_for_update=True)
    if found is None or found.password_hash != account.password_hash:
        raise WrongPassword


def mark_password(account: Account) -> str:
    """Return a mark that changes with the password and tells nothing about it."""
    return _digest(account.password_hash or "")[:16]


def forget_sign_ins(session: Session) -> None:
    """Delete counts of sign-in tries that no longer matter, and login sessions that have expired."""
    forget_rates(session, SIGN_IN, QUARTER_S)
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now()))


def open_session(session: Session, account_id: str, origin: str = "", agent: str = "") -> Login:
    """Open a login session; the caller has checked the password and locked the account.

    Args:
        session: of an open transaction.
        account_id: the owner.
        origin: network address of the caller.
        agent: the header User-Agent of the caller's browser.
    Raises:
        UnknownAccount, AccountClosed: see there.
    """
    account = find_account(session, account_id)
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    opened, expires = now(), now() + timedelta(days=LOGIN_DAYS)
    row = LoginSession(
        token_hash=_digest(token), account_id=account.id, csrf=csrf, created_at=opened, expires_at=expires,
        browser=kind_of_browser(agent), network=nearby_network(origin),
    )  # fmt: skip
    session.add(row)
    note_origin(session, account.id, row.browser, row.network)
    return Login(_identity(account, row), token, csrf, expires)


def find_session(session: Session, token: str) -> Login:
    """Return the login session that a cookie belongs to.

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


def verify_csrf_token(login: Login, csrf: str | None) -> None:
    """Reject a form that does not come from a page of this login (CSRF).

    Raises:
        FormForged: the token is missing or belongs to another login.
    """
    if csrf is None or not hmac.compare_digest(login.csrf.encode(), csrf.encode()):
        raise FormForged


def close_session(session: Session, token: str) -> None:
    """End a login session; an unknown token is ignored."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == _digest(token)))


def _identity(account: Account, row: LoginSession) -> Identity:
    subject = f"{_LOGIN}:{row.id}"
    return Identity(account.id, account.role, account.plan, frozenset(_SCOPES_OF_ROLE[account.role]), subject)


def _digest(token: str) -> str:
    # A key or cookie has 256 random bits, so one fast hash is enough; passwords use argon2.
    return hashlib.sha256(token.encode()).hexdigest()
