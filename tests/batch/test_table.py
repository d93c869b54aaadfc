"""Tables as sellers' programs write them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from vmodel.batch.errors import TableInvalid
from vmodel.batch.table import COLUMNS, read_table
from vmodel.batch.template import write_template


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


def test_a_chinese_code_page_keeps_its_file_names(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes("photo\n连衣裙.jpg\n".encode("gb18030"))
    assert cells_of(tmp_path / "table.csv") == [{"photo": "连衣裙.jpg"}]


def test_xlsx_gives_numbers_as_people_see_them_and_its_row_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["photo", "sku", "width_cm", "price"], ["a.jpg", 1001, 52.5, 9], [], ["b.jpg", None, 48.0, 9]):
        book.active.append(line)
    book.save(tmp_path / "table.xlsx")
    table = read_table(tmp_path / "table.xlsx")
    assert [(row.number, dict(row.cells)) for row in table.rows] == [
        (2, {"photo": "a.jpg", "sku": "1001", "width_cm": "52.5"}),
        (4, {"photo": "b.jpg", "width_cm": "48"}),
    ]
    assert table.unknown == ("price",)


def test_a_broken_line_of_json_is_a_bad_row_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "table.jsonl").write_text('{"photo": "a.jpg", "views": ["front", "back"]}\n{"photo":\n[1]\n')
    rows = read_table(tmp_path / "table.jsonl").rows
    assert dict(rows[0].cells) == {"photo": "a.jpg", "views": "front, back"}
    assert [(row.number, bool(row.fault)) for row in rows] == [(1, False), (2, True), (3, True)]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_the_template_can_be_given_back_as_it_is(ending: str, tmp_path: Path) -> None:
    write_template(tmp_path / f"table.{ending}", {"category": ["top", "dress"]})
    table = read_table(tmp_path / f"table.{ending}")
    assert table.rows[0].cells["photo"] == "shirt.jpg"
    assert table.unknown == ()
    assert set(table.rows[0].cells) <= set(COLUMNS)


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
    with pytest.raises(TableInvalid, match="--template"):
        read_table(tmp_path / name)


def test_a_spreadsheet_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(4):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(90_000_000))
    with pytest.raises(TableInvalid, match="unpacks"):
        read_table(tmp_path / "bomb.xlsx")
