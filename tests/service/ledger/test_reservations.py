"""Credits: held on submission, charged per picture, released, and never charged twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from vmodel.core.database import Database
from vmodel.service.accounts.audit_log import list_audit
from vmodel.service.accounts.users import create_account
from vmodel.service.errors import (
    CreditsExhausted,
    EntryUnknown,
    IdempotencyConflict,
    IdempotencyKeyInvalid,
    RefundTooLarge,
    ReservationClosed,
    ReservationUnknown,
    UnitsInvalid,
    UnknownAccount,
)
from vmodel.service.ledger.entries import Entry, OpenReservation
from vmodel.service.ledger.grants import grant, grant_month, refund, withdraw
from vmodel.service.ledger.integrity_check import find_ahead, verify
from vmodel.service.ledger.reservations import (
    Balance,
    balance,
    charge,
    commit,
    expire,
    expire_reservations,
    find_reservation,
    reserve,
    void,
)

NOVEMBER = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def seller(any_database: Database) -> str:
    """Return the id of a seller with 100 credits."""
    with any_database.transaction() as session:
        account = create_account(session, "Lin", "lin@shop.example")
        grant(session, account.id, 100, "invoice 1")
    return account.id


def books(database: Database, account_id: str) -> tuple[int, int, int]:
    with database.transaction() as session:
        found = balance(session, account_id)
    return found.available, found.reserved, found.consumed


def test_a_seller_without_a_grant_has_nothing(any_database: Database) -> None:
    with any_database.transaction() as session:
        account = create_account(session, "Lin", "lin@shop.example")
        assert balance(session, account.id) == Balance(0, 0, 0)
        with pytest.raises(CreditsExhausted):
            reserve(session, account.id, "order 1", 1, "hash")
        with pytest.raises(UnknownAccount):
            grant(session, "nobody", 5, "invoice 1")


def test_what_is_reserved_is_charged_and_the_rest_comes_back(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 30, "hash")
    assert books(any_database, seller) == (70, 30, 0)
    with any_database.transaction() as session:
        ended = commit(session, held.id, 20)
    assert (ended.state, ended.charged) == ("committed", 20)
    assert books(any_database, seller) == (80, 0, 20)


def test_pictures_are_charged_one_by_one_and_each_once(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 6, "hash")
        first = charge(session, held.id, "shot 1", 2)
        assert charge(session, held.id, "shot 1", 2).id == first.id
        charge(session, held.id, "shot 2", 2)
        with pytest.raises(IdempotencyConflict):
            charge(session, held.id, "shot 2", 1)
        with pytest.raises(UnitsInvalid):
            charge(session, held.id, "shot 3", 3)
        assert find_reservation(session, held.id).charged == 4
    assert books(any_database, seller) == (94, 2, 4)
    with any_database.transaction() as session:
        commit(session, held.id)
        with pytest.raises(ReservationClosed):
            charge(session, held.id, "shot 3", 2)
        # A worker that revives repeats the charge for its deliveries.
        assert charge(session, held.id, "shot 1", 2).id == first.id
    assert books(any_database, seller) == (96, 0, 4)


def test_a_reservation_ends_once_and_the_same_end_again_is_harmless(any_database: Database, seller: str) -> None:
    ends = {"commit": lambda s, r: commit(s, r, 10), "void": void, "expire": expire}
    for first, end in ends.items():
        with any_database.transaction() as session:
            held = reserve(session, seller, f"order {first}", 10, "hash")
            ended = end(session, held.id)
            assert end(session, held.id) == ended
            for other in set(ends) - {first}:
                with pytest.raises(ReservationClosed) as refused:
                    ends[other](session, held.id)
                assert refused.value.state == ended.state
            with pytest.raises(ReservationClosed):
                commit(session, held.id, 9)
    assert books(any_database, seller) == (90, 0, 10)
    with any_database.transaction() as session:
        assert session.scalars(select(OpenReservation)).all() == []


def test_voiding_keeps_what_was_delivered(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 10, "hash")
        charge(session, held.id, "shot 1", 4)
        assert void(session, held.id).charged == 4
    assert books(any_database, seller) == (96, 0, 4)


def test_a_commit_charges_neither_more_than_was_held_nor_less_than_was_delivered(
    any_database: Database, seller: str
) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 10, "hash")
        charge(session, held.id, "shot 1", 4)
        for units in (3, 11, -1):
            with pytest.raises(UnitsInvalid):
                commit(session, held.id, units)
        with pytest.raises(ReservationUnknown):
            commit(session, "nothing")
        commit(session, held.id, 7)
    assert books(any_database, seller) == (93, 0, 7)


def test_a_key_reserves_once_for_ever_and_for_one_body(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 10, "hash")
    with any_database.transaction() as session:
        assert reserve(session, seller, "order 1", 10, "hash") == held
        commit(session, held.id)
    with any_database.transaction() as session:
        assert reserve(session, seller, "order 1", 10, "hash").state == "committed"
        for units, body in ((10, "other hash"), (9, "hash")):
            with pytest.raises(IdempotencyConflict):
                reserve(session, seller, "order 1", units, body)
        other = create_account(session, "Mei", "mei@shop.example")
        grant(session, other.id, 10, "invoice 1")
        assert reserve(session, other.id, "order 1", 10, "other hash").id != held.id
        for key in ("", "x" * 201):
            with pytest.raises(IdempotencyKeyInvalid):
                reserve(session, seller, key, 1, "hash")


def test_nobody_spends_what_is_not_there(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        reserve(session, seller, "order 1", 60, "hash")
        with pytest.raises(CreditsExhausted) as refused:
            reserve(session, seller, "order 2", 41, "hash")
        assert (refused.value.needed, refused.value.available) == (41, 40)
        with pytest.raises(CreditsExhausted):
            withdraw(session, seller, 41, "correction 1")
        for units in (0, -5, 10**13):
            with pytest.raises(UnitsInvalid):
                reserve(session, seller, "order 3", units, "hash")
    assert books(any_database, seller) == (40, 60, 0)


def test_grants_and_their_corrections_count_once(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        grant(session, seller, 100, "invoice 1")
        grant(session, seller, 50, "invoice 2")
        withdraw(session, seller, 20, "correction 1")
        withdraw(session, seller, 20, "correction 1")
        with pytest.raises(IdempotencyConflict):
            grant(session, seller, 51, "invoice 2")
    assert books(any_database, seller) == (130, 0, 0)


def test_a_refund_stands_against_its_charge_and_never_exceeds_it(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 10, "hash")
        paid = charge(session, held.id, "shot 1", 4)
        commit(session, held.id)
        back = refund(session, seller, paid.id, 3, "complaint 1", "the print was wrong")
        assert refund(session, seller, paid.id, 3, "complaint 1", "the print was wrong").id == back.id
        with pytest.raises(RefundTooLarge) as refused:
            refund(session, seller, paid.id, 2, "complaint 2", "again")
        assert refused.value.left == 1
        with pytest.raises(IdempotencyConflict):
            refund(session, seller, paid.id, 1, "complaint 1", "other")
        other = create_account(session, "Mei", "mei@shop.example")
        for account_id, entry_id in ((other.id, paid.id), (seller, held.id), (seller, "nothing")):
            with pytest.raises(EntryUnknown):
                refund(session, account_id, entry_id, 1, "complaint 3", "not mine")
        assert session.get_one(Entry, paid.id).consumed == 4
    assert books(any_database, seller) == (99, 0, 1)


def test_reservations_expire_when_their_time_has_passed(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        old = reserve(session, seller, "order 1", 10, "hash", expires_at=NOVEMBER)
        charge(session, old.id, "shot 1", 4)
        young = reserve(session, seller, "order 2", 10, "hash", expires_at=NOVEMBER + timedelta(days=1))
    assert expire_reservations(any_database, NOVEMBER) == 1
    assert expire_reservations(any_database, NOVEMBER) == 0
    with any_database.transaction() as session:
        assert find_reservation(session, old.id).state == "expired"
        assert find_reservation(session, young.id).state == "open"
    assert books(any_database, seller) == (86, 10, 4)


def test_free_credits_come_once_a_month_and_what_is_left_lapses(any_database: Database) -> None:
    december = NOVEMBER + timedelta(days=10)
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        for _ in range(2):
            grant_month(session, seller, 50, NOVEMBER)
        grant(session, seller, 30, "invoice 1", at=NOVEMBER)
        held = reserve(session, seller, "order 1", 20, "hash", at=NOVEMBER)
        commit(session, held.id, 15, at=NOVEMBER)
    assert books(any_database, seller) == (65, 0, 15)
    with any_database.transaction() as session:
        for _ in range(2):
            grant_month(session, seller, 50, december)
    # 35 of November's 50 free credits lapse, the 30 bought ones stay, December's 50 come.
    assert books(any_database, seller) == (80, 0, 15)


def test_a_month_that_a_wrong_clock_granted_takes_no_free_credits_from_the_months_before_it(
    any_database: Database,
) -> None:
    ahead = NOVEMBER + timedelta(days=1200)
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        grant_month(session, seller, 50, NOVEMBER)
        commit(session, reserve(session, seller, "order 1", 20, "hash", at=NOVEMBER).id, 20, at=NOVEMBER)
        grant_month(session, seller, 50, ahead)
        commit(session, reserve(session, seller, "order 2", 5, "hash", at=ahead).id, 5, at=ahead)
        grant_month(session, seller, 50, NOVEMBER)
    # What was left of November when the clock went wrong is back, and no more than that.
    assert books(any_database, seller) == (30, 0, 25)
    assert [note.account_id for note in find_ahead(any_database, NOVEMBER)] == [seller]
    with any_database.transaction() as session:
        assert [row.what for row in list_audit(session) if row.what.startswith("ledger.")] == ["ledger.month_ahead"]
        for days in (10, 40, 1200):
            grant_month(session, seller, 50, NOVEMBER + timedelta(days=days))
            left = balance(session, seller).available
            # Five of that month's were spent ahead of it.
            assert left == (45 if days == 1200 else 50)
    assert find_ahead(any_database, ahead) == []
    assert verify(any_database, []) == []


def test_free_credits_that_lapsed_under_a_wrong_clock_take_no_bought_ones_with_them(any_database: Database) -> None:
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        grant_month(session, seller, 50, NOVEMBER)
        for days in (1200, 0):
            grant_month(session, seller, 0, NOVEMBER + timedelta(days=days))
        grant(session, seller, 10, "bought", at=NOVEMBER)
        grant_month(session, seller, 0, NOVEMBER + timedelta(days=40))
    assert books(any_database, seller) == (10, 0, 0)


def test_a_clock_that_is_hours_ahead_at_the_months_end_grants_one_month(any_database: Database) -> None:
    december = NOVEMBER.replace(day=30, hour=23)
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        for at in (december, december + timedelta(hours=2), december, december + timedelta(hours=2)):
            grant_month(session, seller, 50, at)
    assert books(any_database, seller) == (50, 0, 0)
    with any_database.transaction() as session:
        assert [entry.kind for entry in session.scalars(select(Entry).order_by(Entry.number))] == [
            *("quota", "lapse", "quota"),
        ]


def test_bought_credits_never_lapse_with_the_free_ones(any_database: Database) -> None:
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        grant(session, seller, 30, "invoice 1", at=NOVEMBER)
        grant_month(session, seller, 50, NOVEMBER)
        commit(session, reserve(session, seller, "order 1", 70, "hash", at=NOVEMBER).id, 70, at=NOVEMBER)
        grant_month(session, seller, 0, NOVEMBER + timedelta(days=10))
        grant_month(session, seller, 50, NOVEMBER + timedelta(days=40))
    assert books(any_database, seller) == (60, 0, 70)
