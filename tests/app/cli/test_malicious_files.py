"""Malicious files: each is refused quickly in one line with its code, and leaves no partial files."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.main import run

Make = Callable[[Path], object]

HEIGHT, WIDTH = 600, 450
CLOTH = (40, 90, 140)


def shirt() -> np.ndarray:
    """Draw a plain vest on paper, (600, 450, 3)."""
    picture = np.full((HEIGHT, WIDTH, 3), 236, np.uint8)
    picture[110:470, 150:300] = CLOTH
    picture[110:200, 190:260] = 236
    return picture


def cut(file_format: str, share: float, **options: object) -> Make:
    """Save a photo and keep only the beginning of the file."""

    def make(path: Path) -> None:
        grain = np.random.default_rng(0).integers(-3, 4, (HEIGHT, WIDTH, 3))
        stream = io.BytesIO()
        Image.fromarray((shirt() + grain).astype(np.uint8)).save(stream, file_format, **options)
        path.write_bytes(stream.getvalue()[: int(share * len(stream.getvalue()))])

    return make


def frames(file_format: str) -> Make:
    pictures = [Image.fromarray(np.roll(shirt(), shift, 1)) for shift in (0, 20)]
    return lambda path: pictures[0].save(path, file_format, save_all=True, append_images=pictures[1:])


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks: bytes) -> Make:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
    return lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b""))


ROWS = zlib.compress(b"".join(b"\0" + row.tobytes() for row in shirt()))
BOMB = zlib.compress(bytes(100_000_000), 9)


def tiff(next_page: int = 0, **changed: int) -> Make:
    """Return an uncompressed grey TIFF written by hand; ``changed`` gives a tag's value by its name."""
    tags = {"width": 256, "height": 257, "bits": 258, "packing": 259, "photometric": 262, "strip": 273, "rows": 278,
            "bytes": 279}  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    values = {"width": WIDTH, "height": HEIGHT, "bits": 8, "packing": 1, "photometric": 1, "strip": start,
              "rows": HEIGHT, "bytes": WIDTH * HEIGHT} | changed  # fmt: skip
    entries = b"".join(struct.pack("<HHII", number, 4, 1, values[name]) for name, number in tags.items())
    page = struct.pack("<H", len(tags)) + entries + struct.pack("<I", next_page)
    grey = shirt()[..., 1].tobytes()
    return lambda path: path.write_bytes(b"II*\0" + struct.pack("<I", 8) + page + grey)


def jpeg_that_says(height: int, width: int) -> Make:
    def make(path: Path) -> None:
        Image.fromarray(shirt()).save(path, "JPEG")
        content = path.read_bytes()
        at = content.index(b"\xff\xc0") + 5
        path.write_bytes(content[:at] + struct.pack(">HH", height, width) + content[at + 4 :])

    return make


