"""A batch as a seller runs it: real processes, real files, and a kill in the middle."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import psutil
import pytest
from PIL import Image

from app.cli.batch.progress import watching_batch
from app.cli.main import run
from pipelines.registry import weights_used
from vmodel.batch.journal import Outcome, is_made, open_journal, read_journal
from vmodel.batch.marketplace_zip import pack
from vmodel.batch.plan import RefusedRow, Task, plan_batch
from vmodel.batch.report import Results, write_csv, write_page
from vmodel.batch.rows import RowDefaults
from vmodel.batch.run import run_tasks
from vmodel.batch.tables.reader import Row, Table
from vmodel.batch.worker import WorkerConfig
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import OutputNotWritable
from vmodel.publishing.marketplaces import MARKETPLACES
from vmodel.rights.provenance.keys import open_authority
from vmodel.rights.watermark.codec import embed_mark
from vmodel.shot.pipeline_interface import Pipeline, Shot
from vmodel.shot.request import GarmentSource, ShotRequest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def shop(tmp_path: Path, examples: Path) -> Path:
    """Write a seller's table: one good garment seen from three sides, and rows that cannot be made."""
    shutil.copy(examples / "logo-tee.jpg", tmp_path)
    (tmp_path / "empty.jpg").touch()
    lines = ["photo,sku,views", 'logo-tee.jpg,TEE,"front,back,side"', "../secret.jpg,X,", "empty.jpg,=HYPERLINK(1),"]
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def lines_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


@pytest.mark.slow
def test_a_batch_that_was_killed_goes_on_and_makes_the_same_pictures(
    shop: Path, tee_shot: Shot, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shop / "out"
    flags = ["batch", str(shop / "table.csv"), "--size", "512x384", "--model", tee_shot.model.id, "--jobs", "1"]
    flags += ["--out", str(out), "--json"]
    command = [sys.executable, "-m", "app.cli.main", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        first = next(plain for line in process.stdout if (plain := json.loads(line)).get("picture"))
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert workers
    assert not alive, "a worker outlived its batch"
    (out / ".TEE--x.png.1.part").write_bytes(b"half a picture")
    before = Path(first["picture"]).stat().st_mtime_ns

    assert run(flags) == 1
    made = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["picture"] not in [plain["picture"] for plain in made]
    assert Path(first["picture"]).stat().st_mtime_ns == before
    mark = json.loads(Path(first["sidecar"]).read_text())["certificate"]["licence"]["mark"]
    with Image.open(first["picture"]) as picture:
        expected = embed_mark(tee_shot.picture, int(mark, 16), open_authority(Settings()).mark_key)
        assert np.array_equal(np.asarray(picture), expected)
    lines = lines_of(out / "results.csv")
    assert [(line["row"], line["status"], line["code"]) for line in lines] == [
        *([("2", "made", "")] * 3),
        ("3", "refused", "row_invalid"),
        ("4", "failed", "photo_unreadable"),
    ]
    assert {line["picture"] for line in lines if line["picture"]} == {path.name for path in out.glob("*.png")}
    assert not list(out.glob(".*.part"))


def test_a_dry_run_counts_and_makes_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["batch", str(shop / "table.csv"), "--dry-run", "--out", str(shop / "out"), "--json"]) == 1
    said = capsys.readouterr()
    foreseen = json.loads(said.out)
    assert (foreseen["rows"], foreseen["refused_rows"], foreseen["pictures"]) == (3, 1, 4)
    assert foreseen["credits"] == 4
    assert said.err.startswith("row_invalid: ")
    assert not (shop / "out").exists()


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ([], "usage"),
        (["{shop}/none.csv"], "table_invalid"),
        (["{shop}", "--marketplace", "bazaar"], "unknown_marketplace"),
        (["{shop}", "--pipeline", "magic"], "unknown_pipeline"),
        (["{shop}/out"], "usage"),
        (["{shop}", "--jobs", "0"], "usage"),
        (["--template", "{shop}/table.doc"], "table_invalid"),
    ],
)
def test_bad_usage_is_named_in_one_line(
    flags: list[str], code: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "out").mkdir()
    assert run(["batch", *(flag.format(shop=shop) for flag in flags), "--out", str(shop / "out")]) == 2
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [code]


