"""Ledger benchmark: it books real jobs, and its entries are verified."""

from __future__ import annotations

from pathlib import Path

from benchmarks.service.ledger import SELLERS, book_jobs, open_sellers, prove
from benchmarks.service.peak_day import Load, job_waits
from vmodel.core.database import Database


def test_what_the_benchmark_books_is_a_true_ledger(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.upgrade()
    sellers = open_sellers(database)
    reserves, charges, cpu_s = book_jobs(f"sqlite:///{tmp_path / 'ledger.db'}", sellers, 0.2)
    assert len(charges) == 2 * len(reserves) > 0
    assert cpu_s > 0
    said = prove(database)
    database.close()
    assert said.startswith(f"{SELLERS + 4 * len(reserves)} entries signed")
    assert said.endswith("0 faults.")


def test_a_job_waits_until_its_first_picture_begins() -> None:
    shots = [("a", 0.0, 5.0, 8.0), ("a", 0.0, 2.0, 5.0), ("b", 1.0, 1.5, 4.5)]
    assert job_waits(shots) == [0.5, 2.0]


def test_a_share_of_an_installation_has_that_share_of_its_cards() -> None:
    assert Load(share=0.25, service_s=3.0, cards=56, seconds=60, workers=2).slots == 7
