"""Every size of a chart on a model of that size."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from vmodel.body.model.roster import Roster, load_roster
from vmodel.config import Settings
from vmodel.errors import BadUsage, SizeChartInvalid, UnknownModel
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.size_run import expand_size_chart, find_wearer, sizes_of


@functools.cache
def the_roster() -> Roster:
    return load_roster(Settings())


def chart_of(folder: Path, *lines: str, titles: str = "size,width_cm") -> Path:
    path = folder / "chart.csv"
    path.write_text("\n".join([titles, *lines]) + "\n")
    return path


def worn(label: str, folder: Path, gender: str = "") -> tuple[str, str]:
    """Return gender and size of the model who wears a label."""
    chart = chart_of(folder, f"{label},50,{gender}", titles="size,width_cm,gender")
    model = find_wearer(label, chart, the_roster(), "photo")
    return model.gender, model.size


@pytest.mark.parametrize(
    ("label", "gender", "expected"),
    [
        ("M", "", ("woman", "M")),
        ("xxl", "", ("woman", "2XL")),
        ("X-Large", "", ("woman", "XL")),
        ("S/M", "", ("woman", "S")),
        ("M", "men", ("man", "M")),
        ("38", "women", ("woman", "M")),
        ("EU 44", "women", ("woman", "2XL")),
        ("44", "Men", ("man", "XS")),
        ("36/38", "women", ("woman", "S")),
        ("50", "men", ("man", "L")),
        ("104", "", ("girl", "104")),
        ("98-104", "", ("girl", "104")),
        ("104/110", "", ("boy", "110")),
        ("4T", "", ("girl", "104")),
        ("4-5 years", "", ("boy", "110")),
        ("6Y", "boys", ("boy", "116")),
        ("134 cm", "", ("boy", "134")),
    ],
)
def test_a_size_is_worn_by_somebody_who_has_it(
    label: str, gender: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    assert worn(label, tmp_path, gender) == expected


@pytest.mark.parametrize(("label", "gender"), [("38", ""), ("41", "women"), ("2T", ""), ("XXS", ""), ("104", "women")])
def test_a_size_that_nobody_has_is_named_with_those_that_there_are(label: str, gender: str, tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=f"size {label} .there are XS to 4XL.*--model.*column model"):
        worn(label, tmp_path, gender)


def test_a_chart_names_who_wears_a_size(tmp_path: Path) -> None:
    chart = chart_of(tmp_path, "38,50,mn-omar", "40,52,wm-nobody", titles="size,width_cm,Model")
    assert find_wearer("38", chart, the_roster(), "photo").id == "mn-omar"
    with pytest.raises(UnknownModel, match="wm-nobody"):
        find_wearer("40", chart, the_roster(), "photo")


def test_a_gender_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SizeChartInvalid, match="women, men, girls or boys"):
        worn("M", tmp_path, "unisex")


@pytest.mark.parametrize(
    ("lines", "said"),
    [(["M,50", "m,52"], "M twice"), (["M,500"], "500 cm of the size M"), (["M,1"], "1 cm of the size M")],
)
def test_a_chart_that_contradicts_itself_or_holds_no_garment_s_measures_is_refused(
    lines: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SizeChartInvalid, match=said):
        sizes_of(chart_of(tmp_path, *lines))


def test_every_size_is_asked_of_its_wearer_unless_somebody_wears_them_all(tmp_path: Path) -> None:
    garment = GarmentSource(tmp_path / "tee.jpg", size_chart=chart_of(tmp_path, "S,46", "XL,60", "128,38"))
    like = ShotRequest(garment)

    def asked(*models: str | None) -> list[tuple[str | None, str]]:
        requests = expand_size_chart([garment], models, [None], ["front"], like, 1, the_roster())
        return [(request.garment.garment_size, the_roster()[request.model or ""].size) for request in requests]

    assert asked(None) == [("S", "S"), ("XL", "XL"), ("128", "128")]
    assert asked("mn-omar") == [("S", "L"), ("XL", "L"), ("128", "L")]
