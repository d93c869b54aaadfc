"""Statements add up to the balance in every format, and escape text."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest

from vmodel.core.database import Database
from vmodel.service.accounts.users import create_account
from vmodel.service.errors import PeriodInvalid, UnknownAccount
from vmodel.service.ledger.accounting_periods import close_period
from vmodel.service.ledger.entries import Entry
from vmodel.service.ledger.grants import grant, grant_month, refund, withdraw
from vmodel.service.ledger.reservations import Balance, balance, charge, commit, reserve
from vmodel.service.ledger.statement_html import as_html
from vmodel.service.ledger.statements import Statement, as_csv, as_json, list_periods, make_statement

OCTOBER = datetime(2026, 10, 5, 9, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def seller(any_database: Database) -> str:
    """Book two months of a seller whose name and notes are hostile."""
    with any_database.transaction() as session:
        seller = create_account(session, f"Lin {HOSTILE}", "lin@shop.example").id
        grant_month(session, seller, 50, OCTOBER)
        grant(session, seller, 1000, "invoice 1", "=HYPERLINK(1)", at=OCTOBER)
        held = reserve(session, seller, "order 1", 40, "hash", at=OCTOBER)
        paid = charge(session, held.id, HOSTILE, 12, at=OCTOBER)
        commit(session, held.id, 30, at=NOVEMBER)
        grant_month(session, seller, 50, NOVEMBER)
        refund(session, seller, paid.id, 5, "complaint 1", "the print was wrong", at=NOVEMBER)
        withdraw(session, seller, 100, "correction 1", at=NOVEMBER)
    return seller


def statements(database: Database, seller: str) -> list[Statement]:
    with database.transaction() as session:
        return [make_statement(session, seller, period) for period in sorted(list_periods(session, seller))]


def test_months_join_and_end_in_the_balance(any_database: Database, seller: str) -> None:
    october, november = statements(any_database, seller)
    assert (october.opening, october.closing) == (Balance(0, 0, 0), november.opening)
    with any_database.transaction() as session:
        assert november.closing == balance(session, seller)
    assert october.totals() == {"granted": 1050, "lapsed": 0, "withdrawn": 0, "charged": 12, "refunded": 0}
    assert november.totals() == {"granted": 50, "lapsed": 20, "withdrawn": 100, "charged": 18, "refunded": 5}
    assert october.consumed_by_day() == {"2026-10-05": 12}
    assert november.consumed_by_day() == {"2026-11-24": 13}


def test_the_table_adds_up_and_ends_in_the_balance(any_database: Database, seller: str) -> None:
    for statement in statements(any_database, seller):
        rows = list(csv.DictReader(io.StringIO(as_csv(statement))))
        assert rows[0]["kind"] == "opening"
        for book in ("available", "reserved", "consumed"):
            opening = int(rows[0][f"{book}_after"])
            assert opening == getattr(statement.opening, book)
            assert opening + sum(int(row[book]) for row in rows[1:]) == int(rows[-1][f"{book}_after"])
            assert int(rows[-1][f"{book}_after"]) == getattr(statement.closing, book)


def test_a_table_runs_nothing_in_a_spreadsheet(any_database: Database, seller: str) -> None:
    october, _ = statements(any_database, seller)
    cells = [cell for row in csv.reader(io.StringIO(as_csv(october))) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
    assert all(re.fullmatch(r"-\d+", cell) for cell in cells if cell.startswith("-"))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_note_is_no_formula_whatever_it_begins_with(any_database: Database, first: str) -> None:
    with any_database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        grant(session, seller, 10, "invoice 1", f"{first}1+cmd|' /C calc'!A0", at=OCTOBER)
    (statement,) = statements(any_database, seller)
    (note,) = [row["note"] for row in csv.DictReader(io.StringIO(as_csv(statement), newline="")) if row["key"]]
    guarded = "" if first.isspace() else f"'{first}"  # blanks before a text are left out
    assert note == f"{guarded}1+cmd|' /C calc'!A0"


def test_programs_get_the_same_figures(any_database: Database, seller: str) -> None:
    _, november = statements(any_database, seller)
    plain = json.loads(as_json(november, NOVEMBER))
    assert plain["closing"] == {"available": 955, "reserved": 0, "consumed": 25}
    assert plain["totals"]["refunded"] == 5
    assert [line["number"] for line in plain["lines"]] == [line.number for line in november.lines]
    assert plain["made_at"] == "2026-11-24T12:00:00+00:00"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_figures_and_a_chart_and_runs_nothing(
    any_database: Database, seller: str, language: str
) -> None:
    october, november = statements(any_database, seller)
    page = as_html(october, NOVEMBER, language)
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"<script|<link|<img|https?://|@import|url\(|\son\w+=", page)
    assert page.count("<rect") == 1
    assert "2026-10-05: 12" in page
    assert "1,038" not in page  # November's remainder does not appear on October's page
    assert "1,010" in page
    assert ("点数对账单" in page) == (language == "zh")
    assert "−100" in as_html(november, NOVEMBER, language)


def test_every_kind_of_entry_has_its_word_in_every_language(any_database: Database, seller: str) -> None:
    close_period(any_database, "2026-10", NOVEMBER)
    kinds = set(re.findall(r"[a-z]+", (Entry.__doc__ or "").split("kind: ")[1].split(".\n")[0]))
    from vmodel.service.ledger.statement_html import _WORDS

    for words in _WORDS.values():
        assert kinds <= set(words)
    assert statements(any_database, seller)[0].closed


def test_an_event_that_came_late_is_still_in_the_chart(any_database: Database, seller: str) -> None:
    close_period(any_database, "2026-10", NOVEMBER)
    with any_database.transaction() as session:
        held = reserve(session, seller, "order 2", 7, "hash", at=OCTOBER)
        commit(session, held.id, 7, at=OCTOBER)
    _, november = statements(any_database, seller)
    assert november.consumed_by_day() == {"2026-10-05": 7, "2026-11-24": 13}
    assert as_html(november, NOVEMBER).count("<rect") == 2


def test_a_month_without_entries_and_an_unknown_account_are_said(any_database: Database, seller: str) -> None:
    with any_database.transaction() as session:
        later = make_statement(session, seller, "2026-12")
        assert later.opening == later.closing == balance(session, seller)
        assert "Nothing happened" in as_html(later, NOVEMBER)
        with pytest.raises(UnknownAccount):
            make_statement(session, "nobody", "2026-12")
        with pytest.raises(PeriodInvalid):
            make_statement(session, seller, "12/2026")


def test_no_cell_of_a_statement_begins_a_formula_where_semicolons_part_cells(
    any_database: Database, seller: str
) -> None:
    with any_database.transaction() as session:
        reserve(session, seller, "x; =1+1", 1, "hash", at=OCTOBER)
        text = as_csv(make_statement(session, seller, "2026-10"))
    assert "x; '=1+1" in text
    assert "; =" not in text