class Nobody:
    """A batch observer that prints nothing."""

    def begin(self, worker: int, task: Task) -> None: ...
    def stage(self, worker: int, name: str, share: float) -> None: ...
    def rest(self, worker: int) -> None: ...


def die() -> Pipeline:
    """End the worker as the system does when memory runs out."""
    os._exit(9)


@pytest.fixture
def tee_task(shop: Path) -> Task:
    defaults = RowDefaults(ShotRequest(GarmentSource(shop), size=(512, 384)))
    table = Table(shop, (Row(2, {"photo": "logo-tee.jpg"}),))
    return plan_batch(table, defaults, load_roster(Settings()), ["draft"]).tasks[0]


@pytest.mark.slow
def test_a_picture_that_kills_its_worker_twice_is_given_up(tee_task: Task, tmp_path: Path) -> None:
    config = WorkerConfig(Settings(), die, tmp_path, "png", 1, weights_used)
    with open_journal(tmp_path) as journal:
        ends = list(run_tasks([tee_task], 1, config, journal, Nobody()))
    assert [(task, outcome.code) for task, outcome in ends] == [(tee_task, "worker_died")]
    assert read_journal(tmp_path)[tee_task.key].code == "worker_died"


def test_a_folder_has_one_batch_at_a_time(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shop / "out"
    out.mkdir()
    with open_journal(out):
        assert run(["batch", str(shop / "table.csv"), "--out", str(out), "--json"]) == 1
    assert "batch_running" in capsys.readouterr().err
    assert not (out / "results.csv").exists()


def test_a_journal_forgets_spoilt_lines_half_a_line_and_pictures_that_changed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    (tmp_path / "a.json").touch()
    digest = "ec38b8fb6ee6ac6d2c0ac2f2ea0f7b9f7f17d5fa8d9a4d6dbd6a6c9d2a1d8c11"
    with open_journal(tmp_path) as journal:
        journal.keep(Outcome("key", "a.png", "a.json", digest))
    with (tmp_path / "journal.jsonl").open("ab") as stream:
        stream.write(b"[" * 200_000 + b'\n{"format": 1, "key": "../../other"}\n{"format": 1, "ke')
    assert set(read_journal(tmp_path)) == {"key"}
    assert not is_made(read_journal(tmp_path)["key"], tmp_path)
    with open_journal(tmp_path) as journal:
        journal.keep(Outcome("next", code="drape_failed", message="no"))
    assert set(read_journal(tmp_path)) == {"key", "next"}


def test_a_terminal_of_80_columns_shows_how_many_pictures_and_what_each_worker_does(
    tee_task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "80"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    long = replace(tee_task, sku="连衣裙" * 20)
    with watching_batch(100, 30, 1, False, tmp_path) as watch:
        watch.begin(0, long)
        watch.stage(0, "drape", 0.4)
    shown = capsys.readouterr().err
    assert "30/100" in shown
    assert "worker 1: drape: 连衣裙" in shown
    assert "━" in shown


def keep_until_full(folder: Path) -> None:
    """Store one picture, then one that finds no room."""
    free = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with open_journal(folder) as journal:
            journal.keep(Outcome("first", code="drape_failed"))
            room = (folder / "journal.jsonl").stat().st_size + 10
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, free[1]))
            journal.keep(Outcome("second", code="drape_failed"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, free)


def test_a_disk_that_is_full_is_named_and_spoils_no_line(tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritable):
        keep_until_full(tmp_path)
    with open_journal(tmp_path) as journal:
        assert set(journal.outcomes) == {"first"}
        journal.keep(Outcome("third", code="drape_failed"))
    assert set(read_journal(tmp_path)) == {"first", "third"}


@pytest.fixture
def made(tee_task: Task, tmp_path: Path) -> tuple[Task, Outcome]:
    """Return a task with a small picture, as a batch leaves it."""
    pixels = np.full((800, 600, 3), 230, np.uint8)
    pixels[200:600, 200:400] = (180, 30, 40)
    Image.fromarray(pixels).save(tmp_path / "TEE--a.png")
    task = replace(tee_task, sku="<b>a & b", marketplace="taobao")
    return task, Outcome(task.key, "TEE--a.png", "TEE--a.json", "", "wm-ines", "standing")


def test_results_hold_no_formula_and_the_page_no_markup_of_the_seller(
    made: tuple[Task, Outcome], tmp_path: Path
) -> None:
    refused = [
        RefusedRow(9, "=cmd|'/c calc'!A1", "photo_not_found", "<img src=x onerror=alert(1)>", "photo"),
        RefusedRow(10, "a;=1+1", "photo_not_found", "no"),
    ]
    results = Results([made], refused)
    write_csv(results, tmp_path / "results.csv")
    line = next(line for line in lines_of(tmp_path / "results.csv") if line["row"] == "9")
    assert (line["photo"], line["column"]) == ("'=cmd|'/c calc'!A1", "photo")
    # In a list separated by semicolons, the rest would open as a separate cell.
    assert lines_of(tmp_path / "results.csv")[-1]["photo"] == "a;'=1+1"
    page = write_page(results, tmp_path, "<script>alert(1)</script>").read_text()
    assert "<b>a" not in page
    assert "&lt;b&gt;a &amp; b" in page
    assert "<img src=x" not in page
    assert "<script>" not in page
    shown = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert all((tmp_path / unquote(name)).is_file() for name in shown)
    assert len(shown) == 2


def test_a_marketplace_gets_its_pictures_in_its_size_and_under_its_names(
    made: tuple[Task, Outcome], tmp_path: Path
) -> None:
    task, outcome = made
    amazon = replace(task, sku="TEE", marketplace="amazon")
    packed = partial(
        pack, made=[(amazon, outcome), (amazon, outcome), made], folder=tmp_path, authorise=lambda sidecar, jpeg: jpeg
    )
    path = packed(MARKETPLACES["amazon"])
    assert path is not None
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["TEE.MAIN.jpg", "TEE.PT01.jpg", "pictures.csv"]
        with archive.open("TEE.MAIN.jpg") as file, Image.open(file) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape == (800, 800, 3)
    assert pixels[:, :90].min() >= 254
    again = path.read_bytes()
    assert packed(MARKETPLACES["amazon"]) == path
    assert path.read_bytes() == again
    square = packed(MARKETPLACES["taobao"])
    assert square is not None
    with zipfile.ZipFile(square) as archive:
        assert len(archive.namelist()) == 2
    assert packed(MARKETPLACES["shopify"]) is None


def test_a_picture_in_the_marketplace_s_own_size_is_packed_as_it_was_signed(
    made: tuple[Task, Outcome], tmp_path: Path
) -> None:
    task, outcome = made
    Image.fromarray(np.full((800, 800, 3), 90, np.uint8)).save(tmp_path / "TEE.jpg", comment=b"signed")

    def refuse(sidecar: Path, jpeg: bytes) -> bytes:
        raise AssertionError("it is signed already")

    packed = [(replace(task, sku="TEE"), replace(outcome, picture="TEE.jpg"))]
    path = pack(MARKETPLACES["taobao"], packed, tmp_path, refuse)
    assert path is not None
    with zipfile.ZipFile(path) as archive:
        assert archive.read("TEE-01.jpg") == (tmp_path / "TEE.jpg").read_bytes()