def damaged_heic(path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    Image.fromarray(shirt()).save(path, "HEIF")
    content = bytearray(path.read_bytes())
    for place in np.random.default_rng(5).integers(12, 500, 12):
        content[place] ^= 0x5A
    path.write_bytes(bytes(content))


def white_dots(path: Path) -> None:
    dots = np.zeros((HEIGHT, WIDTH), np.uint8)
    dots[::40, ::40] = 255
    Image.fromarray(dots).save(path)


def strip_of_cloth(path: Path) -> None:
    picture = np.full((220, 9000, 3), 230, np.uint8)
    picture[40:180, 300:8700] = CLOTH
    Image.fromarray(picture).save(path)


def one_pixel_shows(path: Path) -> None:
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[300, 200] = 255
    Image.fromarray(np.dstack([shirt(), alpha])).save(path)


PHOTOS: list[tuple[str, Make, str]] = [
    ("half.tiff", cut("TIFF", 0.5), "photo_unreadable"),
    ("half-packed.tif", cut("TIFF", 0.5, compression="tiff_lzw"), "photo_unreadable"),
    ("half.webp", cut("WEBP", 0.5, lossless=True), "photo_unreadable"),
    ("half.png", cut("PNG", 0.5), "photo_unreadable"),
    ("nearly-whole.jpg", cut("JPEG", 0.98, progressive=True), "photo_unreadable"),
    ("damaged.heic", damaged_heic, "photo_unreadable"),
    ("moving.webp", frames("WEBP"), "photo_animated"),
    ("moving.png", frames("PNG"), "photo_animated"),
    ("profile-bomb.png", png(chunk(b"iCCP", b"x\0\0" + BOMB), chunk(b"IDAT", ROWS)), "photo_unreadable"),
    ("text-bomb.png", png(chunk(b"zTXt", b"x\0\0" + BOMB), chunk(b"IDAT", ROWS)), "photo_unreadable"),
    ("page-nowhere.tif", tiff(next_page=0x7FFFFFFF), "photo_unreadable"),
    ("too-wide.tif", tiff(width=0xFFFFFFFF), "photo_too_large"),
    ("strip-nowhere.tif", tiff(strip=0xFFFFFFF0), "photo_unreadable"),
    ("odd-packing.tif", tiff(packing=34712), "photo_unreadable"),
    ("gigantic.jpg", jpeg_that_says(65_500, 65_500), "photo_too_large"),
    ("flat.jpg", jpeg_that_says(0, WIDTH), "photo_unreadable"),
    ("picture.bmp", lambda path: Image.fromarray(shirt()).save(path), "photo_unsupported"),
    ("picture.svg", lambda path: Image.fromarray(shirt()).save(path, "PNG"), "drawing_unreadable"),
    ("pipe.jpg", os.mkfifo, "photo_not_found"),
    ("loop.jpg", lambda path: path.symlink_to(path), "photo_not_found"),
    ("strip.png", strip_of_cloth, "photo_too_small"),
    ("dots.png", white_dots, "garment_not_found"),
    ("one-pixel.png", one_pixel_shows, "garment_not_found"),
]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(shirt()).save(tmp_path / "shirt.png")
    return tmp_path / "shirt.png"


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command that prints only one line of error; returns its exit code and error code."""
    code = run(arguments)
    said = capsys.readouterr()
    [line] = said.err.splitlines()
    assert said.out == ""
    return code, line.split(":")[0]


@pytest.mark.parametrize(("name", "make", "code"), PHOTOS, ids=[name for name, _, _ in PHOTOS])
def test_a_nasty_photo_is_refused_in_one_line(
    name: str, make: Make, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / name)
    assert refused(["shoot", str(tmp_path / name), "--out", str(tmp_path / "out")], capsys) == (1, code)
    assert not list((tmp_path / "out").iterdir())


def test_a_tiff_whose_pages_go_round_in_a_circle_is_read_once(tmp_path: Path) -> None:
    tiff(next_page=8)(tmp_path / "circle.tif")
    assert run(["inspect", str(tmp_path / "circle.tif"), "--out", str(tmp_path)]) == 0


BACKGROUNDS: list[tuple[str, Make, str]] = [
    ("half.png", cut("PNG", 0.5), "photo_unreadable"),
    ("page-nowhere.tif", tiff(next_page=0x7FFFFFFF), "photo_unreadable"),
    ("moving.webp", frames("WEBP"), "photo_animated"),
    ("gigantic.jpg", jpeg_that_says(65_500, 65_500), "photo_too_large"),
    ("damaged.heic", damaged_heic, "photo_unreadable"),
    ("pipe.jpg", os.mkfifo, "unknown_background"),
]


@pytest.mark.parametrize(("name", "make", "code"), BACKGROUNDS, ids=[name for name, _, _ in BACKGROUNDS])
def test_a_nasty_background_is_refused_before_any_work(
    name: str, make: Make, code: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / name)
    arguments = ["shoot", str(photo), "--background", str(tmp_path / name), "--out", str(tmp_path / "out")]
    assert refused(arguments, capsys) == (2, code)


@pytest.mark.parametrize(
    ("name", "make"),
    [("half.png", cut("PNG", 0.5)), ("page.tif", tiff(strip=0xFFFFFFF0)), ("damaged.heic", damaged_heic)],
    ids=["half.png", "page.tif", "damaged.heic"],
)
def test_a_nasty_picture_of_a_pose_is_refused_before_any_work(
    name: str, make: Make, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / name)
    arguments = ["shoot", str(photo), "--pose", str(tmp_path / name), "--out", str(tmp_path / "out")]
    assert refused(arguments, capsys) == (2, "pose_invalid")


@pytest.mark.parametrize(
    "content",
    ['{"neck_left": [NaN, 3]}', '{"neck_left": [1e999, 3]}', f'{{"neck_left": [1{"0" * 400}, 3]}}',
     f'{{"neck_left": [{"9" * 5000}, 3]}}', '{"neck_left": [1, 2, 3]}', '{"landmarks": {"landmarks": {}}}'],
    ids=["not a number", "infinite", "400 digits", "5000 digits", "three numbers", "twice inside"],
)  # fmt: skip
def test_landmarks_with_impossible_numbers_are_refused(
    content: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "points.json").write_text(content)
    arguments = ["inspect", str(photo), "--landmarks", str(tmp_path / "points.json"), "--out", str(tmp_path / "out")]
    assert refused(arguments, capsys) == (1, "landmarks_invalid")
    assert not list((tmp_path / "out").iterdir())


def test_landmarks_that_an_editor_of_windows_saved_are_read(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "points.json").write_bytes(b"\xef\xbb\xbf" + b'{"neck_front": [225, 201]}')
    arguments = ["inspect", str(photo), "--json", "--landmarks", str(tmp_path / "points.json"), "--out", str(tmp_path)]
    assert run(arguments) == 0
    assert json.loads(capsys.readouterr().out)["landmarks"]["neck_front"] == [225.0, 201.0]


def speckled() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2, (HEIGHT, WIDTH)) > 0


def lined() -> np.ndarray:
    return np.pad(np.ones((4, WIDTH), bool), ((100, HEIGHT - 104), (0, 0)))


def inverted() -> np.ndarray:
    return (shirt() != CLOTH).any(-1)


@pytest.mark.parametrize(
    ("draw", "says"),
    [(speckled, "only lines or specks"), (lined, "only lines or specks"), (inverted, "white all round")],
    ids=["specks", "a line", "inverted"],
)
def test_a_mask_that_shows_no_garment_is_refused(
    draw: Callable[[], np.ndarray], says: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(draw().astype(np.uint8) * 255).save(tmp_path / "mask.png")
    assert run(["inspect", str(photo), "--mask", str(tmp_path / "mask.png"), "--out", str(tmp_path / "out")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("mask_mismatch: ")
    assert says in line


WRONG_TYPES = [
    {"model": ["wm-ines"]},
    {"background": 7},
    {"steps": "many"},
    {"tucked": "no"},
    {"seed": 2**40},
    {"focal_mm": 5},
    {"bogus": 1},
    {"garment": {"photo": "shirt.png", "width_cm": "wide"}},
    {"garment": {"photo": "shirt.png", "bogus": 1}},
]


@pytest.mark.parametrize("wrong", WRONG_TYPES, ids=[" ".join(each) for each in WRONG_TYPES])
def test_a_sidecar_with_a_value_of_another_kind_is_refused(
    wrong: dict[str, object], photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = {"garment": {"photo": str(photo)}, "size": "512x384", "pipeline": "draft"} | wrong
    (tmp_path / "shot.json").write_text(json.dumps({"format": 1, "request": request, "inputs": {}}))
    arguments = ["shoot", "--from", str(tmp_path / "shot.json"), "--out", str(tmp_path / "out")]
    assert refused(arguments, capsys) == (2, "sidecar_invalid")


CHARTS: list[tuple[str, bytes, str]] = [
    ("of a spreadsheet in Chinese", "size,width_cm\n均码,50\n".encode("gbk"), "CSV UTF-8"),
    ("with a row cut short", b"width_cm,length_cm,size\n50,70,M\n52\n", "it has M"),
    ("with one endless cell", b"size,width_cm\nM," + b"5" * 200_000 + b"\n", "cannot be read"),
    ("as Excel saves Unicode text", "size\twidth_cm\nM\t50\nL\t54\n".encode("utf-16"), "it has M, L"),
    ("that is far too large", b"size,width_cm\n" + b"M,50\n" * 300_000, "too large"),
]


@pytest.mark.parametrize(("content", "says"), [each[1:] for each in CHARTS], ids=[each[0] for each in CHARTS])
def test_a_size_chart(
    content: bytes, says: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sizes.csv").write_bytes(content)
    chart = ["--size-chart", str(tmp_path / "sizes.csv"), "--garment-size", "XQ"]
    assert run(["shoot", str(photo), *chart, "--out", str(tmp_path / "out")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("size_chart_invalid: ")
    assert says in line


NAMES = ["l" * 240, "two\nlines", "%s {x} [red]", b"not\xfftext"]


@pytest.mark.parametrize("name", NAMES, ids=["240 letters", "two lines", "with marks", "no text"])
def test_a_photo_of_any_name_is_inspected(
    name: str | bytes, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / f"{os.fsdecode(name)}.png"
    photo.rename(named)
    assert run(["inspect", str(named), "--out", str(tmp_path / "out")]) == 0
    _, picture = capsys.readouterr().out.splitlines()
    assert Path(picture).is_file()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [Path(picture).name]
