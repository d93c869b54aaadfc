"""Tables as written by sellers' programs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from vmodel.batch.errors import TableInvalid
from vmodel.batch.tables import reader
from vmodel.batch.tables.reader import COLUMNS, read_table, suggest_column
from vmodel.batch.tables.template import write_template


def cells_of(path: Path) -> list[dict[str, str]]:
    return [dict(row.cells) for row in read_table(path).rows]


def test_a_folder_is_its_photos_and_a_back_belongs_to_its_front(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.PNG", "a-back.png", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).touch()
    assert cells_of(tmp_path) == [{"photo": "a.PNG", "back": "a-back.png"}, {"photo": "b.jpg"}]


@pytest.mark.parametrize(
    "content",
    [
        "Photo;Model;Width cm\nshirt.jpg;wm-ines;52,5\n".encode("utf-8-sig"),
        "photo\tmodels\twidth-cm\nshirt.jpg\twm-ines\t52,5\n".encode("utf-16"),
        b'photo,MODELS,width_cm\nshirt.jpg,wm-ines,"52,5"\n\n',
    ],
    ids=["German Excel", "Unicode text", "plain"],
)
def test_csv_is_read_however_a_spreadsheet_saved_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    assert cells_of(tmp_path / "table.csv") == [{"photo": "shirt.jpg", "models": "wm-ines", "width_cm": "52,5"}]


@pytest.mark.parametrize(
    "content",
    [
        b"sep=;\r\nphoto;models\r\na.jpg;wm-ines\r\n",
        b"\n\nphoto,models\na.jpg,wm-ines\n",
        b"Spring 2026,,\n,,\nphoto,models,\na.jpg,wm-ines,\n",
        "photo\u00a0,\u200bmodels\na.jpg,\u00a0wm-ines\u200b\n".encode(),
        b"photo|models\ra.jpg|wm-ines\r",
    ],
    ids=["Excel's hint", "blank lines first", "title first", "copied from a web page", "bars, an old Mac's lines"],
)
def test_the_header_is_found_where_people_put_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    assert cells_of(tmp_path / "table.csv") == [{"photo": "a.jpg", "models": "wm-ines"}]


def test_a_western_code_page_keeps_its_accents(tmp_path: Path) -> None:
    (tmp_path / "table.txt").write_bytes("photo;sku\nrobe.jpg;Kürbis, grün\n".encode("cp1252"))
    assert cells_of(tmp_path / "table.txt") == [{"photo": "robe.jpg", "sku": "Kürbis, grün"}]


def test_rows_are_numbered_as_a_spreadsheet_does_also_below_cells_with_several_lines(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text('photo,models\na.jpg,"wm-ines\nwm-amina"\n\nb.jpg,wm-ines\n')
    assert [row.number for row in read_table(tmp_path / "table.csv").rows] == [2, 4]


def test_a_column_that_stands_twice_is_refused_and_its_own_name_counts_more_than_another(tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("photo,models,Models\na.jpg,wm-ines,wm-amina\n")
    with pytest.raises(TableInvalid, match=r"column models twice .*; keep one"):
        read_table(tmp_path / "twice.csv")
    (tmp_path / "shop.csv").write_text("image,photo\nhttps://shop.example/a.jpg,a.jpg\n")
    assert cells_of(tmp_path / "shop.csv") == [{"photo": "a.jpg"}]
    assert read_table(tmp_path / "shop.csv").unknown == ("image",)


def test_a_mistyped_title_is_guessed_unless_the_table_has_the_column(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("photo,modles,veiws,views,price\na.jpg,wm-ines,back,front,9\n")
    read = read_table(tmp_path / "table.csv")
    assert [suggest_column(title, read) for title in read.unknown] == ["models", "", ""]


def test_an_excel_file_is_read_as_its_user_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_ROWS", 50)
    book = openpyxl.Workbook()
    old, notes, season, more = book.active, *(book.create_sheet(name) for name in ("Notes", "Season", "More"))
    old.append(["photo"])
    old.append(["old.jpg"])
    old.sheet_state = "hidden"
    notes.append(["Fill in the next sheet"])
    for line in (["Spring"], ["photo", "models"], ["a.jpg", "wm-ines"], ["b.jpg", None], ["c.jpg", None], ["d.jpg"]):
        season.append(line)
    season.merge_cells("A1:B1")
    season.merge_cells("B3:B5")
    for number in range(7, 150):  # formatted far below the last row, as when whole columns are formatted
        season.cell(number, 1).font = Font(bold=True)
    more.append(["photo"])
    book.save(tmp_path / "table.csv")  # and renamed
    read = read_table(tmp_path / "table.csv")
    assert [(row.number, row.cells.get("models")) for row in read.rows] == [
        (3, "wm-ines"),
        (4, "wm-ines"),
        (5, "wm-ines"),
        (6, None),
    ]
    assert read.notes == ("the sheet 'More' is passed over, 'Season' is read",)


def test_a_formula_that_no_spreadsheet_reckoned_is_a_bad_row_not_an_empty_cell(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["photo", "sku"], ["a.jpg", '=A2&"-x"'], ["b.jpg", "B"]):
        book.active.append(line)
    book.save(tmp_path / "table.xlsx")
    bad, good = read_table(tmp_path / "table.xlsx").rows
    assert (bad.column, "formula" in bad.fault, "save it" in bad.remedy) == ("sku", True, True)
    assert dict(good.cells) == {"photo": "b.jpg", "sku": "B"}


def test_a_sheet_that_states_its_size_wrongly_is_read_whole(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["photo", "models"], ["a.jpg", "wm-ines"]):
        book.active.append(line)
    book.save(tmp_path / "right.xlsx")
    with zipfile.ZipFile(tmp_path / "right.xlsx") as right, zipfile.ZipFile(tmp_path / "table.xlsx", "w") as wrong:
        for name in right.namelist():
            wrong.writestr(name, right.read(name).replace(b'ref="A1:B2"', b'ref="A1"'))
    assert cells_of(tmp_path / "table.xlsx") == [{"photo": "a.jpg", "models": "wm-ines"}]


def test_json_may_be_one_array_and_hold_any_letter(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text('[\n {"photo": "a.jpg"},\n {"photo": "b.jpg"}\n]\n')
    assert cells_of(tmp_path / "list.json") == [{"photo": "a.jpg"}, {"photo": "b.jpg"}]
    (tmp_path / "lines.jsonl").write_text('{"photo": "a\u2028b.jpg"}\n', encoding="utf-8")
    assert cells_of(tmp_path / "lines.jsonl") == [{"photo": "a\u2028b.jpg"}]


def test_what_a_folder_holds_beside_its_photos_is_named(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.gif", "tops/c.jpg", "out/d.png", "out/journal.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    notes = read_table(tmp_path).notes
    assert [note.split(" is ")[0] for note in notes] == ["the folder tops", "b.gif"]
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(TableInvalid, match=r"only its folders do .tops.; name one"):
        read_table(tmp_path)


def test_an_excel_file_with_a_password_says_so(tmp_path: Path) -> None:
    (tmp_path / "table.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(TableInvalid, match="without a password"):
        read_table(tmp_path / "table.xlsx")


def test_a_chinese_code_page_keeps_its_file_names(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes("photo\n连衣裙.jpg\n".encode("gb18030"))
    assert cells_of(tmp_path / "table.csv") == [{"photo": "连衣裙.jpg"}]


def test_xlsx_gives_numbers_as_people_see_them_and_its_row_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["photo", "sku", "width_cm", "price"], ["a.jpg", 1001, 52.5, 9], [], ["b.jpg", None, 48.0, 9]):
        book.active.append(line)
    book.save(tmp_path / "table.xlsx")
    read = read_table(tmp_path / "table.xlsx")
    assert [(row.number, dict(row.cells)) for row in read.rows] == [
        (2, {"photo": "a.jpg", "sku": "1001", "width_cm": "52.5"}),
        (4, {"photo": "b.jpg", "width_cm": "48"}),
    ]
    assert read.unknown == ("price",)


def test_a_broken_line_of_json_is_a_bad_row_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "table.jsonl").write_text('{"photo": "a.jpg", "views": ["front", "back"]}\n{"photo":\n[1]\n')
    rows = read_table(tmp_path / "table.jsonl").rows
    assert dict(rows[0].cells) == {"photo": "a.jpg", "views": "front, back"}
    assert [(row.number, bool(row.fault)) for row in rows] == [(1, False), (2, True), (3, True)]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_the_template_can_be_given_back_as_it_is(ending: str, tmp_path: Path) -> None:
    write_template(tmp_path / f"table.{ending}", {"category": ["top", "dress"]})
    read = read_table(tmp_path / f"table.{ending}")
    assert read.rows[0].cells["photo"] == "shirt.jpg"
    assert read.unknown == ()
    assert set(read.rows[0].cells) <= set(COLUMNS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.csv", None),
        ("empty.csv", b""),
        ("header.csv", b"photo,sku\n"),
        ("other.csv", b"name,price\nshirt,3\n"),
        ("noise.csv", bytes(range(256)) * 4),
        ("word.xlsx", b"PK\x03\x04 no archive"),
        ("table.pdf", b"%PDF"),
        ("empty.jsonl", b"\n\n"),
    ],
)
def test_a_table_that_is_none_is_refused_with_a_way_to_start(name: str, content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TableInvalid, match=r"--template|save it"):
        read_table(tmp_path / name)


def test_a_spreadsheet_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(4):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(90_000_000))
    with pytest.raises(TableInvalid, match="unpacks"):
        read_table(tmp_path / "bomb.xlsx")
