"""Authentication: keys and sessions identify the caller, and forms must come from the caller's own page."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from vmodel.core.database import Database, now
from vmodel.service.accounts import auth
from vmodel.service.accounts.audit_log import audit, list_audit
from vmodel.service.accounts.auth import (
    LOGINS_PER_QUARTER,
    close_session,
    create_api_key,
    find_api_key,
    find_session,
    forget_sign_ins,
    list_api_keys,
    log_in,
    open_session,
    record_use,
    revalidate_identity,
    revoke_api_key,
    verify_csrf_token,
)
from vmodel.service.accounts.rate_limit import RateWindow, check_rate, count_in
from vmodel.service.accounts.users import Account, LoginSession, close_account, create_account, set_password
from vmodel.service.errors import (
    FormForged,
    KeyInvalid,
    RateLimited,
    ScopeMissing,
    ScopeUnknown,
    SessionInvalid,
    WrongPassword,
)

PASSWORD = "a long enough password"


@pytest.fixture
def seller(any_database: Database) -> Account:
    with any_database.transaction() as session:
        return create_account(session, "Lin's Shop", "lin@shop.example", password=PASSWORD)


def test_a_key_leads_to_its_owner_and_its_text_is_not_kept(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        key = create_api_key(session, seller.id, name="stock system")
    with any_database.transaction() as session:
        found = find_api_key(session, key.token)
        record_use(session, found)
        kept = list_api_keys(session, seller.id)
        everything = str(session.execute(text("SELECT * FROM api_key")).all())
    assert (found.account_id, found.role, found.plan) == (seller.id, "seller", "free")
    assert found.scopes == {"read", "shoot", "manage"}
    assert [row.name for row in kept] == ["stock system"]
    assert kept[0].last_used_at is not None
    assert key.token.startswith(f"{kept[0].prefix}_")
    assert key.token not in everything


def test_a_key_can_do_only_what_its_scopes_say(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        key = create_api_key(session, seller.id, ["read"])
        identity = find_api_key(session, key.token)
        identity.require("read")
        with pytest.raises(ScopeMissing):
            identity.require("shoot")
        for scope in ("operate", "everything"):
            with pytest.raises(ScopeUnknown):
                create_api_key(session, seller.id, [scope])


def test_only_an_operator_has_keys_that_operate(any_database: Database) -> None:
    with any_database.transaction() as session:
        operator = create_account(session, "Ops", "ops@house.example", role="operator")
        with_all = find_api_key(session, create_api_key(session, operator.id, ["read", "operate"]).token)
        usual = find_api_key(session, create_api_key(session, operator.id).token)
    assert "operate" in with_all.scopes
    assert "operate" not in usual.scopes


def test_a_revoked_key_and_a_key_of_a_closed_account_open_nothing(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        revoked, other = create_api_key(session, seller.id), create_api_key(session, seller.id)
        stranger = create_account(session, "Other", "other@shop.example")
        with pytest.raises(KeyInvalid):
            revoke_api_key(session, revoked.id, stranger.id)
        find_api_key(session, revoked.token)
        revoke_api_key(session, revoked.id, seller.id)
        revoke_api_key(session, revoked.id)
        close_account(session, seller.id)
    with any_database.transaction() as session:
        for token in (revoked.token, other.token, "vm_1234_guess", ""):
            with pytest.raises(KeyInvalid):
                find_api_key(session, token)


def test_a_login_is_found_by_its_cookie_until_it_is_closed(any_database: Database, seller: Account) -> None:
    login = log_in(any_database, "lin@shop.example", PASSWORD, origin="192.0.2.7")
    with any_database.transaction() as session:
        found = find_session(session, login.token)
        assert found.identity == login.identity
        assert found.identity.account_id == seller.id
        assert login.token not in str(session.execute(text("SELECT * FROM login_session")).all())
        close_session(session, login.token)
    with any_database.transaction() as session, pytest.raises(SessionInvalid):
        find_session(session, login.token)


def test_a_login_ends_with_its_days_with_a_new_password_and_with_the_account(
    any_database: Database, seller: Account
) -> None:
    with any_database.transaction() as session:
        old, other, last = (open_session(session, seller.id) for _ in range(3))
        past = now() - timedelta(seconds=1)
        old_row = LoginSession.csrf == old.csrf
        session.execute(update(LoginSession).where(old_row).values(expires_at=past))
    with any_database.transaction() as session:
        find_session(session, other.token)
        with pytest.raises(SessionInvalid):
            find_session(session, old.token)
        set_password(session, seller.id, "quite another password")
        last = open_session(session, seller.id)
        with pytest.raises(SessionInvalid):
            find_session(session, other.token)
        close_account(session, seller.id)
        with pytest.raises(SessionInvalid):
            find_session(session, last.token)


def test_who_was_let_in_is_still_let_in_until_key_login_or_account_end(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        keys = [create_api_key(session, seller.id) for _ in range(2)]
        logins = [open_session(session, seller.id) for _ in range(2)]
        ended, kept = [
            [find_api_key(session, key.token), login.identity] for key, login in zip(keys, logins, strict=True)
        ]
        revoke_api_key(session, keys[0].id)
        close_session(session, logins[0].token)
        for identity in kept:
            revalidate_identity(session, identity)
        for identity in ended:
            with pytest.raises((KeyInvalid, SessionInvalid)):
                revalidate_identity(session, identity)
        close_account(session, seller.id)
        for identity in kept:
            with pytest.raises((KeyInvalid, SessionInvalid)):
                revalidate_identity(session, identity)


def test_a_form_needs_the_token_of_its_own_login(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        mine, others = open_session(session, seller.id), open_session(session, seller.id)
        found = find_session(session, mine.token)
    verify_csrf_token(found, mine.csrf)
    for token in (None, "", others.csrf, mine.csrf + "x", "口令"):
        with pytest.raises(FormForged):
            verify_csrf_token(found, token)


@pytest.mark.parametrize("keep", [False, True])
def test_a_new_password_revokes_the_keys_unless_they_are_kept(
    any_database: Database, seller: Account, keep: bool
) -> None:
    with any_database.transaction() as session:
        token = create_api_key(session, seller.id).token
        set_password(session, seller.id, "quite another password", keep)
        if keep:
            assert find_api_key(session, token).account_id == seller.id
        else:
            with pytest.raises(KeyInvalid):
                find_api_key(session, token)


def test_guessing_passwords_is_bounded_and_noted(
    any_database: Database, seller: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOGINS_PER_QUARTER", 3)
    for _ in range(3):
        with pytest.raises(WrongPassword):
            log_in(any_database, "lin@shop.example", "a wrong password", origin="192.0.2.7")
    with pytest.raises(RateLimited) as refused:
        log_in(any_database, "lin@shop.example", PASSWORD, origin="192.0.2.7")
    assert 1 <= refused.value.retry_after_s <= 1800
    with any_database.transaction() as session:
        seen = [(event.what, event.details) for event in list_audit(session)]
    assert seen == [("login.refused", '{"origin": "192.0.2.7"}')] * 3
    assert LOGINS_PER_QUARTER == 10


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(
    any_database: Database, seller: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOGINS_PER_QUARTER", 2)
    for _ in range(2):
        with pytest.raises(WrongPassword):
            log_in(any_database, "lin@shop.example", "a wrong password", origin="2001:db8:1:2::7")
    with pytest.raises(RateLimited):  # the same network, as a subscriber has all addresses of a /64
        log_in(any_database, "lin@shop.example", "a wrong password", origin="2001:db8:1:2:ffff::8")
    for _ in range(6):  # more than the tries of one network: right passwords do not count
        assert log_in(any_database, "lin@shop.example", PASSWORD, origin="192.0.2.8").token


def test_guessing_one_password_for_many_addresses_is_bounded_by_where_it_comes_from(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOGINS_PER_QUARTER", 2)
    for number in range(4):
        with pytest.raises(WrongPassword):
            log_in(any_database, f"guess{number}@shop.example", "a common password", origin="192.0.2.7")
    with pytest.raises(RateLimited):
        log_in(any_database, "guess4@shop.example", "a common password", origin="192.0.2.7")
    with pytest.raises(WrongPassword):
        log_in(any_database, "guess4@shop.example", "a common password", origin="192.0.2.8")


def test_requests_are_bounded_in_a_window_that_slides(any_database: Database) -> None:
    def ask(at_s: float, subject: str = "key:a") -> int:
        """Return 0 for an allowed request, otherwise the seconds to wait."""
        try:
            with any_database.transaction() as session:
                check_rate(session, subject, limit=4, per_s=60, at_s=at_s)
        except RateLimited as error:
            return error.retry_after_s
        return 0

    assert [ask(6000 + second) for second in (0, 10, 20, 50)] == [0, 0, 0, 0]
    assert ask(6055) > 0
    assert ask(6055, "key:b") == 0
    wait_s = ask(6061)
    assert wait_s == 14  # After a quarter of this window, the 4 requests of the last one count as 3.
    assert ask(6061 + wait_s - 1) > 0
    assert ask(6061 + wait_s) == 0
    assert ask(6061 + wait_s) > 0
    assert ask(6300) == 0


def test_what_only_reads_is_let_in_where_no_count_can_be_written(tmp_path: Path, any_database: Database) -> None:
    away = Database(f"postgresql://nobody@/none?host={tmp_path}")

    def count(session: Session) -> None:
        check_rate(session, "key:one", 1, 60)

    count_in(away, count, only_reads=True)
    with pytest.raises(DBAPIError):
        count_in(away, count, only_reads=False)
    for only_reads in (True, False):
        with pytest.raises(DBAPIError, match="gone"):
            count_in(any_database, lambda session: session.execute(text("DELETE FROM gone")), only_reads)
    count_in(any_database, count, only_reads=True)
    for only_reads in (True, False):
        with pytest.raises(RateLimited):
            count_in(any_database, count, only_reads)


def test_a_full_window_says_when_the_next_request_goes_through(any_database: Database) -> None:
    def ask(at_s: float) -> int:
        try:
            with any_database.transaction() as session:
                check_rate(session, "key:a", limit=2, per_s=10, at_s=at_s)
        except RateLimited as error:
            return error.retry_after_s
        return 0

    assert [ask(101), ask(102)] == [0, 0]
    wait_s = ask(103)
    assert ask(103 + wait_s - 1) > 0
    assert ask(103 + wait_s) == 0


def test_what_counts_no_more_is_forgotten_and_what_counts_stays(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        check_rate(session, "sign-in:old", limit=5, per_s=900, at_s=1_000_000)
        check_rate(session, "key:old", limit=5, per_s=60, at_s=1_000_000)
        old, young = open_session(session, seller.id), open_session(session, seller.id)
        session.execute(
            update(LoginSession).where(LoginSession.csrf == old.csrf).values(expires_at=now() - timedelta(seconds=1))
        )
    with pytest.raises(WrongPassword):
        log_in(any_database, "lin@shop.example", "a wrong password", origin="192.0.2.7")
    with any_database.transaction() as session:
        forget_sign_ins(session)
    with any_database.transaction() as session:
        counted = set(session.scalars(select(RateWindow.subject)))
        logins = list(session.scalars(select(LoginSession.csrf)))
    tried = {"sign-in:192.0.2.7:lin@shop.example", "sign-in-from:192.0.2.7", "refused:lin@shop.example"}
    assert counted == {"key:old", *tried}
    assert logins == [young.csrf]


def test_the_audit_log_only_grows(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        audit(session, seller.id, "key.create", "k1", scopes="read")
    for statement in ("UPDATE audit_event SET what = 'nothing'", "DELETE FROM audit_event"):
        with pytest.raises(Exception, match="only grows"), any_database.transaction() as session:
            session.execute(text(statement))
    with any_database.transaction() as session:
        assert [(e.who, e.what, e.whom) for e in list_audit(session, who=seller.id)] == [
            (seller.id, "key.create", "k1")
        ]
