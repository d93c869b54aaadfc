"""Logins in the hands of their owner: a new password, the list of logins, and their end."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from vmodel.core.database import Database, now
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.auth import (
    Identity,
    Login,
    check_sign_in,
    check_unchanged,
    mark_password,
    open_session,
)
from vmodel.service.accounts.code_check import check_code
from vmodel.service.accounts.notices import tell
from vmodel.service.accounts.one_time_codes import factor_state
from vmodel.service.accounts.users import LOGIN_ID_DIGITS, LoginSession, check_strength, find_account, set_password
from vmodel.service.errors import CodeNeeded, OldPasswordWrong, WrongPassword

_login_id = func.substr(LoginSession.token_hash, 1, LOGIN_ID_DIGITS)


def change_password(
    database: Database,
    secret: bytes,
    identity: Identity,
    old: str,
    new: str,
    origin: str = "",
    agent: str = "",
    keep_keys: bool = False,
    code: str = "",
) -> Login | None:
    """Give the caller's own account a new password, and end all its logins.

    Args:
        database: transactions are opened here, none while the old password is checked.
        secret: of the installation.
        identity: the caller.
        old: the password until now; wrong ones are counted together with wrong sign-ins.
        new: see ``vmodel.service.accounts.users.hash_password``.
        origin: network address of the caller.
        agent: the header User-Agent of the caller's browser.
        keep_keys: the account's API keys stay valid; otherwise they are revoked.
        code: of the app, or a recovery code, where the account has a second factor. Otherwise a stolen login and
            password would do to shut the owner out.
    Returns:
        The login with which the caller goes on; None if the caller has a key. Its cookie is a new one, because whoever
        learned the old one would otherwise stay signed in.
    Raises:
        PasswordWeak, RateLimited: see there.
        CodeNeeded, CodeWrong, SecondFactorUnreadable: the account has a second factor; see there.
        SecondFactorOff: there is a code and the account has no second factor.
        OldPasswordWrong: the old password is wrong; the audit log records it.
        UnknownAccount, AccountClosed: the account was closed meanwhile.
    """
    check_strength(new)
    with database.reading() as session:
        email = find_account(session, identity.account_id).email or ""
    try:
        account = check_sign_in(database, email, old, origin)
        kind = check_code(database, secret, account.id, code, origin) if code else None
        with database.transaction() as session:
            check_unchanged(session, account)
            if kind is None and factor_state(session, account.id).on_since is not None:
                raise CodeNeeded(account.id, mark_password(account))
            set_password(session, account.id, new, keep_keys)
            login = None if identity.login_id is None else open_session(session, account.id, origin, agent)
            tell(session, account.id, "password.changed")
            audit(session, account.id, "account.password", account.id, origin=origin[:100], keys_kept=keep_keys)
            return login
    except WrongPassword:
        raise OldPasswordWrong from None


def list_logins(session: Session, account_id: str) -> list[LoginSession]:
    """List the open logins of an account, the newest first."""
    mine = select(LoginSession).where(LoginSession.account_id == account_id, LoginSession.expires_at > now())
    return list(session.scalars(mine.order_by(LoginSession.created_at.desc())))


def end_login(session: Session, account_id: str, login_id: str) -> bool:
    """End a login of an account; return False if it has no such login."""
    return _end(session, account_id, _login_id == login_id) > 0


def end_other_logins(session: Session, identity: Identity) -> int:
    """End all logins of the caller's account but the caller's own, and return their number."""
    return _end(session, identity.account_id, _login_id != (identity.login_id or ""))


def _end(session: Session, account_id: str, which: ColumnElement[bool]) -> int:
    ended = delete(LoginSession).where(LoginSession.account_id == account_id, which)
    return len(session.scalars(ended.returning(LoginSession.token_hash)).all())
