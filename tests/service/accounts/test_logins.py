"""Logins in the hands of their owner: a new password, which ends them, their list, and their end."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from vmodel.core.database import Database, now
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
from vmodel.service.accounts.login_origin import kind_of_browser, nearby_network
from vmodel.service.accounts.logins import change_password, end_login, end_other_logins, list_logins
from vmodel.service.accounts.users import Account, LoginSession, create_account, set_password
from vmodel.service.errors import KeyInvalid, OldPasswordWrong, PasswordWeak, RateLimited, SessionInvalid, WrongPassword

PASSWORD, NEW = "a long enough password", "quite another password"
LIN = "lin@shop.example"
SECRET = b"a secret of an installation, 32 bytes or more"


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
    again = change_password(any_database, SECRET, mine.identity, PASSWORD, NEW, "192.0.2.7")
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
    assert change_password(any_database, SECRET, identity, PASSWORD, NEW, keep_keys=keep) is None
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
            change_password(any_database, SECRET, login.identity, "a wrong password", NEW, "192.0.2.7")
    with pytest.raises(RateLimited):
        change_password(any_database, SECRET, login.identity, PASSWORD, NEW, "192.0.2.7")
    with pytest.raises(RateLimited):  # the tries count as those to sign in do
        log_in(any_database, LIN, PASSWORD, "192.0.2.7")
    with any_database.reading() as session:
        assert [event.what for event in list_audit(session)].count("login.refused") == 3
    assert is_open(any_database, login)


def test_an_old_password_that_was_checked_just_before_the_change_opens_nothing_after_it(
    any_database: Database, seller: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = log_in(any_database, LIN, PASSWORD)
    check = auth.authenticate_password

    def check_slowly(database: Database, email: str, password: str) -> Account:
        account = check(database, email, password)
        with database.transaction() as session:
            set_password(session, seller.id, NEW)
        return account

    monkeypatch.setattr(auth, "authenticate_password", check_slowly)
    with pytest.raises(WrongPassword):
        log_in(any_database, LIN, PASSWORD)
    with pytest.raises(OldPasswordWrong):
        change_password(any_database, SECRET, mine.identity, NEW, "a third long password")
    with any_database.reading() as session:
        assert list_logins(session, seller.id) == []


def test_a_weak_new_password_is_refused_before_the_old_one_is_tried(any_database: Database, seller: Account) -> None:
    login = log_in(any_database, LIN, PASSWORD)
    with pytest.raises(PasswordWeak):
        change_password(any_database, SECRET, login.identity, "whatever it is", "short")
    assert is_open(any_database, login)
    assert log_in(any_database, LIN, PASSWORD).token


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1"
)


def test_an_owner_sees_where_they_are_signed_in_but_nobody_sees_more_than_that(
    any_database: Database, seller: Account
) -> None:
    log_in(any_database, LIN, PASSWORD, "192.0.2.77", FIREFOX)
    log_in(any_database, LIN, PASSWORD, "2001:db8:12:3456::7", PHONE)
    with any_database.transaction() as session:
        stranger = create_account(session, "Other", "other@shop.example")
        open_session(session, stranger.id)
        past = open_session(session, seller.id)
        ended = update(LoginSession).where(LoginSession.csrf == past.csrf)
        session.execute(ended.values(expires_at=now() - timedelta(seconds=1)))
    with any_database.reading() as session:
        seen = [(login.browser, login.network) for login in list_logins(session, seller.id)]
        kept = str(session.execute(text("SELECT * FROM login_session")).all())
    assert seen == [("Safari, iPhone", "2001:db8:12::/48"), ("Firefox, Windows", "192.0.2.0/24")]
    assert not re.search(r"192\.0\.2\.77|:3456|Mozilla/|/145|OS 18", kept)


def test_an_owner_ends_one_login_or_all_others_and_nobody_elses(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        stranger = create_account(session, "Other", "other@shop.example")
        theirs, mine, phone, office = (
            open_session(session, each) for each in (stranger.id, seller.id, seller.id, seller.id)
        )
        of_phone = phone.identity.login_id or ""
        for login_id in (theirs.identity.login_id or "", of_phone[:8], ""):
            assert not end_login(session, seller.id, login_id)
        assert end_login(session, seller.id, of_phone)
    assert [is_open(any_database, each) for each in (theirs, mine, phone, office)] == [True, True, False, True]
    with any_database.transaction() as session:
        assert end_other_logins(session, mine.identity) == 1
    assert [is_open(any_database, each) for each in (theirs, mine, office)] == [True, True, False]
    with any_database.transaction() as session:
        assert end_other_logins(session, find_api_key(session, create_api_key(session, seller.id).token)) == 1
    assert [is_open(any_database, each) for each in (theirs, mine)] == [True, False]


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
         "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 "
         "Safari/537.36 Edg/143.0.0.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 14; 23127PN0CC Build/UKQ1.230804.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 MMWEBID/1 MicroMessenger/8.0.50", "WeChat, Android"),
        ("curl/8.9.1", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_without_its_version(agent: str, kind: str) -> None:
    assert kind_of_browser(agent) == kind


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:12:3456::7", "2001:db8:12::/48"),
        ("a socket", ""),
        ("", ""),
    ],
)
def test_of_an_address_only_its_surroundings_are_kept(address: str, network: str) -> None:
    assert nearby_network(address) == network
