"""Check of a second factor's code where wrong ones are counted: for sign-ins and for changes of one's own account."""

from __future__ import annotations

from vmodel.core.database import Database
from vmodel.service.accounts import auth
from vmodel.service.accounts.notices import FEW_CODES, note_wrong_code, tell
from vmodel.service.accounts.one_time_codes import Kind, factor_state, is_app_code, use_code
from vmodel.service.accounts.rate_limit import check_rate, network_of, uncount
from vmodel.service.errors import CodeWrong


def check_code(database: Database, secret: bytes, account_id: str, code: str, origin: str) -> Kind:
    """Accept a code once, or count and record a wrong one.

    Only somebody who has the password comes here. Codes of an app have six digits, so they are also counted from all
    networks together; the owner, whom such tries would keep out, still gets in with a recovery code.

    Args:
        database: transactions are opened here.
        secret: of the installation.
        account_id: the owner.
        code: as typed: of the app, or a recovery code.
        origin: network address of the caller.
    Raises:
        RateLimited: too many wrong codes.
        CodeWrong, SecondFactorOff, SecondFactorUnreadable: see there.
    """
    subjects = [f"{auth.SIGN_IN}:code:{network_of(origin)}:{account_id}"]
    if is_app_code(code):
        subjects.append(f"{auth.SIGN_IN}:code:{account_id}")
    with database.transaction() as session:
        for factor, subject in enumerate(subjects, start=1):
            check_rate(session, subject, factor * auth.LOGINS_PER_QUARTER, auth.QUARTER_S)
    with database.transaction() as session:
        kind = use_code(session, secret, account_id, code)
        if kind is None:
            note_wrong_code(session, account_id, origin)
        else:
            for subject in subjects:
                uncount(session, subject)
            left = factor_state(session, account_id).recovery_codes
            if kind == "recovery code" and left <= FEW_CODES:
                tell(session, account_id, "codes.few", left=left)
    if kind is None:
        raise CodeWrong
    return kind
