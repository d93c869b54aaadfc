"""Handwritten notes below the figures of a report."""

from __future__ import annotations

from pathlib import Path

import yaml

from benchmarks.report import NOTES, SECTIONS, with_sections

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "benchmarks.md"


def test_sentences_written_by_hand_stay_when_a_section_is_measured_again() -> None:
    written = yaml.safe_load(NOTES.read_text(encoding="utf-8"))
    assert set(written) <= set(SECTIONS)
    page = PAGE.read_text(encoding="utf-8")
    for name, sentences in written.items():
        kept = {"tables": [], "findings": ["One of two."], "date": "2020-01-02", "commit": "abcdef0", "machine": "one"}
        again = with_sections(page, {name: kept})
        assert "- One of two." in again
        for sentence in sentences:
            assert f"- {sentence}" in again
