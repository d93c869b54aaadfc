"""The bundled example files are read by the program itself and serve their purpose."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.main import run
from scripts.make_patterns import write_flared_skirt
from vmodel.batch.plan import plan_batch
from vmodel.batch.rows import RowDefaults
from vmodel.batch.tables.reader import COLUMNS, read_table
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.garment.pattern.fit import fit_garment
from vmodel.garment.sewing.assemble import sew
from vmodel.garment.sewing.formats.load import is_sewing_pattern, load_pattern, read_pattern_file
from vmodel.garment.sizing.stated_sizes import list_sizes, read_size_chart
from vmodel.shot.outfit_file import read_outfit
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.casting import cast_for_size
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.studio.validate import check_requests
from vmodel.types import BodyMeasurements, Category

WEARER = BodyMeasurements(174, 86, 70, 93, 33, 37, 55, 82, 129, 111, 91, 149)


def test_the_season_is_planned_whole_with_every_size_and_colourway(examples: Path) -> None:
    table = read_table(examples / "season.csv")
    assert table.unknown == ()
    assert {column for row in table.rows for column in row.cells} >= set(COLUMNS) - {
        "back",
        "front",
        "framing",
        "light",
        "length_cm",
        "set",
    }
    plan = plan_batch(
        table, RowDefaults(ShotRequest(GarmentSource(examples))), load_roster(Settings()), ["embedded", "draft"]
    )
    assert plan.refused == ()
    assert Counter(task.sku for task in plan.tasks) == {"TEE-01": 3, "CAMI-02": 4, "JEANS-03": 2, "RAGLAN-04": 6}
    assert {task.colourway_name for task in plan.tasks} == {"", "night", "moss"}
    assert [task.request.garment.garment_size for task in plan.tasks[:3]] == ["S", "M", "XL"]


def test_the_season_is_foreseen_by_the_command(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["batch", str(examples / "season.csv"), "--dry-run", "--json", "--out", str(tmp_path)]) == 0
    foreseen = json.loads(capsys.readouterr().out)
    assert (foreseen["rows"], foreseen["refused_rows"], foreseen["pictures"]) == (4, 0, 15)


def test_the_outfit_is_jeans_under_the_camisole(examples: Path) -> None:
    garments, tucked = read_outfit(examples / "outfit.yaml")
    assert not tucked
    assert garments == (GarmentSource(examples / "denim-trousers.jpg", category="trousers", material="denim"),)
    request = ShotRequest(GarmentSource(examples / "satin-camisole.jpg"), outfit=garments, tucked=tucked)
    check_requests([replace(request, model="wm-ines")], load_roster(Settings()), [request.pipeline])


def test_the_size_chart_fits_the_tee_and_somebody_wears_every_size(examples: Path, stages: StageCache) -> None:
    chart = examples / "sizes.csv"
    sizes = list_sizes(chart)
    assert sizes == ["XS", "S", "M", "L", "XL", "2XL"]
    tee = read_pattern(GarmentSource(examples / "logo-tee.jpg"), stages).garment
    for label in sizes:
        assert cast_for_size(label, stages.roster.values(), "tee") is not None
        assert fit_garment(tee, WEARER, "woman", *read_size_chart(chart, label)).scale_source == "width"


def test_the_skirt_of_garmentcode_is_what_its_script_writes_and_can_be_sewn(examples: Path) -> None:
    path = examples / "skirt-pattern.json"
    assert path.read_text(encoding="utf-8") == write_flared_skirt() + "\n"
    assert is_sewing_pattern(path)
    pattern = read_pattern_file(load_pattern(path), path.name)
    assert {piece.name: piece.side for piece in pattern.pieces} == {"skirt_front": "front", "skirt_back": "back"}
    garment = sew(pattern, None, "#ffffff", None).garment
    assert garment.kind.category is Category.SKIRT
    waist_cm, hip_cm = (
        2 * (garment.landmarks_cm[f"{name}_left"][0] - garment.landmarks_cm[f"{name}_right"][0])
        for name in ("waist", "hip")
    )
    assert waist_cm == pytest.approx(73, abs=0.5)
    assert hip_cm == pytest.approx(101, abs=1)
