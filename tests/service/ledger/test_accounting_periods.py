"""A closed month never changes; late entries are booked in the next one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from vmodel.core.database import Database
from vmodel.service.accounts.users import create_account
from vmodel.service.errors import PeriodInvalid, PeriodNotOver
from vmodel.service.ledger.accounting_periods import balance_after, close_period
from vmodel.service.ledger.entries import Entry, next_period
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.reservations import Balance, balance, commit, reserve

SEPTEMBER = datetime(2026, 9, 30, 23, 59, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 20, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 24, tzinfo=UTC)
KEYS = [Ed25519PrivateKey.generate().public_key()]


@pytest.fixture
def seller(any_database: Database) -> str:
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        grant(session, seller, 100, "invoice 1", at=SEPTEMBER)
        held = reserve(session, seller, "order 1", 40, "hash", at=SEPTEMBER)
        commit(session, held.id, 30, at=OCTOBER)
    return seller


def test_a_late_event_goes_into_the_next_open_month(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        before = balance_after(session, seller, "2026-09")
    assert before == Balance(60, 40, 0)
    assert close_period(any_database, "2026-10", NOVEMBER) == 1
    with any_database.transaction() as session:
        late = commit(session, reserve(session, seller, "order 2", 5, "hash", at=SEPTEMBER).id, 5, at=SEPTEMBER)
        booked = set(session.scalars(select(Entry.period).where(Entry.reservation_id == late.id)))
        assert booked == {"2026-11"}
        assert balance_after(session, seller, "2026-09") == before
        assert balance_after(session, seller, "2026-10") == Balance(70, 0, 30)
        assert balance_after(session, seller, "2026-11") == balance(session, seller) == Balance(65, 0, 35)
    assert verify(any_database, KEYS) == []


def test_an_event_of_an_open_month_is_booked_there_even_when_the_next_has_begun(
    any_database: Database, seller: str
) -> None:
    with any_database.transaction() as session:
        assert grant(session, seller, 1, "invoice 2", at=SEPTEMBER).period == "2026-09"


def test_no_month_begins_to_close_while_a_seller_makes_a_first_entry(any_database: Database) -> None:
    with any_database.transaction() as session:
        new = create_account(session, "Mei", "mei@shop.example").id
    with ThreadPoolExecutor(1) as pool:
        with any_database.transaction() as session:
            grant(session, new, 10, "invoice 1", at=OCTOBER)
            closing = pool.submit(close_period, any_database, "2026-10", NOVEMBER)
            with pytest.raises(TimeoutError):
                closing.result(0.5)
        assert closing.result(20) == 1
    with any_database.transaction() as session:
        assert grant(session, new, 1, "invoice 2", at=OCTOBER).period == "2026-11"


def test_closing_closes_the_months_before_it_once(any_database: Database, seller: str) -> None:
    for expected in (1, 0):
        assert close_period(any_database, "2026-10", NOVEMBER) == expected
    with any_database.transaction() as session:
        closings = session.scalars(select(Entry).where(Entry.kind == "close").order_by(Entry.number)).all()
    assert [(entry.period, entry.note) for entry in closings] == [
        ("2026-09", '{"available": 60, "reserved": 40, "consumed": 0}'),
        ("2026-10", '{"available": 70, "reserved": 0, "consumed": 30}'),
    ]


def test_a_seller_who_comes_later_has_nothing_in_a_closed_month(any_database: Database, seller: str) -> None:
    close_period(any_database, "2026-10", NOVEMBER)
    with any_database.transaction() as session:
        newcomer = create_account(session, "Mei", "mei@shop.example").id
        assert grant(session, newcomer, 10, "invoice 1", at=SEPTEMBER).period == "2026-11"
    assert close_period(any_database, "2026-10", NOVEMBER) == 0


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "now", "2026-11-01", ""])
def test_what_is_no_month_is_refused(any_database: Database, month: str) -> None:
    with pytest.raises(PeriodInvalid):
        close_period(any_database, month, NOVEMBER)


def test_a_month_that_runs_cannot_be_closed(any_database: Database) -> None:
    with pytest.raises(PeriodNotOver):
        close_period(any_database, "2026-11", NOVEMBER)
    assert (next_period("2026-11"), next_period("2026-12")) == ("2026-12", "2027-01")
