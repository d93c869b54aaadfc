"""Planning of a batch: rows become pictures, and bad rows are set aside."""

from __future__ import annotations

import functools
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from vmodel.batch.plan import Plan, plan_batch
from vmodel.batch.rows import RowDefaults
from vmodel.batch.run import partition_tasks
from vmodel.batch.tables.reader import Row, Table
from vmodel.batch.time_estimate import Measured, expect_seconds, keep_speed, read_speed
from vmodel.body.model.roster import Roster, load_roster
from vmodel.config import Settings
from vmodel.publishing.marketplaces import find_marketplaces
from vmodel.shot.request import GarmentSource, ShotRequest

DEFAULTS = RowDefaults(ShotRequest(GarmentSource(Path("unused")), size=(512, 384), pipeline="draft"))


@functools.cache
def the_roster() -> Roster:
    return load_roster(Settings())


@pytest.fixture
def folder(tmp_path: Path, examples: Path) -> Path:
    below = tmp_path / "photos"
    below.mkdir()
    for name in ("logo-tee", "floral-dress"):
        shutil.copy(examples / f"{name}.jpg", below)
    (tmp_path / "secret.jpg").touch()
    (below / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    return below


def plan_of(folder: Path, *rows: dict[str, str], defaults: RowDefaults = DEFAULTS) -> Plan:
    table = Table(folder, tuple(Row(number, cells) for number, cells in enumerate(rows, 2)))
    return plan_batch(table, defaults, the_roster(), ["draft"])


def test_a_row_is_every_combination_of_its_words(folder: Path) -> None:
    row = {"photo": "logo-tee.jpg", "models": "wm-ines, wm-amina", "poses": "standing|walking", "views": "front;back"}
    plan = plan_of(folder, row)
    assert len(plan.tasks) == 8
    names = {task.stem(task.request.model or "", task.request.pose or "") for task in plan.tasks}
    assert "logo-tee--wm-ines--walking--back" in names
    assert len(names) == 8


def test_a_row_is_shown_in_a_set_unless_it_names_its_own_poses(folder: Path) -> None:
    defaults = replace(DEFAULTS, set_name="classic")
    row = {"photo": "logo-tee.jpg", "models": "wm-ines"}
    assert len(plan_of(folder, row, defaults=defaults).tasks) == 6
    assert len(plan_of(folder, {**row, "models": "wm-ines;ch-noah"}, defaults=defaults).tasks) == 11
    assert len(plan_of(folder, {**row, "poses": "walking"}, defaults=defaults).tasks) == 1
    shown = [task.request for task in plan_of(folder, {**row, "set": "Street"}).tasks]
    assert {shot.pose for shot in shown} == {"one-hand-in-pocket", "striding", "looking-aside", "walking-away"}
    for cells, column, said in (
        ({"set": "street", "views": "front"}, "set", "leave out the column views, or the set"),
        ({"set": "catwalk"}, "set", "use one of: classic"),
        ({"set": "kids"}, "set", "for child models"),
    ):
        refused = plan_of(folder, {**row, **cells}).refused[0]
        assert (refused.column, said in refused.message) == (column, True)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"photo": "../secret.jpg"}, "row_invalid"),
        ({"photo": "..\\secret.jpg"}, "row_invalid"),
        ({"photo": "/etc/passwd"}, "row_invalid"),
        ({"photo": "link.jpg"}, "row_invalid"),
        ({"photo": "a\0.jpg"}, "row_invalid"),
        ({"photo": "logo-tee.jpg", "back": "../secret.jpg"}, "row_invalid"),
        ({"photo": "logo-tee.jpg", "background": "blur:../secret.jpg"}, "row_invalid"),
        ({"photo": "logo-tee.jpg", "poses": "/etc/passwd"}, "row_invalid"),
        ({"photo": "logo-tee.jpg", "width_cm": "wide"}, "row_invalid"),
        ({"photo": "logo-tee.jpg", "sizes": "M"}, "row_invalid"),
        ({"sku": "lost"}, "row_invalid"),
        ({"photo": "nowhere.jpg"}, "photo_not_found"),
        ({"photo": "logo-tee.jpg", "models": "nobody"}, "unknown_model"),
        ({"photo": "logo-tee.jpg", "category": "swimwear", "models": "kid-mila"}, None),
        ({"photo": "logo-tee.jpg", "width_cm": "900"}, "row_invalid"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_stay(folder: Path, cells: dict[str, str], code: str | None) -> None:
    if code is None:
        child = next(model.id for model in the_roster().values() if model.is_child)
        cells, code = cells | {"models": child}, "not_allowed_for_children"
    plan = plan_of(folder, cells, {"photo": "floral-dress.jpg"})
    assert [(row.row, row.code) for row in plan.refused] == [(2, code)]
    assert [task.sku for task in plan.tasks] == ["floral-dress"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("photo", "nowhere.jpg"),
        ("photo", "../secret.jpg"),
        ("back", "nowhere.jpg"),
        ("category", "shirtt"),
        ("material", "plastic"),
        ("models", "wm-ines, nobody"),
        ("poses", "standing; jumping"),
        ("views", "fornt"),
        ("framing", "huge"),
        ("background", "beach.jpg"),
        ("light", "disco"),
        ("style", "disco"),
        ("shoes", "clogs"),
        ("width_cm", "5200"),
        ("length_cm", "long"),
        ("sizes", "M"),
        ("size_chart", "nowhere.csv"),
        ("colorways", "navy"),
        ("front", "ajar"),
    ],
)
def test_a_refusal_names_the_column_of_the_cell(folder: Path, column: str, cell: str) -> None:
    (refused,) = plan_of(folder, {"photo": "logo-tee.jpg", column: cell}).refused
    assert refused.column == column
    assert "; " in refused.message, "no remedy"


