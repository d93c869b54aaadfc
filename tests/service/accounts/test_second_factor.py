"""Second factor: what opens a login, what does not, and what the database keeps of it."""

from __future__ import annotations

import json
import threading

import pyotp
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from vmodel.core import database as databases
from vmodel.core.database import Database
from vmodel.service.accounts import auth, one_time_codes
from vmodel.service.accounts.audit_log import list_audit
from vmodel.service.accounts.auth import Login, create_api_key, find_api_key, find_session, log_in, open_session
from vmodel.service.accounts.logins import change_password
from vmodel.service.accounts.one_time_codes import factor_state, remove_factor
from vmodel.service.accounts.second_factor import (
    TICKET_S,
    begin_factor,
    finish_factor,
    issue_ticket,
    log_in_with_code,
    renew_recovery_codes,
    turn_off,
)
from vmodel.service.accounts.users import Account, close_account, create_account, set_password
from vmodel.service.errors import (
    CodeNeeded,
    CodeWrong,
    OwnPasswordWrong,
    RateLimited,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorUnreadable,
    SessionInvalid,
    SignInTooLong,
)

PASSWORD, LIN = "a long enough password", "lin@shop.example"
SECRET = b"a secret of an installation, 32 bytes or more"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"
BEGIN_S = 1_800_000_000


