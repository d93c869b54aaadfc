"""Reading: every accepted format gives the same picture, and every broken file its own error."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image, ImageCms

from vmodel.config import Settings
from vmodel.errors import (
    AnimatedPhoto,
    PhotoNotFound,
    PhotoTooLarge,
    PhotoTooSmall,
    UnreadablePhoto,
    UnsupportedPhoto,
)
from vmodel.garment.load_photo import read_flat_lay, read_size

SETTINGS = Settings()


def picture(height: int = 260, width: int = 220) -> Image.Image:
    """Return a picture of four flat colour fields: the upper left is red."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2] = (200, 40, 40)
    rgb[: height // 2, width // 2 :] = (40, 160, 60)
    rgb[height // 2 :, : width // 2] = (40, 60, 180)
    rgb[height // 2 :, width // 2 :] = (230, 230, 225)
    return Image.fromarray(rgb)


def read(path: Path):
    return read_flat_lay(path, SETTINGS)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "heic"])
def test_each_format_keeps_size_and_colours(tmp_path: Path, suffix: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = tmp_path / f"photo.{suffix}"
    picture().save(path, quality=95)
    flat_lay = read(path)
    assert flat_lay.rgb.shape == (260, 220, 3)
    assert flat_lay.alpha is None
    assert flat_lay.name == path.name
    assert len(flat_lay.sha256) == 64
    assert np.abs(flat_lay.rgb[40, 40].astype(int) - (200, 40, 40)).max() <= 6


def test_exif_orientation_turns_the_photo_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    path = tmp_path / "turned.jpg"
    picture().save(path, exif=exif, quality=95)
    flat_lay = read(path)
    assert flat_lay.rgb.shape == (220, 260, 3)
    assert flat_lay.rgb[30, 230, 0] > 150
    assert flat_lay.rgb[30, 30, 2] > 150


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "heic", "mpo"])
@pytest.mark.parametrize("orientation", [None, 1, 3, 6, 8])
def test_the_size_in_the_header_is_that_of_the_upright_photo(
    tmp_path: Path, suffix: str, orientation: int | None
) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    path = tmp_path / f"photo.{suffix}"
    picture().save(path, exif=exif)
    assert read_size(path.read_bytes(), path.name, SETTINGS) == read(path).rgb.shape[:2]


def test_the_size_of_a_jpeg_is_read_without_its_pixels_and_within_the_bound() -> None:
    stream = io.BytesIO()
    picture(900, 1200).save(stream, "JPEG")
    header = stream.getvalue()[:700]
    assert read_size(header, "photo", SETTINGS) == (900, 1200)
    with pytest.raises(PhotoTooLarge):
        read_size(header, "photo", Settings(max_megapixels=1))
    with pytest.raises(UnsupportedPhoto):
        read_size(b"<svg/>", "photo", SETTINGS)


def test_sixteen_bit_grey_png_and_tiff_become_eight_bit(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (220, 1))
    for name in ("grey.png", "grey.tiff"):
        Image.fromarray(ramp).save(tmp_path / name)
        rgb = read(tmp_path / name).rgb
        assert abs(int(rgb[10, 128, 1]) - 128) <= 1
        assert rgb[10, 255].tolist() == [255, 255, 255]


def test_sixteen_bit_colour_png_keeps_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    rows = np.zeros((220, 230, 3), ">u2")
    rows[:] = (51400, 10280, 30840)
    path.write_bytes(png(230, 220, 16, 2, b"".join(b"\0" + row.tobytes() for row in rows)))
    assert np.abs(read(path).rgb[5, 5].astype(int) - (200, 40, 120)).max() <= 1


def test_palette_and_bilevel_pictures_are_read(tmp_path: Path) -> None:
    picture().convert("P").save(tmp_path / "palette.png")
    picture().convert("1").save(tmp_path / "bilevel.png")
    assert read(tmp_path / "palette.png").rgb[40, 40, 0] > 150
    assert set(np.unique(read(tmp_path / "bilevel.png").rgb)) <= {0, 255}