def test_cells_are_understood_as_people_write_them(folder: Path) -> None:
    written = {
        "photo": "Logo-Tee.JPG",
        "models": "WM-Ines",
        "poses": "Standing",
        "views": "Three quarter",
        "background": "Light grey",
        "material": "Jersey",
        "width_cm": "52,5 cm",
        "front": "Closed",
        "shoes": "Ankle boots-Black",
    }
    plan = plan_of(folder, written)
    assert plan.refused == ()
    request = plan.tasks[0].request
    assert (request.garment.photo.name, request.garment.width_cm) == ("logo-tee.jpg", 52.5)
    assert request.garment.worn_open is False
    assert request.shoes == "ankle-boots-black"
    assert (request.model, request.pose, request.view, request.background, request.garment.material) == (
        *("wm-ines", "standing", "three-quarter", "light-grey"),
        "jersey",
    )


def test_a_photo_is_found_however_its_accents_are_coded(folder: Path) -> None:
    (folder / "logo-tee.jpg").rename(folder / unicodedata.normalize("NFD", "Größe.jpg"))
    assert plan_of(folder, {"photo": unicodedata.normalize("NFC", "größe.jpg")}).refused == ()


def test_names_of_any_length_leave_room_for_a_file_s_other_parts(folder: Path) -> None:
    plan = plan_of(folder, {"photo": "logo-tee.jpg", "sku": "很" * 90})
    name = plan.tasks[0].stem("wm-ines", "hands-clasped-front")
    assert name.startswith("很" * 30)
    assert len(name.encode()) < 200


def test_two_photos_under_one_name_are_pointed_out(folder: Path) -> None:
    plan = plan_of(folder, {"photo": "logo-tee.jpg", "sku": "A"}, {"photo": "floral-dress.jpg", "sku": "A"})
    assert [task.sku for task in plan.tasks] == ["A", "A-2"]
    assert plan.notes == ("row 3: A is the name of another photo too; its pictures are named A-2",)


def test_pictures_of_one_garment_stand_together_and_what_is_asked_twice_is_made_once(folder: Path) -> None:
    tee, dress = {"photo": "logo-tee.jpg"}, {"photo": "floral-dress.jpg"}
    plan = plan_of(folder, tee, dress, tee | {"views": "back"}, dress)
    assert [(task.sku, task.request.view) for task in plan.tasks] == [
        ("logo-tee", "front"),
        ("logo-tee", "back"),
        ("floral-dress", "front"),
    ]


