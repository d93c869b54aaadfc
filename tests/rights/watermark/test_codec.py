from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from vmodel.rights.watermark.codec import embed_mark, read_mark, read_mark_with_original, read_marks
from vmodel.types import ByteArray

KEY = b"a secret of this installation 01"
PAYLOAD = 0xA1_2345_6789
EXAMPLES = "examples"


def photo(name: str, width: int = 600) -> ByteArray:
    with Image.open(f"{EXAMPLES}/{name}.jpg") as opened:
        return np.asarray(opened.convert("RGB").resize((width, width * opened.height // opened.width)))


def as_jpeg(picture: ByteArray, quality: int) -> ByteArray:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held))


def halved(picture: ByteArray) -> ByteArray:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def cropped_to_half(picture: ByteArray) -> ByteArray:
    height, width = picture.shape[:2]
    return picture[height // 7 : height // 7 + int(0.71 * height), width // 6 : width // 6 + int(0.71 * width)]


def turned(picture: ByteArray) -> ByteArray:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 5, 1)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC))


def widened(picture: ByteArray) -> ByteArray:
    return np.asarray(cv2.resize(picture, None, fx=1.1, fy=1, interpolation=cv2.INTER_CUBIC))


@pytest.fixture(scope="module")
def original() -> ByteArray:
    return photo("logo-tee")


@pytest.fixture(scope="module")
def marked(original: ByteArray) -> ByteArray:
    return embed_mark(original, PAYLOAD, KEY)


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        lambda picture: as_jpeg(picture, 50),
        halved,
        cropped_to_half,
        lambda picture: picture[:, ::-1],
        turned,
        widened,
    ],
    ids=["as it is", "JPEG 50", "half the size", "half the area", "mirrored", "turned by 5 degrees", "wider"],
)
def test_the_exact_id_is_read_from_a_changed_copy(marked: ByteArray, change: Callable[[ByteArray], ByteArray]) -> None:
    reading = read_mark(np.ascontiguousarray(change(marked)), KEY)
    assert reading is not None
    assert reading.payload == PAYLOAD


def test_the_mark_is_too_faint_to_see(original: ByteArray, marked: ByteArray) -> None:
    error = np.mean((marked.astype(float) - original) ** 2)
    assert 10 * np.log10(255**2 / error) >= 43


def test_a_picture_without_a_mark_reads_as_none(original: ByteArray) -> None:
    assert read_mark(original, KEY) is None


def test_another_installation_reads_nothing(marked: ByteArray) -> None:
    assert read_mark(marked, b"another installation's secret 02") is None


@pytest.mark.parametrize("level", [255, 235, 170])
def test_plain_ground_hardly_changes_in_brightness_and_little_in_blue(level: int) -> None:
    plain = np.full((512, 384, 3), level, np.uint8)
    change = embed_mark(plain, PAYLOAD, KEY).astype(float) - level
    luminance = change @ np.array([0.2126, 0.7152, 0.0722])
    assert luminance.std() < 0.34
    assert change[..., 2].std() < 1.6
    assert np.abs(change[..., :2]).max() <= 2


def test_smooth_cloth_between_stripes_changes_as_little_as_plain_ground() -> None:
    row = np.arange(512) % 16
    cloth = np.where((row < 6)[:, None], 60.0, 225.0) + np.random.default_rng(0).normal(0, 0.6, (512, 512))
    striped = np.repeat(cv2.GaussianBlur(cloth, (0, 0), 0.7)[..., None], 3, axis=2).round().astype(np.uint8)
    before, after = (
        cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(float) for each in (striped, embed_mark(striped, PAYLOAD, KEY))
    )
    assert (after - before)[(row > 9) & (row < 13)].std() < 0.4


def test_dark_skin_keeps_its_colour() -> None:
    skin = np.full((512, 384, 3), (92, 60, 44), np.uint8)
    change = embed_mark(skin, PAYLOAD, KEY).astype(float) - skin
    assert change[..., 2].std() < 1.1


@pytest.mark.parametrize(("kind", "quality"), [("JPEG", 30), ("WEBP", 50)])
def test_printed_cloth_keeps_the_mark_through_hard_compression(kind: str, quality: int) -> None:
    marked = embed_mark(photo("floral-dress", 768), PAYLOAD, KEY)
    held = io.BytesIO()
    Image.fromarray(marked).save(held, kind, quality=quality)
    reading = read_mark(np.asarray(Image.open(held).convert("RGB")), KEY)
    assert reading is not None
    assert reading.payload == PAYLOAD


def test_striped_cloth_keeps_the_mark_of_every_id_through_hard_compression() -> None:
    striped = photo("striped-long-sleeve")
    for payload in (5, PAYLOAD):
        held = io.BytesIO()
        Image.fromarray(embed_mark(striped, payload, KEY)).save(held, "WEBP", quality=50)
        reading = read_mark(np.asarray(Image.open(held).convert("RGB")), KEY)
        assert reading is not None
        assert reading.payload == payload


def test_transparency_stays_as_it_was(original: ByteArray) -> None:
    clear = np.dstack([original, np.arange(original.shape[1], dtype=np.uint8)[None].repeat(original.shape[0], 0)])
    assert (embed_mark(clear, PAYLOAD, KEY)[..., 3] == clear[..., 3]).all()


def test_a_payload_that_does_not_fit_is_refused(original: ByteArray) -> None:
    with pytest.raises(ValueError, match="40 bits"):
        embed_mark(original, 1 << 40, KEY)


def test_a_small_poor_copy_is_read_beside_its_original(original: ByteArray, marked: ByteArray) -> None:
    poor = as_jpeg(np.asarray(cv2.resize(marked, None, fx=0.6, fy=0.66, interpolation=cv2.INTER_AREA)), 70)
    reading = read_mark_with_original(poor, original, KEY)
    assert reading is not None
    assert reading.payload == PAYLOAD


def test_each_of_three_buyers_is_named_by_the_average_of_their_copies(original: ByteArray) -> None:
    copies = [embed_mark(original, PAYLOAD + buyer, KEY).astype(np.float32) for buyer in range(3)]
    mixed = as_jpeg(np.rint(np.mean(copies, 0)).astype(np.uint8), 90)
    assert {reading.payload for reading in read_marks(mixed, KEY)} == {PAYLOAD, PAYLOAD + 1, PAYLOAD + 2}
