"""Size charts of sellers."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmodel.errors import SizeChartInvalid
from vmodel.garment.sizing.stated_sizes import read_size_chart


def test_a_size_chart_is_read_without_regard_to_case(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text("Size,Width_cm,Length_cm\nXS,42,60\nXXL,62,\n")
    assert read_size_chart(path, "xs") == (42.0, 60.0)
    assert read_size_chart(path, " XXL ") == (62.0, None)


def test_a_size_chart_may_use_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text("size;width_cm;length_cm\nM;48,5;66\n")
    assert read_size_chart(path, "M") == (48.5, 66.0)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        ("", "M"),
        ("a,b\n1,2\n", "M"),
        ("size,width_cm\nS,44\n", "M"),
        ("size,width_cm\nM,wide\n", "M"),
        ("size,width_cm\nM,-4\n", "M"),
        ("size,width_cm\nM,nan\n", "M"),
    ],
)
def test_a_size_chart_that_does_not_help_is_refused(tmp_path: Path, content: str, size: str) -> None:
    path = tmp_path / "chart.csv"
    path.write_text(content)
    with pytest.raises(SizeChartInvalid):
        read_size_chart(path, size)


def test_a_missing_size_chart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SizeChartInvalid):
        read_size_chart(tmp_path / "none.csv", "M")