def test_no_two_pictures_can_get_one_name_whoever_is_cast(folder: Path) -> None:
    same = {"sku": "../A B", "photo": "logo-tee.jpg"}
    plan = plan_of(
        folder, same, same | {"models": "wm-ines"}, same | {"category": "top"}, {**same, "photo": "floral-dress.jpg"}
    )
    names = [task.stem("wm-ines", "contrapposto") for task in plan.tasks]
    assert len(set(names)) == 4
    assert all(name.startswith("A-B") for name in names)


def test_a_changed_photo_is_another_picture_and_a_moved_row_is_not(folder: Path) -> None:
    tee, dress = {"photo": "logo-tee.jpg"}, {"photo": "floral-dress.jpg"}
    before = {task.sku: task.key for task in plan_of(folder, tee, dress).tasks}
    moved = {task.sku: task.key for task in plan_of(folder, dress, tee).tasks}
    shutil.copy(folder / "floral-dress.jpg", folder / "logo-tee.jpg")
    after = {task.sku: task.key for task in plan_of(folder, tee, dress).tasks}
    assert before == moved
    assert before["floral-dress"] == after["floral-dress"]
    assert before["logo-tee"] != after["logo-tee"]


def test_a_size_chart_puts_every_size_on_somebody_who_wears_it(folder: Path) -> None:
    (folder / "chart.csv").write_text("size,width_cm,length_cm\nS,46,66\nXXL,62,74\n128,38,50\n")
    plan = plan_of(folder, {"photo": "logo-tee.jpg"}, defaults=replace(DEFAULTS, size_chart=folder / "chart.csv"))
    roster = the_roster()
    worn = {task.request.garment.garment_size: roster[task.request.model or ""].size for task in plan.tasks}
    assert worn == {"S": "S", "XXL": "2XL", "128": "128"}
    some = plan_of(folder, {"photo": "logo-tee.jpg", "sizes": "S", "size_chart": "chart.csv", "models": "wm-ines"})
    assert [(task.request.model, task.request.garment.garment_size) for task in some.tasks] == [("wm-ines", "S")]


def test_a_size_that_nobody_has_is_named(folder: Path) -> None:
    (folder / "chart.csv").write_text("size,width_cm,length_cm\n42,46,66\n")
    plan = plan_of(folder, {"photo": "logo-tee.jpg", "size_chart": "chart.csv"})
    assert "size 42" in plan.refused[0].message


def test_a_marketplace_sets_size_and_background(folder: Path) -> None:
    shops = find_marketplaces(["Amazon", "taobao"])
    plan = plan_of(
        folder, {"photo": "logo-tee.jpg", "background": "dark"}, defaults=replace(DEFAULTS, marketplaces=shops)
    )
    assert [(task.request.size, task.request.background) for task in plan.tasks] == [
        ((2000, 2000), "white"),
        ((800, 800), "dark"),
    ]


def test_few_garments_are_dealt_by_wearer_and_many_by_garment(folder: Path) -> None:
    row = {"photo": "logo-tee.jpg", "models": "wm-ines, wm-amina", "views": "front, back"}
    tasks = plan_of(folder, row).tasks
    assert [len(parcel) for parcel in partition_tasks(tasks, 2)] == [2, 2]
    assert [len(parcel) for parcel in partition_tasks(tasks, 1)] == [4]


def test_the_time_foreseen_counts_a_drape_once_a_worn_garment(folder: Path, tmp_path: Path) -> None:
    tasks = plan_of(folder, {"photo": "logo-tee.jpg", "views": "front, back, side"}).tasks
    assert expect_seconds(tasks, 1, []) is None
    size = 512 * 384 / 1e6
    keep_speed(tmp_path, [Measured("draft", True, size, 20.0, 1), Measured("draft", False, size, 3.0, 1)])
    assert expect_seconds(tasks, 1, read_speed(tmp_path)) == pytest.approx(26)
    assert expect_seconds(tasks, 2, read_speed(tmp_path)) == pytest.approx(13)
    for damaged in ("[{", "[" * 200_000):
        (tmp_path / "speed.json").write_text(damaged)
        assert read_speed(tmp_path) == []
