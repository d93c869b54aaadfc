"""Rows with several colours: the pictures planned for them, and pictures of a drawing in each."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.batch.remote import NotForService, run_on_service
from app.cli.main import run
from tests.batch.test_plan import DEFAULTS, plan_of
from tests.batch.test_run import Nobody
from vmodel.batch.colourway_files import in_its_colours
from vmodel.batch.journal import Outcome, open_journal
from vmodel.batch.report import Results, judge_results, write_csv
from vmodel.client import Client
from vmodel.garment.blocks.print_repeat import PrintRepeat
from vmodel.garment.designs.block_design import Design, read_design, write_design
from vmodel.garment.designs.pattern_design import SewnDesign, read_sewn_design, write_sewn_design
from vmodel.publishing.marketplaces import find_marketplaces
from vmodel.quality.consistency import Look
from vmodel.types import BodyMeasurements

NIGHT = "night:#f0e6d2=#22304a,#b8402c=#6f8fb5"
MOSS = "moss:#b8402c=#4d6b45"
BODY = BodyMeasurements(174, 86, 70, 93, 33, 37, 55, 82, 129, 111, 91, 149)
CREAM_BLOCK = Design("tee", BODY, None, "#f0e6d2", "#b8402c")


@pytest.fixture
def folder(tmp_path: Path, examples: Path) -> Path:
    below = tmp_path / "designs"
    below.mkdir()
    for name in ("raglan-tee.svg", "logo-tee.jpg"):
        shutil.copy(examples / name, below)
    return below


@pytest.mark.parametrize("parted", ["; ", " | ", "\n", ", "], ids=["semicolon", "bar", "line", "comma"])
def test_a_drawing_is_shot_in_its_own_colours_and_in_each_colourway(parted: str, folder: Path) -> None:
    row = {"photo": "raglan-tee.svg", "models": "wm-ines", "views": "front, back", "colorways": NIGHT + parted + MOSS}
    tasks = plan_of(folder, row).tasks
    names = [task.stem("wm-ines", "contrapposto").removeprefix("raglan-tee--wm-ines--contrapposto--") for task in tasks]
    assert names == ["front", "back", "front--night", "back--night", "front--moss", "back--moss"]
    assert [task.colourway and task.colourway.colours for task in tasks[::2]] == [
        None,
        {"#f0e6d2": "#22304a", "#b8402c": "#6f8fb5"},
        {"#b8402c": "#4d6b45"},
    ]
    assert {task.sku for task in tasks} == {"raglan-tee"}


def test_colours_are_part_of_what_a_picture_follows_from_and_own_colours_are_kept(folder: Path) -> None:
    row = {"photo": "raglan-tee.svg", "models": "wm-ines"}
    plain = plan_of(folder, row).tasks
    first, other = (
        plan_of(folder, row | {"colorways": way}).tasks for way in (NIGHT, NIGHT.replace("22304a", "22304b"))
    )
    assert plain[0].key == first[0].key == other[0].key
    assert len({plain[0].key, first[1].key, other[1].key}) == 3


def test_two_rows_may_give_one_name_to_different_colours(folder: Path, tmp_path: Path) -> None:
    row = {"photo": "raglan-tee.svg", "models": "wm-ines", "poses": "standing"}
    ways = ("night:#f0e6d2=#22304a", "night:#f0e6d2=#101010")
    own, *tasks = plan_of(folder, *(row | {"colorways": way} for way in ways)).tasks
    assert len({task.stem("wm-ines", "standing") for task in tasks}) == 2
    files = {in_its_colours(task, tmp_path).garment.photo for task in tasks}
    assert len(files) == 2
    assert in_its_colours(own, tmp_path) == own.request
    assert {"#22304a" in path.read_text() for path in files} == {True, False}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"photo": "logo-tee.jpg", "colorways": NIGHT}, "give each colour a row with a photo of its own"),
        ({"photo": "raglan-tee.svg", "colorways": "navy, white"}, "write it like night:#ffffff=#101830"),
        ({"photo": "raglan-tee.svg", "colorways": f"{NIGHT}; {NIGHT}"}, "is no colourway"),
        ({"photo": "raglan-tee.svg", "colorways": "night:#123456=#654321"}, "has none of the colours #123456"),
        ({"photo": "raglan-tee.svg", "colorways": NIGHT, "back": "logo-tee.jpg"}, "group of the same drawing"),
        ({"photo": "broken.svg", "colorways": NIGHT}, "broken.svg"),
        ({"photo": "broken.design.json", "colorways": NIGHT}, "broken.design.json"),
        ({"photo": "raglan-tee.svg", "colorways": NIGHT, "views": ",".join(map(str, range(0, 251)))}, "more than 500"),
    ],
)
def test_colourways_that_cannot_be_made_are_an_error_of_their_row(
    cells: dict[str, str], said: str, folder: Path
) -> None:
    (folder / "broken.svg").write_text("<svg")
    (folder / "broken.design.json").write_text("{}")
    plan = plan_of(folder, cells, {"photo": "raglan-tee.svg"})
    assert [row.row for row in plan.refused] == [2]
    assert said in plan.refused[0].message
    assert len(plan.tasks) == 1


def test_a_kept_design_of_a_block_changes_ground_trim_and_print(folder: Path, tmp_path: Path) -> None:
    tile = np.full((8, 8, 4), 255, np.uint8)
    tile[..., :3] = (0xF0, 0xE6, 0xD2)
    (folder / "tee.design.json").write_bytes(write_design(replace(CREAM_BLOCK, print=PrintRepeat(tile, 10.0))))
    own, night = plan_of(folder, {"photo": "tee.design.json", "sku": "TEE", "colorways": NIGHT}).tasks
    path = in_its_colours(night, tmp_path).garment.photo
    assert path.name.startswith("TEE--night--")
    design = read_design(path)
    assert (design.ground, design.trim) == ("#22304a", "#6f8fb5")
    assert design.print is not None
    assert design.print.tile[0, 0].tolist() == [0x22, 0x30, 0x4A, 255]
    assert read_design(own.request.garment.photo).ground == "#f0e6d2"


def test_a_kept_sewing_pattern_changes_its_pieces_and_a_second_colourway_goes_on_from_the_first(
    folder: Path, tmp_path: Path, examples: Path
) -> None:
    """The bodice of the example is #b8cbd8, its skirt #a9bfcf."""
    design = SewnDesign("dress-pattern.svg", (examples / "dress-pattern.svg").read_bytes())
    (folder / "dress.design.json").write_bytes(write_sewn_design(design.in_colours({"#b8cbd8": "#203040"})))
    row = {"photo": "dress.design.json", "colorways": "red:#203040=#a02020; none:#b8cbd8=#000000"}
    assert "has none of the colours #b8cbd8" in plan_of(folder, row).refused[0].message
    task = plan_of(folder, row | {"colorways": "red:#203040=#a02020"}).tasks[1]
    coloured = read_sewn_design(in_its_colours(task, tmp_path).garment.photo)
    assert coloured is not None
    assert coloured.colours["#b8cbd8"] == "#a02020"


