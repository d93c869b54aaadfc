"""Concurrent requests from several processes: one key is one reservation, and no credit is spent twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vmodel.core.database import Database
from vmodel.service.accounts.users import create_account
from vmodel.service.errors import CreditsExhausted, ReservationClosed
from vmodel.service.ledger.entries import Entry
from vmodel.service.ledger.grants import grant, grant_month
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.reservations import Balance, balance, charge, commit, expire, reserve, void

ROOT = Path(__file__).resolve().parents[3]
KEYS = [Ed25519PrivateKey.generate().public_key()]
CROWD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from vmodel.core.database import Database
from vmodel.service.ledger.reservations import reserve

def ask(number):
    with database.transaction() as session:
        return reserve(session, sys.argv[2], "order 1", 30, "hash").id

database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(10) as threads:
    print(*threads.map(ask, range(10)), flush=True)
"""


def at_once(database: Database, deeds: list[Callable[[Session], object]]) -> list[object]:
    """Run each function in its own thread and transaction, all starting together; an error is its result."""
    barrier = Barrier(len(deeds))

    def carry_out(deed: Callable[[Session], object]) -> object:
        barrier.wait()
        try:
            with database.transaction() as session:
                return deed(session)
        except (CreditsExhausted, ReservationClosed) as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(carry_out, deeds))


@pytest.fixture
def seller(any_database: Database) -> str:
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        grant(session, seller, 100, "invoice 1")
    return seller


def test_fifty_requests_of_five_processes_with_one_key_are_one_reservation(
    any_database: Database, database_address: str, seller: str
) -> None:
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", CROWD, database_address, seller],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(5)
    ]
    for process in crowd:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    reservations = [word for process in crowd for word in process.communicate()[0].split()]
    assert len(reservations) == 50
    assert len(set(reservations)) == 1
    with any_database.transaction() as session:
        assert balance(session, seller) == Balance(70, 30, 0)
    assert verify(any_database, KEYS) == []


def test_many_who_ask_for_the_last_credits_get_no_more_than_there_are(any_database: Database, seller: str) -> None:
    deeds = [lambda session, n=n: reserve(session, seller, f"order {n}", 15, "hash") for n in range(14)]
    results = at_once(any_database, deeds)
    assert Counter(type(result).__name__ for result in results) == {"Reservation": 6, "CreditsExhausted": 8}
    with any_database.transaction() as session:
        assert balance(session, seller) == Balance(10, 90, 0)
    assert verify(any_database, KEYS) == []


def test_of_all_ends_of_a_reservation_one_comes_true(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 10, "hash").id
        charge(session, held, "shot 1", 4)
    ends: list[Callable[[Session], object]] = [
        lambda session: commit(session, held, 10),
        lambda session: void(session, held),
        lambda session: expire(session, held),
    ]
    results = at_once(any_database, ends * 4)
    states = {result.state for result in results if not isinstance(result, Exception)}
    refused = {result.state for result in results if isinstance(result, ReservationClosed)}
    assert len(states) == 1
    assert refused == states
    with any_database.transaction() as session:
        ended = session.scalar(select(func.count()).where(Entry.ends == held))
        consumed = balance(session, seller).consumed
    assert ended == 1
    assert consumed == (10 if states == {"committed"} else 4)
    assert verify(any_database, KEYS) == []


def test_a_picture_that_two_workers_deliver_is_charged_once(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 1", 10, "hash").id
    deeds = [lambda session, n=n: charge(session, held, f"shot {n % 3}", 2).id for n in range(12)]
    assert len(set(at_once(any_database, deeds))) == 3
    with any_database.transaction() as session:
        assert balance(session, seller) == Balance(90, 4, 6)


def test_first_entries_of_a_new_seller_make_one_chain_and_a_month_is_granted_once(any_database: Database) -> None:
    with any_database.transaction() as session:
        seller = create_account(session, "Mei", "mei@shop.example").id
    deeds: list[Callable[[Session], object]] = [
        lambda session, n=n: grant(session, seller, 1, f"invoice {n}") for n in range(7)
    ]
    deeds += [lambda session: grant_month(session, seller, 50)] * 7
    at_once(any_database, deeds)
    with any_database.transaction() as session:
        assert balance(session, seller) == Balance(57, 0, 0)
        assert list(session.scalars(select(Entry.number).order_by(Entry.number))) == list(range(1, 9))
    assert verify(any_database, KEYS) == []
