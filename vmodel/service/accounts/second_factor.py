"""Second factor in the hands of its owner: set it up, sign in with it, renew its recovery codes, turn it off."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pyotp
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from vmodel.core.database import Database
from vmodel.service.accounts import auth
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.auth import Identity, Login
from vmodel.service.accounts.code_check import check_code
from vmodel.service.accounts.logins import end_other_logins
from vmodel.service.accounts.notices import tell
from vmodel.service.accounts.one_time_codes import Kind, confirm_factor, prepare_factor, remove_factor, renew_codes
from vmodel.service.accounts.rate_limit import check_rate, uncount
from vmodel.service.accounts.users import Account, Ended, end_access, find_account
from vmodel.service.errors import CodeNeeded, CodeWrong, OwnPasswordWrong, SecondFactorOff, SignInTooLong, WrongPassword

TICKET_S = 600
"""Seconds from the password to the code."""


@dataclass(frozen=True)
class NewFactor:
    """Second factor that awaits its first code.

    Attributes:
        shared: secret to type into an app, base32.
        uri: the same with the names of account and service, for a QR code (otpauth).
    """

    shared: str
    uri: str


def begin_factor(
    database: Database, secret: bytes, identity: Identity, password: str, issuer: str, origin: str = ""
) -> NewFactor:
    """Prepare a second factor for the caller's own account; logins need it once ``finish_factor`` has confirmed it.

    Args:
        database: transactions are opened here, none while the password is checked.
        secret: of the installation, with which the factor is encrypted.
        identity: the caller.
        password: of the account, so that nobody at an open page shuts its owner out; wrong ones count as wrong
            sign-ins.
        issuer: name of the service that apps show.
        origin: network address of the caller.
    Raises:
        OwnPasswordWrong, RateLimited: see there.
        SecondFactorOn: the account has one.
        UnknownAccount, AccountClosed: the account was closed meanwhile.
    """
    account = _check_password(database, identity, password, origin)
    with database.transaction() as session:
        _check_unchanged(session, account)
        shared = prepare_factor(session, secret, account.id)
    uri = pyotp.TOTP(shared).provisioning_uri(name=account.email or account.name, issuer_name=issuer)
    return NewFactor(shared, uri)


def finish_factor(database: Database, secret: bytes, identity: Identity, code: str, origin: str = "") -> list[str]:
    """Turn the prepared second factor on and return its recovery codes, which cannot be shown again.

    The account's other logins end, since they were opened with the password alone.

    Args:
        database: transactions are opened here.
        secret: of the installation.
        identity: the caller.
        code: that the app shows now.
        origin: network address of the caller.
    Raises:
        CodeWrong: the app does not have the secret, or its clock is wrong.
        RateLimited: too many wrong codes; they are counted apart from those of sign-ins, which need the password.
        SecondFactorOff: none was prepared.
        SecondFactorOn: the account has one.
        SecondFactorUnreadable: see there.
    """
    subject = f"{auth.SIGN_IN}:confirm:{identity.account_id}"
    with database.transaction() as session:
        check_rate(session, subject, auth.LOGINS_PER_QUARTER, auth.QUARTER_S)
    with database.transaction() as session:
        auth.revalidate_identity(session, identity, to_change=True)
        if not confirm_factor(session, secret, identity.account_id, code):
            raise CodeWrong
        uncount(session, subject)
        end_other_logins(session, identity)
        codes = renew_codes(session, identity.account_id)
        tell(session, identity.account_id, "factor.on")
        audit(session, identity.account_id, "second-factor.on", identity.account_id, origin=origin[:100])
        return codes


def renew_recovery_codes(
    database: Database, secret: bytes, identity: Identity, password: str, code: str, origin: str = ""
) -> list[str]:
    """Return new recovery codes of the caller's own account; the old ones end. See ``turn_off`` for the rest."""
    account, kind = _check_both(database, secret, identity, password, code, origin)
    with database.transaction() as session:
        _check_unchanged(session, account)
        codes = renew_codes(session, account.id)
        tell(session, account.id, "factor.codes")
        audit(session, account.id, "second-factor.codes", account.id, origin=origin[:100], code=kind)
        return codes


