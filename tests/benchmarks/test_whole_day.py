"""A day in virtual time: the rules in memory and the database's tables order turns alike."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from benchmarks.service.day_load import PICTURES_A_DAY, Ask, Course, MemoryQueue, ask_all_day, play, rate_at
from benchmarks.service.whole_day import TablesQueue, open_shops
from tests.support.installation import Shop, open_shop
from vmodel.service.ledger.reservations import balance

SLOTS, SELLERS = 3, 5
COURSE = Course("test", 5.0, 3.0, 2.0)


def _crowd() -> Iterator[Ask]:
    """Yield more requests than there are slots, of few sellers, so that turns wait and sellers reach their limit."""
    rng = random.Random(0)
    for number in range(9):
        yield Ask(number * 2.0, min(SELLERS - 1, rng.randrange(8)), rng.choice((1, 2, 5)))


@pytest.fixture
def house(new_postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("house"), new_postgres)
    yield opened
    opened.database.close()


def test_memory_and_tables_hand_out_the_same_turns_in_the_same_order(house: Shop) -> None:
    sellers = sorted(open_shops(house.database, SELLERS))
    tables = TablesQueue(house.database, house.settings, sellers, SLOTS)
    rules = MemoryQueue(sellers, SLOTS, 4)
    played, expected = (play(_crowd(), queue, SLOTS, COURSE) for queue in (tables, rules))
    assert tables.order == rules.order
    assert played == expected
    assert max(wait for _, wait in played.waits) > COURSE.first_s
    with house.database.reading() as session:
        charged = sum(balance(session, seller).consumed for seller in sellers)
        assert all(balance(session, seller).reserved == 0 for seller in sellers)
    assert charged == sum(played.delivered) == sum(ask.shots for ask in _crowd())


def test_a_day_has_a_million_pictures_and_a_busy_afternoon() -> None:
    assert sum(ask.shots for ask in ask_all_day(100)) == pytest.approx(PICTURES_A_DAY, rel=0.01)
    assert rate_at(15 * 3600) == 1.6
    assert rate_at(3 * 3600) == pytest.approx(0.4)
