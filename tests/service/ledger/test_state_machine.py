"""State machine of the ledger: after any sequence of operations it agrees with a plain count of credits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from vmodel.core.database import Database
from vmodel.errors import VModelError
from vmodel.service.accounts.users import create_account
from vmodel.service.errors import CreditsExhausted, IdempotencyConflict, RefundTooLarge, ReservationClosed, UnitsInvalid
from vmodel.service.ledger.accounting_periods import close_period
from vmodel.service.ledger.checkpoints import sign_head
from vmodel.service.ledger.grants import grant, grant_month, refund, withdraw
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.reservations import (
    balance,
    charge,
    commit,
    expire_reservations,
    find_reservation,
    reserve,
    void,
)
from vmodel.service.ledger.statements import list_periods, make_statement

KEY = Ed25519PrivateKey.generate()
UNITS = st.integers(1, 40)
NAMES = st.sampled_from("abcd")


class Counted:
    """Plain count of one seller's credits."""

    def __init__(self, account_id: str) -> None:
        self.id = account_id
        self.available = self.consumed = 0
        self.held: dict[str, list[int]] = {}
        self.keys: dict[tuple[str, str], object] = {}
        self.pictures: dict[tuple[str, str], int] = {}
        self.state: dict[str, str] = {}
        self.charges: dict[str, int] = {}
        self.free = self.free_spent = 0
        self.month = ""

    @property
    def reserved(self) -> int:
        return sum(units - charged for units, charged in self.held.values())

    def end(self, reservation: str, total: int, state: str) -> None:
        units, charged = self.held.pop(reservation)
        self.available += units - total
        self.consumed += total - charged
        self.state[reservation] = state


