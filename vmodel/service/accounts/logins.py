"""Logins in the hands of their owner: a new password."""

from __future__ import annotations

from vmodel.core.database import Database
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.auth import Identity, Login, check_sign_in, open_session
from vmodel.service.accounts.users import check_strength, find_account, set_password
from vmodel.service.errors import OldPasswordWrong, WrongPassword


def change_password(
    database: Database, identity: Identity, old: str, new: str, origin: str = "", keep_keys: bool = False
) -> Login | None:
    """Give the caller's own account a new password, and end all its logins.

    Args:
        database: transactions are opened here, none while the old password is checked.
        identity: the caller.
        old: the password until now; wrong ones are counted together with wrong sign-ins.
        new: see ``vmodel.service.accounts.users.hash_password``.
        origin: network address of the caller.
        keep_keys: the account's API keys stay valid; otherwise they are revoked.
    Returns:
        The login with which the caller goes on; None if the caller has a key. Its cookie is a new one, because whoever
        learned the old one would otherwise stay signed in.
    Raises:
        PasswordWeak, RateLimited: see there.
        OldPasswordWrong: the old password is wrong; the audit log records it.
        UnknownAccount, AccountClosed: the account was closed meanwhile.
    """
    check_strength(new)
    with database.reading() as session:
        email = find_account(session, identity.account_id).email or ""
    try:
        check_sign_in(database, email, old, origin)
    except WrongPassword:
        raise OldPasswordWrong from None
    with database.transaction() as session:
        set_password(session, identity.account_id, new, keep_keys)
        who = identity.account_id
        audit(session, who, "account.password", who, origin=origin[:100], keys_kept=keep_keys)
        return open_session(session, identity.account_id) if identity.is_login else None