def test_marketplaces_get_every_colourway(folder: Path) -> None:
    defaults = replace(DEFAULTS, marketplaces=find_marketplaces(["taobao", "shopify"]))
    tasks = plan_of(folder, {"photo": "raglan-tee.svg", "colorways": f"{NIGHT};{MOSS}"}, defaults=defaults).tasks
    assert len({task.stem("", "") for task in tasks}) == len(tasks) == 6


def test_a_dry_run_counts_and_prices_colourways(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["photo;colourways;views", f'raglan-tee.svg;"{NIGHT}; {MOSS}";"front, back"', f'logo-tee.jpg;"{NIGHT}";']
    (folder / "season.csv").write_text("\n".join(lines) + "\n")
    assert run(["batch", str(folder / "season.csv"), "--dry-run", "--json", "--out", str(folder / "out")]) == 1
    said = capsys.readouterr()
    foreseen = json.loads(said.out)
    assert (foreseen["pictures"], foreseen["credits"], foreseen["refused_rows"]) == (6, 6, 1)
    assert said.err.startswith("row_invalid: Row 3 asks for colorways of logo-tee.jpg")
    assert "not known" not in said.err


def test_pictures_in_other_colours_are_not_compared(folder: Path, tmp_path: Path) -> None:
    tasks = plan_of(folder, {"photo": "raglan-tee.svg", "models": "wm-ines", "colorways": NIGHT}).tasks
    look = Look(None, None, None, None, None, None, {})
    made = [(task, Outcome(task.key, f"{n}.png", f"{n}.json", look=look.to_json())) for n, task in enumerate(tasks)]
    assert judge_results(Results(made, ())) == []
    write_csv(Results(made, ()), tmp_path / "results.csv")
    lines = list(csv.DictReader((tmp_path / "results.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [line["colorway"] for line in lines] == ["", "night"]


def test_a_service_is_sent_no_colourways_and_the_remedy_is_said(folder: Path, tmp_path: Path) -> None:
    tasks = plan_of(folder, {"photo": "raglan-tee.svg", "colorways": NIGHT}).tasks
    address = "http://localhost:9"
    (tmp_path / "service.json").write_text("[" * 200_000)  # practically zero
    with open_journal(tmp_path) as journal:
        ends = list(run_on_service(tasks, 1, Client(address, "key"), address, journal, Nobody()))
    assert {outcome.code for _, outcome in ends} == {"not_for_service"}
    assert {outcome.message for _, outcome in ends} == {str(NotForService())}
    assert "colorways without --service" in str(NotForService())


@pytest.mark.slow
def test_a_batch_shoots_a_drawing_in_two_colourways_and_does_not_make_them_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "season.csv").write_text(f'photo,sku,colorways\nraglan-tee.svg,RAGLAN,"{NIGHT}"\n')
    out = folder / "out"
    flags = ["batch", str(folder / "season.csv"), "--size", "384x288", "--model", "wm-ines", "--jobs", "1"]
    flags += ["--pose", "standing", "--out", str(out), "--json"]
    assert run(flags) == 0
    made = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [plain["colorway"] for plain in made] == [None, "night"]
    names = [Path(plain["picture"]).name for plain in made]
    assert names == ["RAGLAN--wm-ines--standing--front.png", "RAGLAN--wm-ines--standing--front--night.png"]
    kept = next(out.glob("RAGLAN--night--*.svg"))
    assert json.loads(Path(made[1]["sidecar"]).read_text())["request"]["garment"]["photo"] == str(kept)
    cream, night = (np.asarray(Image.open(plain["picture"]).convert("RGB"), float) for plain in made)
    worn = np.abs(cream - night).max(axis=2) > 40
    assert 0.03 < worn.mean() < 0.4
    assert cream[worn].mean() > night[worn].mean() + 40

    assert run(flags) == 0
    assert capsys.readouterr().out == ""
    (folder / "season.csv").write_text(f'photo,sku,colorways\nraglan-tee.svg,RAGLAN,"{NIGHT}; {MOSS}"\n')
    assert run([*flags, "--dry-run"]) == 0
    foreseen = json.loads(capsys.readouterr().out)
    assert (foreseen["pictures"], foreseen["already_made"]) == (3, 2)
