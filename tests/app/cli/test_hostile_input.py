"""Broken files and wrong flags: one line with code and remedy, the right exit code, no partial files."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import app
from app.cli.main import run

Make = Callable[[Path], None]

PLAIN = np.full((600, 450, 3), 236, np.uint8)


def save(picture: np.ndarray, **options: object) -> Make:
    return lambda path: Image.fromarray(picture).save(path, **options)  # type: ignore[arg-type]


def write(content: bytes) -> Make:
    return lambda path: path.write_bytes(content) and None


def tee_picture(shift: int = 0) -> np.ndarray:
    picture = PLAIN.copy()
    outline = [
        (150, 120),
        (195, 105),
        (255, 105),
        (300, 120),
        (370, 220),
        (320, 250),
        (295, 215),
        (295, 470),
        (155, 470),
    ]
    outline += [(155, 215), (130, 250), (80, 220)]
    cv2.fillPoly(picture, [np.array(outline) + np.array([shift, 0])], (40, 90, 140), cv2.LINE_AA)
    return picture


def two_garments() -> np.ndarray:
    small = cv2.resize(tee_picture(), None, fx=0.9, fy=0.9)
    return np.hstack([small, small])


def person() -> np.ndarray:
    """Return one of our own models in a tee, as large as a phone's preview."""
    worn = Image.open(Path(app.__file__).parent / "ui/static/story-tee-worn.webp").convert("RGB")
    return np.asarray(worn.resize((960, 1280), Image.Resampling.LANCZOS))


def truncated_jpeg(path: Path) -> None:
    Image.fromarray(tee_picture()).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:3000])


def huge_header(path: Path) -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(start + struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))


