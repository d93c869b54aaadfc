"""Owners hear what happens to their account: on the page and by mail, once, soon, and never more than they can read."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from structlog.testing import capture_logs

from tests.support.mail_server import Mailbox, receiving_mail
from vmodel.config import Settings
from vmodel.core.database import Database, now
from vmodel.errors import BadUsage
from vmodel.service.accounts.auth import Login, log_in
from vmodel.service.accounts.logins import change_password
from vmodel.service.accounts.notice_mail import MAILS_A_DAY, PAUSE, WAITS, MailServer, NoticeMailer, find_server
from vmodel.service.accounts.notices import (
    KEPT,
    KnownOrigin,
    count_unread,
    describe,
    forget_notices,
    forget_owner,
    list_notices,
    mark_read,
    tell,
)
from vmodel.service.accounts.second_factor import (
    begin_factor,
    finish_factor,
    issue_ticket,
    log_in_with_code,
    turn_off,
)
from vmodel.service.accounts.users import close_account, create_account
from vmodel.service.errors import CodeNeeded, CodeWrong, WrongPassword

PASSWORD, LIN = "a long enough password", "lin@shop.example"
SECRET = b"a secret of an installation, 32 bytes or more"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"


@pytest.fixture
def lin(any_database: Database) -> str:
    """Return the id of an owner who has signed in once, from Firefox at 192.0.2.7, and has read of it."""
    with any_database.transaction() as session:
        account_id = create_account(session, "Lin", LIN, password=PASSWORD).id
    sign_in(any_database)
    with any_database.transaction() as session:
        mark_read(session, account_id, list_notices(session, account_id)[0].id)
    return account_id


def sign_in(database: Database, origin: str = "192.0.2.7", agent: str = FIREFOX, password: str = PASSWORD) -> Login:
    return log_in(database, LIN, password, origin, agent)


def unread(database: Database, account_id: str, language: str = "en") -> list[str]:
    """Return the sentences of the notices that the owner has not read, the newest first."""
    with database.reading() as session:
        found = [each for each in list_notices(session, account_id) if each.read_at is None]
        assert count_unread(session, account_id) == len(found)
        return [describe(each.kind, each.details, language) for each in found]


def test_a_login_from_a_new_browser_or_network_is_told_once_and_a_known_one_is_not(
    any_database: Database, lin: str
) -> None:
    sign_in(any_database, "192.0.2.200")
    assert unread(any_database, lin) == []
    sign_in(any_database, agent=PHONE)
    sign_in(any_database, "198.51.100.9")
    sign_in(any_database, "198.51.100.9", PHONE)
    assert unread(any_database, lin) == [
        "New login: browser Firefox, Windows, network 198.51.100.0/24.",
        "New login: browser Safari, iPhone, network 192.0.2.0/24.",
    ]
    assert unread(any_database, lin, "zh")[0] == "新的登录：浏览器 Firefox, Windows，网络 198.51.100.0/24。"


def test_what_was_not_used_for_half_a_year_is_new_again(any_database: Database, lin: str) -> None:
    with any_database.transaction() as session:
        for seen in session.query(KnownOrigin):
            seen.seen_at = now() - KEPT - timedelta(days=1)
    with any_database.transaction() as session:
        forget_notices(session)
    sign_in(any_database)
    assert len(unread(any_database, lin)) == 1


def test_changes_of_password_and_second_factor_and_the_last_codes_are_told(any_database: Database, lin: str) -> None:
    login = sign_in(any_database)
    shared = begin_factor(any_database, SECRET, login.identity, PASSWORD, "vmodel").shared
    codes = finish_factor(any_database, SECRET, login.identity, pyotp.TOTP(shared).now())
    for code in codes[:8]:
        with pytest.raises(CodeNeeded) as needed:
            sign_in(any_database)
        login = log_in_with_code(any_database, SECRET, issue_ticket(SECRET, needed.value), code, "192.0.2.7", FIREFOX)
    turn_off(any_database, SECRET, login.identity, PASSWORD, codes[8])
    change_password(any_database, SECRET, login.identity, PASSWORD, "quite another one", "192.0.2.7", FIREFOX)
    assert unread(any_database, lin) == [
        "Your password was changed.",
        "Two-step sign-in was turned off.",
        "A recovery code was used; codes left: 1. Make new ones in your account.",
        "A recovery code was used; codes left: 2. Make new ones in your account.",
        "Two-step sign-in was turned on.",
    ]


def test_many_wrong_passwords_from_many_networks_are_told_once_a_day(any_database: Database, lin: str) -> None:
    def guess(count: int) -> None:
        for number in range(count):
            with pytest.raises(WrongPassword):
                sign_in(any_database, f"198.51.{number}.9", password="a wrong password")

    guess(9)
    assert unread(any_database, lin) == []
    guess(4)
    assert unread(any_database, lin) == ["Somebody entered a wrong password 10 times or more within a day."]


def test_wrong_codes_after_the_right_password_are_told(any_database: Database, lin: str) -> None:
    login = sign_in(any_database)
    shared = begin_factor(any_database, SECRET, login.identity, PASSWORD, "vmodel").shared
    finish_factor(any_database, SECRET, login.identity, pyotp.TOTP(shared).now())
    with pytest.raises(CodeNeeded) as needed:
        sign_in(any_database, "198.51.100.9")
    for number in range(6):
        with pytest.raises(CodeWrong):
            log_in_with_code(any_database, SECRET, issue_ticket(SECRET, needed.value), f"not-a-code-{number}")
    told = [sentence for sentence in unread(any_database, lin) if "wrong code" in sentence]
    assert len(told) == 1
    assert "knows your password" in told[0]


def test_nobody_without_the_password_makes_it_look_as_though_they_knew_it(any_database: Database, lin: str) -> None:
    for number in range(6):
        with pytest.raises(WrongPassword):
            log_in(any_database, f"code:{lin}", "a wrong password", f"198.51.{number}.9")
    login = sign_in(any_database)
    shared = begin_factor(any_database, SECRET, login.identity, PASSWORD, "vmodel").shared
    finish_factor(any_database, SECRET, login.identity, pyotp.TOTP(shared).now())
    with pytest.raises(CodeNeeded) as needed:
        sign_in(any_database)
    with pytest.raises(CodeWrong):
        log_in_with_code(any_database, SECRET, issue_ticket(SECRET, needed.value), "not-a-code")
    assert unread(any_database, lin) == ["Two-step sign-in was turned on."]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with receiving_mail(tmp_path) as opened:
        yield opened


def mailer(database: Database, box: Mailbox, after: timedelta = timedelta(0), tls: bool = True) -> NoticeMailer:
    server = MailServer("localhost", box.port, tls, "house", "mail-password", "notices@house.example")
    return NoticeMailer(database, server, "https://house.example", box.trusted, lambda: now() + after)


def test_an_owner_gets_a_mail_in_both_languages_that_holds_no_secret_and_no_whole_address(
    any_database: Database, lin: str, box: Mailbox
) -> None:
    assert mailer(any_database, box).send_due() == 1
    assert mailer(any_database, box).send_due() == 0
    (mail,) = box.mails
    assert (mail["To"], mail["From"]) == (LIN, "notices@house.example")
    content = mail.get_content()
    assert "New login: browser Firefox, Windows, network 192.0.2.0/24." in content
    assert "新的登录：浏览器 Firefox, Windows，网络 192.0.2.0/24。" in content
    assert "https://house.example" in content
    assert "192.0.2.7" not in content
    told = [heard for heard in box.heard if "auth" in heard.lower() or "mail from" in heard.lower()]
    assert [heard[:2] for heard in told] == ["T ", "T "]
    assert any("mail-password" in heard for heard in box.heard)


def test_mail_goes_out_over_tls_only(any_database: Database, lin: str, tmp_path: Path) -> None:
    with receiving_mail(tmp_path, offers_tls=False) as plain:
        mailer(any_database, plain).send_due()
        assert plain.mails == []
        assert not [heard for heard in plain.heard if heard.lower().startswith(("auth", "mail"))]
    with receiving_mail(tmp_path) as unknown:
        untrusting = dataclasses.replace(mailer(any_database, unknown, PAUSE * 2), certificates=None)
        untrusting.send_due()
        assert unknown.mails == []
    with receiving_mail(tmp_path, starttls=False) as secure:
        mailer(any_database, secure, timedelta(days=1), tls=False).send_due()
        assert [mail["To"] for mail in secure.mails] == [LIN]


def test_a_server_that_refuses_or_is_away_loses_no_notice(any_database: Database, lin: str, box: Mailbox) -> None:
    box.answers[:] = ["451 later", "550 who is lin@shop.example?", "250 ok"]
    with capture_logs() as logs:
        mailer(any_database, box).send_due()
        mailer(any_database, box).send_due()
        mailer(any_database, box, WAITS[0] + timedelta(minutes=1)).send_due()
    assert box.mails == []
    assert [line["event"] for line in logs] == ["mail_failed", "mail_failed"]
    assert LIN not in str(logs)
    away = dataclasses.replace(mailer(any_database, box), clock=lambda: now() + timedelta(days=1))
    dataclasses.replace(away, server=dataclasses.replace(away.server, port=9)).send_due()
    assert mailer(any_database, box, timedelta(days=2)).send_due() == 1
    assert len(box.mails) == 1


def test_a_mail_that_cannot_be_written_is_tried_later_like_one_that_is_refused(
    any_database: Database, lin: str, box: Mailbox
) -> None:
    untypable = dataclasses.replace(mailer(any_database, box).server, password="gehört niemandem")
    with capture_logs() as logs:
        dataclasses.replace(mailer(any_database, box), server=untypable).send_due()
    assert [line["event"] for line in logs] == ["mail_failed"]
    later = mailer(any_database, box, WAITS[0] + timedelta(minutes=1))
    assert dataclasses.replace(later, server=untypable).send_due() == 1
    # The second wait, not the time of an unfinished try.
    assert mailer(any_database, box, WAITS[0] + PAUSE + timedelta(minutes=2)).send_due() == 0
    assert mailer(any_database, box, WAITS[0] + WAITS[1] + timedelta(minutes=2)).send_due() == 1


def test_a_new_notice_is_not_given_up_with_one_that_has_long_been_tried(
    any_database: Database, lin: str, box: Mailbox
) -> None:
    box.answers[:] = ["451 later"]
    at = timedelta(0)
    for wait in WAITS:
        assert mailer(any_database, box, at).send_due() == 1
        at += wait + timedelta(minutes=1)
    with any_database.transaction() as session:
        tell(session, lin, "password.changed")
    assert mailer(any_database, box, at).send_due() == 1  # the last try of the first notice
    box.answers[:] = ["250 ok"]
    assert mailer(any_database, box, at + WAITS[0] + timedelta(minutes=1)).send_due() == 1
    assert "Your password was changed." in box.mails[0].get_content()


def test_a_mail_goes_to_its_owner_alone_even_with_a_comma_in_the_address(any_database: Database, box: Mailbox) -> None:
    with any_database.transaction() as session:
        account_id = create_account(session, "Mei", "mei,someone@shop.example").id
        tell(session, account_id, "password.changed")
    mailer(any_database, box).send_due()
    asked = [heard for heard in box.heard if "rcpt" in heard.lower()]
    assert asked == ['T rcpt TO:<"mei,someone"@shop.example>']


def test_what_happens_at_once_comes_in_one_mail_and_a_mailbox_is_not_flooded(
    any_database: Database, lin: str, box: Mailbox
) -> None:
    at = timedelta(0)
    mailer(any_database, box).send_due()
    for _ in range(30):
        with any_database.transaction() as session:
            tell(session, lin, "key.made", prefix="vm_1a2b3c4d")
        mailer(any_database, box, at).send_due()
    assert len(box.mails) == 1
    mailer(any_database, box, PAUSE + timedelta(seconds=9)).send_due()
    assert [mail.get_content().count("vm_1a2b3c4d") for mail in box.mails] == [0, 2 * 20]
    assert "and 10 more" in box.mails[1].get_content()
    for number in range(2, 40):
        with any_database.transaction() as session:
            tell(session, lin, "password.changed")
        mailer(any_database, box, (PAUSE + timedelta(seconds=9)) * number).send_due()
    assert len(box.mails) == MAILS_A_DAY
    mailer(any_database, box, timedelta(days=1, hours=12)).send_due()
    assert len(box.mails) == MAILS_A_DAY + 1
    assert "and " in box.mails[-1].get_content()


def test_two_processes_send_a_notice_once(any_database: Database, lin: str, box: Mailbox) -> None:
    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(lambda _: mailer(any_database, box).send_due(), range(8)))
    assert (sent, len(box.mails)) == (1, 1)


def test_a_running_courier_sends_what_happens_and_ends_when_asked(
    any_database: Database, lin: str, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vmodel.service.accounts.notice_mail._LOOK_S", 0.01)
    stop = threading.Event()
    thread = threading.Thread(target=mailer(any_database, box).run, args=(stop,))
    thread.start()
    assert box.arrived.wait(20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_nobody_is_written_to_whose_account_is_closed_or_of_what_was_before_mail_was_set(
    any_database: Database, lin: str, box: Mailbox
) -> None:
    mailer(any_database, box, timedelta(days=3)).send_due()
    assert box.mails == []
    with any_database.transaction() as session:
        tell(session, lin, "password.changed")
        close_account(session, lin)
    mailer(any_database, box).send_due()
    assert box.mails == []
    with any_database.transaction() as session:
        forget_owner(session, lin)
    with any_database.reading() as session:
        assert list_notices(session, lin) == []


def test_a_mail_server_is_named_in_one_setting_and_a_wrong_one_is_refused_without_its_password() -> None:
    named = Settings.model_validate({"smtp_url": "smtps://ho%40use:p%2Fw@mail.example", "mail_from": "a@b.example"})
    assert find_server(named) == MailServer("mail.example", 465, False, "ho@use", "p/w", "a@b.example")
    plain = Settings.model_validate({"smtp_url": "smtp://mail.example:2525", "mail_from": "a@b.example"})
    assert find_server(plain) == MailServer("mail.example", 2525, True, "", "", "a@b.example")
    assert find_server(Settings()) is None
    addresses = ("http://u:hunter2@mail.example", "smtp://u:hunter2@mail.example", "smtp://u:hunter2@m.example:99999")
    for wrong in ({"smtp_url": address} for address in addresses):
        with pytest.raises(BadUsage, match=r"VMODEL_(SMTP_URL|MAIL_FROM) must be") as refused:
            Settings.model_validate(wrong)
        assert "hunter2" not in str(refused.value)
