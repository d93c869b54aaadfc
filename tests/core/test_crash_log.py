"""Crash log: bounded whatever happens, and whole whatever the fault says."""

from __future__ import annotations

from pathlib import Path

from vmodel.core.crash_log import LARGEST_BYTES, log_fault


def fault(text: str) -> Exception:
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        return error


def test_many_faults_fill_two_files_of_bounded_size(tmp_path: Path) -> None:
    for number in range(300):
        said = log_fault(fault(f"fault {number} {'x' * 30_000}"), tmp_path)
    files = sorted((tmp_path / "logs").iterdir())
    assert [path.name for path in files] == ["faults-before.txt", "faults.txt"]
    assert all(path.stat().st_size < LARGEST_BYTES + 30_000 for path in files)
    assert str(files[1]) in said


def test_a_fault_that_names_half_a_character_is_logged(tmp_path: Path) -> None:
    log_fault(fault("first"), tmp_path)
    assert "faults.txt" in log_fault(fault("piece \ud800"), tmp_path)
    logged = (tmp_path / "logs" / "faults.txt").read_text()
    assert "RuntimeError: first" in logged
    assert "RuntimeError: piece \\ud800" in logged


def test_values_that_postgres_quotes_are_left_out_of_a_long_trace_too(tmp_path: Path) -> None:
    for length in (10, 30_000):
        log_fault(fault(f"duplicate key\nDETAIL:  Key (email)=({'lin' * length}) already exists."), tmp_path)
    assert "linlin" not in (tmp_path / "logs" / "faults.txt").read_text()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    assert "no log could be written" in log_fault(fault("lost"), tmp_path)