def animated(path: Path) -> None:
    frames = [Image.fromarray(tee_picture(shift)) for shift in (0, 20, 40)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


def pages(path: Path) -> None:
    frames = [Image.fromarray(tee_picture(shift)) for shift in (0, 20)]
    frames[0].save(path, "TIFF", save_all=True, append_images=frames[1:])


def broken_webp(path: Path) -> None:
    Image.fromarray(tee_picture()).save(path, "WEBP")
    path.write_bytes(path.read_bytes()[:200])


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
NOISE = np.random.default_rng(0).integers(0, 255, (600, 450, 3)).astype(np.uint8)

PHOTOS: list[tuple[str, Make | None, str]] = [
    ("missing.jpg", None, "photo_not_found"),
    ("empty.jpg", write(b""), "photo_unreadable"),
    ("truncated.jpg", truncated_jpeg, "photo_unreadable"),
    ("broken.webp", broken_webp, "photo_unreadable"),
    ("one.png", save(np.zeros((1, 1, 3), np.uint8)), "photo_too_small"),
    ("narrow.png", save(np.zeros((2000, 40, 3), np.uint8)), "photo_too_small"),
    ("huge.png", huge_header, "photo_too_large"),
    ("text.jpg", write(b"This is not a picture.\n" * 50), "photo_unsupported"),
    ("drawing.svg", write(SVG), "garment_not_found"),
    ("drawing.png", write(SVG), "photo_unsupported"),
    ("paper.pdf", write(b"%PDF-1.4\n%%EOF\n"), "photo_unsupported"),
    ("program.jpg", write(b"\x7fELF" + bytes(4000)), "photo_unsupported"),
    ("folder.jpg", lambda path: path.mkdir(), "photo_not_found"),
    ("animated.gif", animated, "photo_animated"),
    ("pages.tiff", pages, "photo_animated"),
    ("blank.png", save(PLAIN), "garment_not_found"),
    ("noise.png", save(NOISE), "garment_not_found"),
    ("clear.png", save(np.dstack([PLAIN, np.zeros((600, 450), np.uint8)])), "garment_not_found"),
    ("two.png", save(two_garments()), "several_garments"),
    ("person.png", save(person()), "person_in_photo"),
    ("na\nme ü 🙂.jpg", write(b""), "photo_unreadable"),
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("name", "make", "code"), PHOTOS, ids=[name for name, _, _ in PHOTOS])
def test_a_hostile_photo_is_named_in_one_line_and_leaves_nothing_behind(
    name: str, make: Make | None, code: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / name
    if make is not None:
        make(photo)
    assert run(["shoot", str(photo), "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in lines_of(said.err)] == [code]
    assert said.out == ""
    assert files_in(out) == []


def test_one_hostile_photo_in_json_is_an_object_with_its_error(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "empty.jpg"
    photo.touch()
    assert run(["shoot", str(photo), "--view", "front", "--view", "back", "--json", "--out", str(out)]) == 1
    shots = [json.loads(line) for line in lines_of(capsys.readouterr().out)]
    assert [shot["view"] for shot in shots] == ["front", "back"]
    for shot in shots:
        assert shot["photo"] == str(photo)
        assert shot["picture"] is None
        assert shot["error"]["code"] == "photo_unreadable"
        assert "retry" in shot["error"]["message"]


DEEP = "[" * 200_000

FLAGS: list[tuple[str, str]] = [
    ("", "usage"),
    ("{photo} --nonsense", "usage"),
    ("{photo} --seed many", "usage"),
    ("{photo} --seed -1", "usage"),
    ("{photo} --seed 2147483648", "usage"),
    ("{photo} --count 0", "usage"),
    ("{photo} --steps 0 --pipeline embedded", "usage"),
    ("{photo} --steps 3", "usage"),
    ("{photo} --model nobody", "unknown_model"),
    ("{photo} --pose levitating", "unknown_pose"),
    ("{photo} --pose {broken_json}", "pose_invalid"),
    ("{photo} --pose {empty}", "pose_invalid"),
    ("{photo} --pose {deep}", "pose_invalid"),
    ("{photo} --set catwalk", "usage"),
    ("{photo} --set kids", "usage"),
    ("{photo} --set street --model {child}", "usage"),
    ("{photo} --set street --view front", "usage"),
    ("{photo} --view below", "unknown_view"),
    ("{photo} --view nan", "unknown_view"),
    ("{photo} --framing sideways", "unknown_framing"),
    ("{photo} --focal 10", "usage"),
    ("{photo} --background nowhere.jpg", "unknown_background"),
    ("{photo} --background {text}", "unknown_background"),
    ("{photo} --light disco", "unknown_light"),
    ("{photo} --style disco", "unknown_style"),
    ("{photo} --shoes clogs", "unknown_shoes"),
    ("{photo} --shoes sandals-pink", "unknown_shoes"),
    ("{photo} --size 10x10", "size_out_of_range"),
    ("{photo} --size 99999x99999", "size_out_of_range"),
    ("{photo} --size large", "size_out_of_range"),
    ("{photo} --format bmp", "usage"),
    ("{photo} --format jpeg --background transparent", "usage"),
    ("{photo} --pipeline magic", "unknown_pipeline"),
    ("{photo} --category hat", "unknown_category"),
    ("{photo} --category costume", "unknown_category"),
    ("{photo} --category swimwear --model {child}", "not_allowed_for_children"),
    ("{photo} --material lace --model {child}", "not_allowed_for_children"),
    ("{photo} --material cardboard", "unknown_material"),
    ("{photo} --width-cm nan", "usage"),
    ("{photo} --width-cm -5", "usage"),
    ("{photo} --length-cm 9000", "usage"),
    ("{photo} --garment-size M", "usage"),
    ("{photo} --size-chart {text} --garment-size M", "size_chart_invalid"),
    ("{photo} --size-chart missing.csv --garment-size M", "size_chart_invalid"),
    ("{photo} --mask missing.png", "mask_mismatch"),
    ("{photo} --back missing.png", "photo_not_found"),
    ("{photo} --landmarks missing.json", "landmarks_invalid"),
    ("{photo} {photo} {other} --mask {photo}", "usage"),
    ("--from missing.json", "sidecar_invalid"),
    ("--from {broken_json}", "sidecar_invalid"),
    ("--from {empty}", "sidecar_invalid"),
    ("--from {deep}", "sidecar_invalid"),
    ("--from {photo}", "sidecar_invalid"),
    ("{photo} --from {broken_json}", "usage"),
]


@pytest.fixture
def words(tmp_path: Path) -> dict[str, str]:
    from vmodel.body.model.roster import load_roster
    from vmodel.config import Settings

    (tmp_path / "tee.png").unlink(missing_ok=True)
    Image.fromarray(tee_picture()).save(tmp_path / "tee.png")
    shutil.copy(tmp_path / "tee.png", tmp_path / "other.png")
    (tmp_path / "broken.json").write_text('{"format": 1, "request": [')
    (tmp_path / "text.jpg").write_text("size;width\nM;nothing\n")
    (tmp_path / "empty.json").touch()
    (tmp_path / "deep.json").write_text(DEEP)
    return {
        "photo": str(tmp_path / "tee.png"),
        "other": str(tmp_path / "other.png"),
        "broken_json": str(tmp_path / "broken.json"),
        "text": str(tmp_path / "text.jpg"),
        "empty": str(tmp_path / "empty.json"),
        "deep": str(tmp_path / "deep.json"),
        "child": next(model.id for model in load_roster(Settings()).values() if model.is_child),
    }


@pytest.mark.parametrize(("arguments", "code"), FLAGS, ids=[arguments or "nothing" for arguments, _ in FLAGS])
def test_a_wrong_flag_is_bad_usage_named_in_one_line(
    arguments: str, code: str, words: dict[str, str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["shoot", *(part.format(**words) for part in arguments.split()), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in lines_of(said.err)] == [code]
    assert said.out == ""
    assert files_in(out) == []


def test_bad_usage_in_json_is_an_object_too(
    words: dict[str, str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["shoot", words["photo"], "--model", "nobody", "--json", "--out", str(out)]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unknown_model"


@pytest.mark.parametrize("folder", ["{photo}", "{photo}/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_refused_before_any_work(
    folder: str, words: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["shoot", words["photo"], "--out", folder.format(**words)]) == 2
    assert capsys.readouterr().err.startswith("output_not_writable: ")


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (np.zeros((600, 450), np.uint8), "is empty"),
        (np.full((300, 250), 255, np.uint8), "is 250x300 pixels and the photo 450x600"),
        (np.full((90, 80), 255, np.uint8), "is 80x90 pixels and the photo 450x600"),
    ],
    ids=["black", "of another size", "far too small"],
)
def test_a_mask_that_does_not_fit_is_refused_and_both_sizes_are_named(
    mask: np.ndarray, says: str, words: dict[str, str], tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(mask).save(tmp_path / "mask.png")
    assert run(["shoot", words["photo"], "--mask", str(tmp_path / "mask.png"), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("mask_mismatch: ")
    assert says in said


@pytest.mark.parametrize(
    "content",
    [DEEP, "[]", '{"neck_left": "here"}', '{"neck_left": [-5000, 9]}', "\x00", '{"nose": [1, 2]}'],
    ids=lambda content: content[:9],
)
def test_landmarks_that_are_not_understood_are_refused(
    content: str, words: dict[str, str], tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "points.json").write_text(content)
    assert run(["inspect", words["photo"], "--landmarks", str(tmp_path / "points.json"), "--out", str(out)]) == 1
    assert capsys.readouterr().err.startswith("landmarks_invalid: ")
    assert files_in(out) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["models", "show", "nobody"], "unknown_model"),
        (["models", "new", "Kid", "--age", "12"], "model_invalid"),
        (["models", "new", "Giant", "--height-cm", "400"], "model_invalid"),
        (["models", "new", "Half", "--chest-cm", "90"], "usage"),
        (["models", "new", "Green", "--skin", "XI"], "model_invalid"),
        (["models", "burn"], "usage"),
        (["inspect"], "usage"),
        (["fly"], "usage"),
    ],
)
def test_other_commands_refuse_bad_usage_too(
    arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert [line.split(":")[0] for line in lines_of(capsys.readouterr().err)] == [code]


def test_a_group_without_its_command_shows_its_help_and_no_empty_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights"]) == 2
    said = capsys.readouterr()
    assert "pull" in said.out
    assert said.err == ""


def test_a_fault_of_the_program_is_one_line_that_names_a_log(
    words: dict[str, str], out: Path, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vmodel.studio.read_garment.cut_out", lambda *_: 1 / 0)
    assert run(["shoot", words["photo"], "--out", str(out)]) == 1
    said = lines_of(capsys.readouterr().err)
    assert len(said) == 1
    assert said[0].startswith("internal: ")
    log = next((home / "logs").glob("*.txt"))
    assert str(log) in said[0]
    assert "ZeroDivisionError" in log.read_text()