class Phone:
    """An app with a shared secret, the clock that service and app go by, and a ticket of its owner's password."""

    def __init__(self) -> None:
        self.at_s, self.shared, self.ticket = BEGIN_S, "", ""

    def code(self, off_s: int = 0) -> str:
        return pyotp.TOTP(self.shared).at(self.at_s + off_s)

    def wrong(self) -> str:
        """Return a code that none of the app's next or last ones is."""
        near = {self.code(30 * step) for step in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444") if code not in near)

    def wait(self, seconds: int = 30) -> str:
        self.at_s += seconds
        return self.code()


@pytest.fixture
def seller(any_database: Database) -> Account:
    with any_database.transaction() as session:
        return create_account(session, "Lin's Shop", LIN, password=PASSWORD)


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    phone = Phone()
    monkeypatch.setattr(one_time_codes.time, "time", lambda: float(phone.at_s))
    return phone


def turn_on(database: Database, phone: Phone) -> tuple[Login, list[str]]:
    login = log_in(database, LIN, PASSWORD)
    phone.shared = begin_factor(database, SECRET, login.identity, PASSWORD, "vmodel").shared
    return login, finish_factor(database, SECRET, login.identity, phone.code())


def ticket_of(database: Database, password: str = PASSWORD) -> str:
    with pytest.raises(CodeNeeded) as needed:
        log_in(database, LIN, password)
    return issue_ticket(SECRET, needed.value)


def enter(database: Database, phone: Phone, code: str, origin: str = HOME) -> Login:
    phone.ticket = phone.ticket or ticket_of(database)
    return log_in_with_code(database, SECRET, phone.ticket, code, origin)


def test_a_login_takes_password_and_code_once_it_is_on(any_database: Database, seller: Account, phone: Phone) -> None:
    login = log_in(any_database, LIN, PASSWORD)
    phone.shared = begin_factor(any_database, SECRET, login.identity, PASSWORD, "vmodel").shared
    assert log_in(any_database, LIN, PASSWORD).token, "logins need no code before one was confirmed"
    with pytest.raises(CodeWrong):
        finish_factor(any_database, SECRET, login.identity, phone.wrong())
    finish_factor(any_database, SECRET, login.identity, phone.code())
    assert enter(any_database, phone, phone.wait()).identity.account_id == seller.id
    with any_database.reading() as session:
        events = [(event.what, event.who, event.whom) for event in list_audit(session)]
    assert ("second-factor.on", seller.id, seller.id) in events
    with pytest.raises(SecondFactorOn):
        begin_factor(any_database, SECRET, login.identity, PASSWORD, "vmodel")


def test_one_code_opens_one_login_even_for_two_who_send_it_at_once(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    turn_on(any_database, phone)
    with pytest.raises(CodeWrong):
        enter(any_database, phone, phone.code())  # it turned the factor on
    code, ticket, opened = phone.wait(), ticket_of(any_database), []

    def send() -> None:
        try:
            opened.append(log_in_with_code(any_database, SECRET, ticket, code))
        except CodeWrong:
            opened.append(None)

    sending = [threading.Thread(target=send) for _ in range(4)]
    for each in sending:
        each.start()
    for each in sending:
        each.join()
    assert sorted(each is not None for each in opened) == [False, False, False, True]
    with pytest.raises(CodeWrong):
        enter(any_database, phone, phone.code(-30))  # the code before it is too old by now


@pytest.mark.parametrize(("off_s", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_phones_clock_may_be_half_a_minute_off(
    any_database: Database, seller: Account, phone: Phone, off_s: int, taken: bool
) -> None:
    turn_on(any_database, phone)
    phone.wait(300)
    if taken:
        assert enter(any_database, phone, phone.code(off_s)).token
    else:
        with pytest.raises(CodeWrong):
            enter(any_database, phone, phone.code(off_s))


def test_each_recovery_code_works_once_however_it_is_typed_and_until_there_are_new_ones(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    login, codes = turn_on(any_database, phone)
    assert len({*codes}) == 10
    assert enter(any_database, phone, codes[0]).token
    assert enter(any_database, phone, f" {codes[1].replace('-', ' ').upper()} ").token
    with pytest.raises(CodeWrong):
        enter(any_database, phone, codes[0])
    with any_database.reading() as session:
        assert factor_state(session, seller.id).recovery_codes == 8
    new = renew_recovery_codes(any_database, SECRET, login.identity, PASSWORD, codes[2])
    with pytest.raises(CodeWrong):
        enter(any_database, phone, codes[3])
    assert enter(any_database, phone, new[3]).token


def test_nobody_with_the_password_guesses_the_code_and_the_owner_still_gets_in(
    any_database: Database, seller: Account, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOGINS_PER_QUARTER", 3)
    _, codes = turn_on(any_database, phone)
    good = phone.wait()
    for _ in range(3):
        with pytest.raises(CodeWrong):
            enter(any_database, phone, phone.wrong(), ELSEWHERE)
    with pytest.raises(RateLimited):
        enter(any_database, phone, good, ELSEWHERE)
    assert enter(any_database, phone, good, HOME).token, "the owner is in another network"
    for number in range(3):  # the attacker moves on from network to network
        with pytest.raises(CodeWrong):
            enter(any_database, phone, phone.wrong(), f"203.0.113.{number}")
    with pytest.raises(RateLimited):
        enter(any_database, phone, phone.wrong(), "203.0.113.99")
    assert enter(any_database, phone, codes[0], HOME).token, "a recovery code is not one of those that can be guessed"
    with any_database.reading() as session:
        refused = [event for event in list_audit(session) if event.what == "login.code-refused"]
    assert {(event.who, event.whom) for event in refused} == {(None, seller.id)}
    assert len(refused) == 6


def test_a_ticket_opens_nothing_after_a_new_password_after_ten_minutes_or_when_forged(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    turn_on(any_database, phone)
    ticket = ticket_of(any_database)
    for bad in ("", "x" * 300, ticket[:-2], issue_ticket(b"another secret" * 4, CodeNeeded(seller.id, "0" * 16))):
        with pytest.raises(SignInTooLong):
            log_in_with_code(any_database, SECRET, bad, phone.wait())
    with any_database.transaction() as session:
        set_password(session, seller.id, "quite another password")
    with pytest.raises(SignInTooLong):
        log_in_with_code(any_database, SECRET, ticket, phone.wait())
    late = ticket_of(any_database, "quite another password")
    phone.wait(TICKET_S)
    assert log_in_with_code(any_database, SECRET, late, phone.code()).token, "a ticket lasts ten minutes"
    phone.wait(30)
    with pytest.raises(SignInTooLong):
        log_in_with_code(any_database, SECRET, late, phone.code())


def test_turning_it_off_takes_password_and_code(any_database: Database, seller: Account, phone: Phone) -> None:
    login, codes = turn_on(any_database, phone)
    with pytest.raises(OwnPasswordWrong):
        turn_off(any_database, SECRET, login.identity, "not the password", phone.wait())
    with pytest.raises(CodeWrong):
        turn_off(any_database, SECRET, login.identity, PASSWORD, phone.wrong())
    with pytest.raises(CodeWrong):
        renew_recovery_codes(any_database, SECRET, login.identity, PASSWORD, phone.wrong())
    turn_off(any_database, SECRET, login.identity, PASSWORD, phone.wait())
    assert log_in(any_database, LIN, PASSWORD).token
    with pytest.raises(SecondFactorOff):
        turn_off(any_database, SECRET, login.identity, PASSWORD, codes[0])
    with any_database.reading() as session:
        told = {event.what: json.loads(event.details) for event in list_audit(session)}
    assert told["second-factor.off"]["code"] == "app"


def test_turning_it_on_ends_the_logins_that_needed_no_code_but_the_owners(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    thief = log_in(any_database, LIN, PASSWORD, ELSEWHERE)
    login, _ = turn_on(any_database, phone)
    with any_database.reading() as session:
        assert find_session(session, login.token).identity.account_id == seller.id
        with pytest.raises(SessionInvalid):
            find_session(session, thief.token)
    with pytest.raises(SessionInvalid):  # a request that was under way
        finish_factor(any_database, SECRET, thief.identity, phone.wait())


def test_guesses_at_an_open_page_turn_nothing_on(
    any_database: Database, seller: Account, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOGINS_PER_QUARTER", 3)
    login = log_in(any_database, LIN, PASSWORD)
    phone.shared = begin_factor(any_database, SECRET, login.identity, PASSWORD, "vmodel").shared
    for _ in range(3):
        with pytest.raises(CodeWrong):
            finish_factor(any_database, SECRET, login.identity, phone.wrong())
    with pytest.raises(RateLimited):
        finish_factor(any_database, SECRET, login.identity, phone.code())
    phone.wait(1800)
    finish_factor(any_database, SECRET, login.identity, phone.code())


@pytest.mark.parametrize("by_key", [False, True])
def test_a_new_password_takes_a_code_too(any_database: Database, seller: Account, phone: Phone, by_key: bool) -> None:
    login, codes = turn_on(any_database, phone)
    with any_database.transaction() as session:
        key = find_api_key(session, create_api_key(session, seller.id).token)
    asked = SECRET, key if by_key else login.identity, PASSWORD, "quite another password"
    with pytest.raises(CodeNeeded):
        change_password(any_database, *asked)
    with pytest.raises(CodeWrong):
        change_password(any_database, *asked, code=phone.wrong())
    assert ticket_of(any_database), "the password is as it was"
    again = change_password(any_database, *asked, code=codes[0])
    assert (again is None) is by_key
    with pytest.raises(CodeWrong):
        log_in_with_code(any_database, SECRET, ticket_of(any_database, "quite another password"), codes[0])


def test_it_needs_the_password_to_begin_and_api_keys_work_without_it(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    with any_database.transaction() as session:
        token, login = create_api_key(session, seller.id).token, open_session(session, seller.id)
    with pytest.raises(OwnPasswordWrong):
        begin_factor(any_database, SECRET, login.identity, "not the password", "vmodel")
    turn_on(any_database, phone)
    with any_database.reading() as session:
        assert find_api_key(session, token).account_id == seller.id


def test_whoever_reads_the_database_has_neither_secret_nor_recovery_code(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    _, codes = turn_on(any_database, phone)
    with any_database.transaction() as session:
        tables = ("second_factor", "recovery_code", "audit_event")
        kept = repr([tuple(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table}"))])
        assert phone.shared not in kept
        assert not any(code in kept or code.replace("-", "") in kept for code in codes)
        # A row is of no use for another account either.
        other = create_account(session, "Other", "other@shop.example", password=PASSWORD)
        session.execute(
            text("INSERT INTO second_factor SELECT :other, sealed, 0, confirmed_at FROM second_factor"),
            {"other": other.id},
        )
    with pytest.raises(CodeNeeded) as needed:
        log_in(any_database, "other@shop.example", PASSWORD)
    with pytest.raises(SecondFactorUnreadable):
        log_in_with_code(any_database, SECRET, issue_ticket(SECRET, needed.value), phone.wait())


def test_under_another_secret_the_remedy_is_told_and_recovery_codes_work(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    _, codes = turn_on(any_database, phone)
    with pytest.raises(CodeNeeded) as needed:
        log_in(any_database, LIN, PASSWORD)
    changed = b"another secret of the installation, as long"
    ticket = issue_ticket(changed, needed.value)
    with pytest.raises(SecondFactorUnreadable, match="recovery code"):
        log_in_with_code(any_database, changed, ticket, phone.wait())
    assert log_in_with_code(any_database, changed, ticket, codes[0]).identity.account_id == seller.id


def test_a_reset_or_the_end_of_the_account_leaves_nothing_of_it(
    any_database: Database, seller: Account, phone: Phone
) -> None:
    turn_on(any_database, phone)
    ticket = ticket_of(any_database)
    with any_database.transaction() as session:
        assert remove_factor(session, seller.id)
        assert not remove_factor(session, seller.id)
    with pytest.raises(SignInTooLong):
        log_in_with_code(any_database, SECRET, ticket, phone.wait())
    assert log_in(any_database, LIN, PASSWORD).token
    turn_on(any_database, phone)
    with any_database.transaction() as session:
        close_account(session, seller.id)
        for table in ("second_factor", "recovery_code"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_logins_of_an_older_database_need_no_code_after_the_upgrade(any_database: Database, seller: Account) -> None:
    config = Config()
    config.set_main_option("script_location", str(databases._MIGRATIONS))
    with any_database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0014_account_access")
    any_database.upgrade()
    assert log_in(any_database, LIN, PASSWORD).identity.account_id == seller.id
