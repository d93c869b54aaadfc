"""Logins in the hands of their owner: a new password, which ends them."""

from __future__ import annotations

import json

import pytest

from vmodel.core.database import Database
from vmodel.service.accounts import auth
from vmodel.service.accounts.audit_log import list_audit
from vmodel.service.accounts.auth import (
    Login,
    create_api_key,
    find_api_key,
    find_session,
    log_in,
    open_session,
)
from vmodel.service.accounts.logins import change_password
from vmodel.service.accounts.users import Account, create_account
from vmodel.service.errors import KeyInvalid, OldPasswordWrong, PasswordWeak, RateLimited, SessionInvalid, WrongPassword

PASSWORD, NEW = "a long enough password", "quite another password"
LIN = "lin@shop.example"


@pytest.fixture
def seller(any_database: Database) -> Account:
    with any_database.transaction() as session:
        return create_account(session, "Lin's Shop", LIN, password=PASSWORD)


def is_open(database: Database, login: Login) -> bool:
    try:
        with database.reading() as session:
            find_session(session, login.token)
    except SessionInvalid:
        return False
    return True


def test_a_new_password_ends_every_login_and_gives_the_one_that_asked_a_new_cookie(
    any_database: Database, seller: Account
) -> None:
    mine, other = (log_in(any_database, LIN, PASSWORD) for _ in range(2))
    again = change_password(any_database, mine.identity, PASSWORD, NEW, "192.0.2.7")
    assert again is not None
    assert [is_open(any_database, login) for login in (mine, other, again)] == [False, False, True]
    with pytest.raises(WrongPassword):
        log_in(any_database, LIN, PASSWORD)
    assert log_in(any_database, LIN, NEW).identity.account_id == seller.id
    with any_database.reading() as session:
        noted = next(event for event in list_audit(session) if event.what == "account.password")
    assert (noted.who, noted.whom) == (seller.id, seller.id)
    assert json.loads(noted.details) == {"origin": "192.0.2.7", "keys_kept": False}


@pytest.mark.parametrize("keep", [False, True])
def test_a_program_changes_the_password_with_its_key_which_goes_on_only_if_keys_are_kept(
    any_database: Database, seller: Account, keep: bool
) -> None:
    with any_database.transaction() as session:
        token = create_api_key(session, seller.id).token
        login = open_session(session, seller.id)
        identity = find_api_key(session, token)
    assert change_password(any_database, identity, PASSWORD, NEW, keep_keys=keep) is None
    assert not is_open(any_database, login)
    with any_database.reading() as session:
        if keep:
            assert find_api_key(session, token).account_id == seller.id
        else:
            with pytest.raises(KeyInvalid):
                find_api_key(session, token)


def test_nobody_at_an_open_page_guesses_the_old_password(
    any_database: Database, seller: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOGINS_PER_QUARTER", 3)
    login = log_in(any_database, LIN, PASSWORD)
    for _ in range(3):
        with pytest.raises(OldPasswordWrong):
            change_password(any_database, login.identity, "a wrong password", NEW, "192.0.2.7")
    with pytest.raises(RateLimited):
        change_password(any_database, login.identity, PASSWORD, NEW, "192.0.2.7")
    with pytest.raises(RateLimited):  # the tries count as those to sign in do
        log_in(any_database, LIN, PASSWORD, "192.0.2.7")
    with any_database.reading() as session:
        assert [event.what for event in list_audit(session)].count("login.refused") == 3
    assert is_open(any_database, login)


def test_a_weak_new_password_is_refused_before_the_old_one_is_tried(any_database: Database, seller: Account) -> None:
    login = log_in(any_database, LIN, PASSWORD)
    with pytest.raises(PasswordWeak):
        change_password(any_database, login.identity, "whatever it is", "short")
    assert is_open(any_database, login)
    assert log_in(any_database, LIN, PASSWORD).token