class LedgerMachine(RuleBasedStateMachine):
    """State machine that acts on two sellers' ledgers and keeps plain counts."""

    open_fresh: Callable[[], Database]
    reservations = Bundle("reservations")
    charges = Bundle("charges")

    def __init__(self) -> None:
        super().__init__()
        self.database = type(self).open_fresh()
        self.now = datetime(2026, 1, 20, tzinfo=UTC)
        self.sellers: list[Counted] = []
        with self.database.transaction() as session:
            for name in ("lin", "mei"):
                self.sellers.append(Counted(create_account(session, name, f"{name}@shop.example").id))

    @rule(who=st.integers(0, 1), units=UNITS, name=NAMES)
    def grant(self, who: int, units: int, name: str) -> None:
        seller = self.sellers[who]
        known = seller.keys.setdefault(("grant", name), units)
        with self.database.transaction() as session:
            if known != units:
                with pytest.raises(IdempotencyConflict):
                    grant(session, seller.id, units, name, at=self.now)
                return
            before = balance(session, seller.id).available
            grant(session, seller.id, units, name, at=self.now)
            given = balance(session, seller.id).available - before
        seller.available += given
        assert given in {0, units}
        first = ("granted", name) not in seller.keys
        seller.keys[("granted", name)] = True
        assert given == (units if first else 0)

    @rule(who=st.integers(0, 1), units=UNITS, name=NAMES)
    def withdraw(self, who: int, units: int, name: str) -> None:
        seller = self.sellers[who]
        known = seller.keys.get(("withdraw", name))
        expected: type[VModelError] | None = None
        if known is not None:
            expected = IdempotencyConflict if known != units else None
        elif units > seller.available:
            expected = CreditsExhausted
        with self.database.transaction() as session:
            if expected is not None:
                with pytest.raises(expected):
                    withdraw(session, seller.id, units, name, at=self.now)
                return
            withdraw(session, seller.id, units, name, at=self.now)
        if known is None:
            seller.keys[("withdraw", name)] = units
            seller.available -= units

    @rule(target=reservations, who=st.integers(0, 1), units=UNITS, name=NAMES, body=st.sampled_from("xy"))
    def reserve(self, who: int, units: int, name: str, body: str) -> object:
        seller = self.sellers[who]
        known = seller.keys.get(("reserve", name))
        with self.database.transaction() as session:
            if known is not None:
                reservation, *asked = known
                if asked != [units, body]:
                    with pytest.raises(IdempotencyConflict):
                        reserve(session, seller.id, name, units, body, at=self.now)
                else:
                    again = reserve(session, seller.id, name, units, body, at=self.now)
                    assert (again.id, again.state) == (reservation, seller.state[reservation])
                return multiple()
            if units > seller.available:
                with pytest.raises(CreditsExhausted):
                    reserve(session, seller.id, name, units, body, at=self.now)
                return multiple()
            until = self.now + timedelta(days=20)
            held = reserve(session, seller.id, name, units, body, expires_at=until, at=self.now)
        seller.available -= units
        seller.held[held.id] = [units, 0]
        seller.state[held.id] = "open"
        seller.keys[("reserve", name)] = (held.id, units, body)
        return (who, held.id, until)

    @rule(target=charges, held=reservations, units=st.integers(1, 20), name=NAMES)
    def charge(self, held: tuple[int, str, datetime], units: int, name: str) -> object:
        seller, reservation = self.sellers[held[0]], held[1]
        known = seller.pictures.get((reservation, name))
        left = seller.held[reservation][0] - seller.held[reservation][1] if reservation in seller.held else 0
        expected: type[VModelError] | None = None
        if known is not None:
            expected = IdempotencyConflict if known != units else None
        elif seller.state[reservation] != "open":
            expected = ReservationClosed
        elif units > left:
            expected = UnitsInvalid
        with self.database.transaction() as session:
            if expected is not None:
                with pytest.raises(expected):
                    charge(session, reservation, name, units, at=self.now)
                return multiple()
            entry = charge(session, reservation, name, units, at=self.now)
        if known is not None:
            return multiple()
        seller.pictures[(reservation, name)] = units
        seller.held[reservation][1] += units
        seller.consumed += units
        seller.charges[entry.id] = units
        return (held[0], entry.id)

    @rule(held=reservations, units=st.none() | st.integers(0, 40))
    def commit(self, held: tuple[int, str, datetime], units: int | None) -> None:
        seller, reservation = self.sellers[held[0]], held[1]
        with self.database.transaction() as session:
            if reservation not in seller.held:
                total = find_reservation(session, reservation).charged
                if seller.state[reservation] == "committed" and units in {None, total}:
                    commit(session, reservation, units, at=self.now)
                else:
                    with pytest.raises(ReservationClosed):
                        commit(session, reservation, units, at=self.now)
                return
            most, charged = seller.held[reservation]
            total = charged if units is None else units
            if not charged <= total <= most:
                with pytest.raises(UnitsInvalid):
                    commit(session, reservation, units, at=self.now)
                return
            commit(session, reservation, units, at=self.now)
        seller.end(reservation, total, "committed")

    @rule(held=consumes(reservations))
    def void(self, held: tuple[int, str, datetime]) -> None:
        seller, reservation = self.sellers[held[0]], held[1]
        with self.database.transaction() as session:
            if seller.state[reservation] in {"committed", "expired"}:
                with pytest.raises(ReservationClosed):
                    void(session, reservation, at=self.now)
                return
            void(session, reservation, at=self.now)
        if reservation in seller.held:
            seller.end(reservation, seller.held[reservation][1], "voided")

    @rule(charged=charges, units=st.integers(1, 20), name=NAMES)
    def refund(self, charged: tuple[int, str], units: int, name: str) -> None:
        seller, entry = self.sellers[charged[0]], charged[1]
        known = seller.keys.get(("refund", name))
        expected: type[VModelError] | None = None
        if known is not None:
            expected = IdempotencyConflict if known != (entry, units) else None
        elif units > seller.charges[entry]:
            expected = RefundTooLarge
        with self.database.transaction() as session:
            if expected is not None:
                with pytest.raises(expected):
                    refund(session, seller.id, entry, units, name, "complaint", at=self.now)
                return
            refund(session, seller.id, entry, units, name, "complaint", at=self.now)
        if known is None:
            seller.keys[("refund", name)] = (entry, units)
            seller.charges[entry] -= units
            seller.available += units
            seller.consumed -= units

    @rule(days=st.integers(1, 25))
    def let_time_pass(self, days: int) -> None:
        self.now += timedelta(days=days)
        expire_reservations(self.database, self.now)
        with self.database.transaction() as session:
            for seller in self.sellers:
                for reservation in list(seller.held):
                    if find_reservation(session, reservation).state == "expired":
                        seller.end(reservation, seller.held[reservation][1], "expired")

    @rule()
    def close_last_month(self) -> None:
        last = self.now.replace(day=1) - timedelta(days=1)
        close_period(self.database, f"{last:%Y-%m}", self.now)

    @rule(who=st.integers(0, 1))
    def begin_month(self, who: int) -> None:
        seller, month = self.sellers[who], f"{self.now:%Y-%m}"
        with self.database.transaction() as session:
            grant_month(session, seller.id, 25, self.now)
        if seller.month >= month:
            return
        spent = seller.consumed + seller.reserved - seller.free_spent
        seller.available -= min(seller.available, max(0, seller.free - max(0, spent)))
        seller.available += 25
        seller.month, seller.free, seller.free_spent = month, 25, seller.consumed + seller.reserved

    @rule()
    def sign(self) -> None:
        sign_head(self.database, KEY, self.now)

    @invariant()
    def the_books_are_as_counted(self) -> None:
        with self.database.transaction() as session:
            for seller in self.sellers:
                there = balance(session, seller.id)
                assert (there.available, there.reserved, there.consumed) == (
                    seller.available,
                    seller.reserved,
                    seller.consumed,
                )

    def teardown(self) -> None:
        assert verify(self.database, [KEY.public_key()]) == []
        with self.database.transaction() as session:
            for seller in self.sellers:
                months = [make_statement(session, seller.id, month) for month in list_periods(session, seller.id)][::-1]
                for month, following in pairwise(months):
                    assert month.closing == following.opening
                if months:
                    assert months[-1].closing == balance(session, seller.id)
        self.database.close()


def test_the_ledger_agrees_with_a_plain_count(new_address: Callable[[], str]) -> None:
    class OnFreshDatabases(LedgerMachine):
        open_fresh = staticmethod(lambda: Database(new_address()))

    run_state_machine_as_test(
        OnFreshDatabases,
        settings=settings(
            max_examples=12 if new_address().startswith("sqlite") else 8,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