def turn_off(database: Database, secret: bytes, identity: Identity, password: str, code: str, origin: str = "") -> None:
    """Remove the second factor of the caller's own account, with its recovery codes.

    Args:
        database: transactions are opened here, none while the password is checked.
        secret: of the installation.
        identity: the caller.
        password: of the account.
        code: of the app, or a recovery code. Wrong ones are counted together with those of sign-ins.
        origin: network address of the caller.
    Raises:
        OwnPasswordWrong, CodeWrong, RateLimited: see there.
        SecondFactorOff: the account has none.
        SecondFactorUnreadable: see there.
        UnknownAccount, AccountClosed: the account was closed meanwhile.
    """
    account, kind = _check_both(database, secret, identity, password, code, origin)
    with database.transaction() as session:
        _check_unchanged(session, account)
        remove_factor(session, account.id)
        tell(session, account.id, "factor.off")
        audit(session, account.id, "second-factor.off", account.id, origin=origin[:100], code=kind)


def reset_factor(session: Session, account_id: str, keep_keys: bool) -> Ended:
    """Remove the second factor of an account whose owner lost it, for an operator, and end the account's logins.

    Args:
        session: of an open transaction.
        account_id: the owner.
        keep_keys: the account's API keys stay valid; otherwise they are revoked.
    Raises:
        SecondFactorOff: the account has none.
    """
    session.get(Account, account_id, with_for_update=True)  # no login begins meanwhile
    if not remove_factor(session, account_id):
        raise SecondFactorOff
    tell(session, account_id, "factor.reset")
    return end_access(session, account_id, keep_keys)


def issue_ticket(secret: bytes, needed: CodeNeeded) -> str:
    """Return a ticket that says that the password was right; it opens nothing without a code and ends soon."""
    return _signer(secret).dumps([needed.account_id, needed.password_mark])


def log_in_with_code(
    database: Database, secret: bytes, ticket: str, code: str, origin: str = "", agent: str = ""
) -> Login:
    """Sign in with a code, after the password; the audit log records the outcome.

    Args:
        database: transactions are opened here.
        secret: of the installation.
        ticket: of ``issue_ticket``; untrusted.
        code: as typed: of the app, or a recovery code.
        origin: network address of the caller.
        agent: the header User-Agent of the caller's browser.
    Raises:
        SignInTooLong: the ticket is not valid any more, or is none, or the account has no second factor any more.
        RateLimited: too many wrong codes.
        CodeWrong: see there.
        SecondFactorUnreadable: see there.
    """
    try:
        account_id, mark = _signer(secret).loads(ticket, max_age=TICKET_S)
    except BadData:
        raise SignInTooLong from None
    with database.reading() as session:
        _check_mark(session.get(Account, account_id), mark)
    try:
        kind = check_code(database, secret, account_id, code, origin)
    except SecondFactorOff:
        raise SignInTooLong from None
    with database.transaction() as session:
        _check_mark(session.get(Account, account_id, with_for_update=True), mark)
        login = auth.open_session(session, account_id, origin, agent)
        audit(session, account_id, "login", origin=origin[:100], code=kind)
        return login


def _check_mark(account: Account | None, mark: str) -> None:
    if account is None or account.closed_at is not None or auth.mark_password(account) != mark:
        raise SignInTooLong


def _check_password(database: Database, identity: Identity, password: str, origin: str) -> Account:
    with database.reading() as session:
        email = find_account(session, identity.account_id).email or ""
    try:
        return auth.check_sign_in(database, email, password, origin)
    except WrongPassword:
        raise OwnPasswordWrong from None


def _check_unchanged(session: Session, account: Account) -> None:
    try:
        auth.check_unchanged(session, account)
    except WrongPassword:
        raise OwnPasswordWrong from None


def _check_both(
    database: Database, secret: bytes, identity: Identity, password: str, code: str, origin: str
) -> tuple[Account, Kind]:
    account = _check_password(database, identity, password, origin)
    return account, check_code(database, secret, account.id, code, origin)


def _signer(secret: bytes) -> URLSafeTimedSerializer:
    keyed = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(secret, salt=b"vmodel sign-in", signer_kwargs=keyed)