def test_cmyk_photos_become_rgb(tmp_path: Path) -> None:
    for name in ("ink.jpg", "ink.tiff"):
        picture().convert("CMYK").save(tmp_path / name, quality=95)
        assert np.abs(read(tmp_path / name).rgb[40, 40].astype(int) - (200, 40, 40)).max() <= 6


def test_an_embedded_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    lab = ImageCms.createProfile("LAB")
    as_lab = ImageCms.profileToProfile(picture(), ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    assert as_lab is not None
    as_lab.save(tmp_path / "lab.tiff")
    assert np.abs(read(tmp_path / "lab.tiff").rgb[40, 40].astype(int) - (200, 40, 40)).max() <= 4


RED = (200, 40, 40)
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB_TO_XYZ = ((0.43607, 0.38506, 0.14308), (0.22250, 0.71688, 0.06062), (0.01393, 0.09710, 0.71417))
GAMMA = 563 / 256


def red_in(primaries: tuple[tuple[float, ...], ...], gamma: float | None = GAMMA) -> Image.Image:
    """Return a picture of ``RED`` in another colour space (primaries at D50; gamma None is the curve of sRGB)."""
    linear = ((np.array(RED) / 255 + 0.055) / 1.055) ** 2.4
    light = np.linalg.solve(np.array(primaries).T, np.array(SRGB_TO_XYZ) @ linear).clip(0, 1)
    stored = 1.055 * light ** (1 / 2.4) - 0.055 if gamma is None else light ** (1 / gamma)
    return Image.fromarray(np.full((260, 220, 3), np.rint(255 * stored), np.uint8))


def profile(primaries: tuple[tuple[float, ...], ...]) -> bytes:
    """Return a minimal ICC profile (version 2) of three primaries with the curve ``GAMMA``."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(65536 * value) for value in values))

    white, space = fixed(0.9642, 1, 0.8249), b"XYZ \0\0\0\0"
    tags = {b"wtpt": space + white, b"desc": b"desc" + struct.pack(">II", 0, 2) + b"x\0" + bytes(78)}
    for name, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[name + b"XYZ"] = space + fixed(*primary)
        tags[name + b"TRC"] = b"curv" + struct.pack(">IIHH", 0, 1, round(256 * GAMMA), 0)
    start, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4xI", start + len(body), 0x02100000) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    return (head + white).ljust(128, b"\0") + table + body


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "heic"])
@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB], ids=["Display P3", "Adobe RGB"])
def test_a_photo_in_a_wide_space_comes_out_in_its_colour(
    primaries: tuple[tuple[float, ...], ...], suffix: str, tmp_path: Path
) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = tmp_path / f"wide.{suffix}"
    red_in(primaries).save(path, icc_profile=profile(primaries), quality=100)
    assert np.abs(read(path).rgb[40, 40].astype(int) - RED).max() <= 2


def test_a_camera_that_names_adobe_rgb_in_exif_alone_is_understood(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 0xFFFF, 0xA005: {1: "R03"}}
    red_in(ADOBE_RGB).save(tmp_path / "camera.jpg", exif=exif, quality=100)
    assert np.abs(read(tmp_path / "camera.jpg").rgb[40, 40].astype(int) - RED).max() <= 2


def test_a_heic_that_names_display_p3_without_a_profile_is_understood(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    named = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6, "full_range_flag": 1}
    red_in(DISPLAY_P3, gamma=None).save(tmp_path / "phone.heic", quality=100, **named)
    assert np.abs(read(tmp_path / "phone.heic").rgb[40, 40].astype(int) - RED).max() <= 2


def test_a_damaged_profile_does_not_stop_the_photo(tmp_path: Path) -> None:
    picture().save(tmp_path / "odd.png", icc_profile=b"no profile at all" * 20)
    assert read(tmp_path / "odd.png").rgb[40, 40].tolist() == [200, 40, 40]


def test_a_cut_out_in_the_alpha_channel_is_kept(tmp_path: Path) -> None:
    alpha = np.zeros((260, 220), np.uint8)
    alpha[40:220, 40:180] = 255
    cut = picture()
    cut.putalpha(Image.fromarray(alpha))
    for name in ("cut.png", "cut.webp"):
        cut.save(tmp_path / name, lossless=True)
        flat_lay = read(tmp_path / name)
        assert flat_lay.alpha is not None
        assert flat_lay.alpha.dtype == np.float32
        assert flat_lay.alpha[100, 100] == 1
        assert flat_lay.alpha[5, 5] == 0


def test_an_opaque_alpha_channel_is_no_cut_out(tmp_path: Path) -> None:
    opaque = picture()
    opaque.putalpha(255)
    opaque.save(tmp_path / "opaque.png")
    assert read(tmp_path / "opaque.png").alpha is None


def test_a_phone_photo_with_a_second_picture_is_read(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    picture().save(path, format="MPO", save_all=True, append_images=[picture()])
    assert read(path).rgb.shape == (260, 220, 3)


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp", "pages.tiff"])
def test_several_frames_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    picture().save(path, save_all=True, append_images=[picture().rotate(180)])
    with pytest.raises(AnimatedPhoto, match="one still picture"):
        read(path)


def test_a_huge_header_is_refused_before_decoding(tmp_path: Path) -> None:
    for side in (7000, 20000):
        path = tmp_path / f"bomb{side}.png"
        path.write_bytes(png(side, side, 8, 2, b""))
        with pytest.raises(PhotoTooLarge, match="megapixels") as caught:
            read(path)
        assert caught.value.megapixels == pytest.approx(side * side / 1e6)


def test_too_many_bytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    with path.open("wb") as file:
        file.truncate(2_000_000)
    with pytest.raises(PhotoTooLarge, match="megabytes"):
        read_flat_lay(path, Settings(max_megapixels=0.2))


def test_a_strip_is_refused_and_told_from_a_small_photo(tmp_path: Path) -> None:
    picture(220, 1800).save(tmp_path / "strip.png")
    with pytest.raises(PhotoTooSmall, match="1800x220 pixels; such a strip shows no garment"):
        read(tmp_path / "strip.png")
    picture(220, 1700).save(tmp_path / "long.png")
    assert read(tmp_path / "long.png").rgb.shape == (220, 1700, 3)


def test_tiny_photos_are_refused(tmp_path: Path) -> None:
    picture(1, 1).save(tmp_path / "dot.png")
    with pytest.raises(PhotoTooSmall, match="1x1"):
        read(tmp_path / "dot.png")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("kept", [12, 600])
def test_files_cut_short_are_unreadable(tmp_path: Path, suffix: str, kept: int) -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (260, 220, 3), np.uint8)
    Image.fromarray(noise).save(buffer, format={"jpg": "JPEG"}.get(suffix, suffix.upper()))
    path = tmp_path / f"short.{suffix}"
    path.write_bytes(buffer.getvalue()[:kept])
    with pytest.raises(UnreadablePhoto):
        read(path)


def test_an_empty_file_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UnreadablePhoto, match="empty"):
        read(tmp_path / "empty.jpg")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.jpg", b"Dear customer,"),
        ("page.webp", b"<!doctype html><p>A shirt</p>"),
        ("x.png", b"%PDF-1.7"),
    ],
)
def test_other_contents_are_unsupported_whatever_their_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnsupportedPhoto, match="JPEG, PNG, WebP, HEIC or TIFF"):
        read(tmp_path / name)


def test_a_still_gif_and_a_bmp_are_unsupported(tmp_path: Path) -> None:
    for name in ("still.gif", "still.bmp"):
        picture().save(tmp_path / name)
        with pytest.raises(UnsupportedPhoto):
            read(tmp_path / name)


def test_paths_without_a_file_are_not_found(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.jpg", tmp_path / ("x" * 5000)):
        with pytest.raises(PhotoNotFound):
            read(path)


@contextmanager
def nobody() -> Iterator[None]:
    """Drop root for the duration of the block, so that file permissions apply."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_without_permission_is_unreadable() -> None:
    # Not in tmp_path, which only its owner may enter.
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "photo.png")
        picture().save(path)
        path.chmod(0o644)
        with nobody():
            read(path)
        path.chmod(0)
        with nobody(), pytest.raises(UnreadablePhoto, match="permission"):
            read(path)


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """Build a PNG by hand, for headers that no encoder would write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
