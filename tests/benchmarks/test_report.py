from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.common.tables import EXAMPLES, Table, as_markdown, is_whole_set
from benchmarks.report import report, with_sections

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "benchmarks.md"


def tables_of(page: str) -> list[list[list[str]]]:
    blocks = re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE)
    return [[[cell.strip() for cell in line.strip("|").split("|")] for line in b.splitlines()] for b in blocks]


def test_the_page_s_tables_are_complete_and_each_section_says_when_it_was_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for head, rule, *rows in tables_of(page):
        assert set("".join(rule)) == {"-"}
        assert rows
        assert all(len(row) == len(head) for row in rows)
    sections = page.split("\n## ")[1:]
    assert sections
    for section in sections:
        assert tables_of(section)
        assert re.search(r"Measured on \d{4}-\d\d-\d\d at commit [0-9a-f]{7,}", section)


def test_a_report_shows_only_what_was_measured() -> None:
    kept = {
        "tables": [{"title": "T", "head": ["a", "b"], "rows": [["1", "2"]]}],
        "findings": ["One of two."],
        "date": "2020-01-02",
        "commit": "abcdef0",
        "machine": "a machine",
    }
    page = report({"fidelity": kept})
    assert "## Print fidelity" in page
    assert "## Speed" not in page
    assert tables_of(page) == [[["a", "b"], ["---", "---"], ["1", "2"]]]


def test_a_section_that_is_measured_again_leaves_the_others_alone() -> None:
    kept = {
        "tables": [{"title": "T", "head": ["a", "b"], "rows": [["1", "2"]]}],
        "findings": ["One of two."],
        "date": "2020-01-02",
        "commit": "abcdef0",
        "machine": "a machine",
    }
    page = report({"fidelity": kept, "speed": kept})
    again = with_sections(page, {"speed": {**kept, "date": "2020-03-04"}, "copies": kept})
    assert (
        again
        == page.replace("2020-01-02", "2020-03-04").replace("2020-03-04", "2020-01-02", 1)
        + (again[again.index("\n## Copy search") :])
    )
    assert with_sections(again, {}) == again
    assert with_sections("", {"speed": kept}) == report({"speed": kept})


def test_a_row_that_lacks_a_cell_is_refused() -> None:
    with pytest.raises((ValueError, IndexError)):
        as_markdown(Table("T", ["a", "b"], [["1"]]))


def test_only_the_whole_set_of_examples_is_kept_for_the_page() -> None:
    photos = sorted(EXAMPLES.glob("*.jpg"))
    assert is_whole_set(photos)
    assert not is_whole_set(photos[:1])
