from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from vmodel.rights.fingerprint.copy_index import CopyIndex, find_copies, iscc_of
from vmodel.rights.fingerprint.descriptors import describe
from vmodel.types import ByteArray

EXAMPLES = sorted(Path("examples").glob("*.jpg"))


def photo(path: Path) -> ByteArray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB").resize((360, 360 * opened.height // opened.width)))


@pytest.fixture(scope="module")
def pictures() -> dict[str, ByteArray]:
    return {path.stem: photo(path) for path in EXAMPLES}


@pytest.fixture(scope="module")
def index(pictures: dict[str, ByteArray]) -> CopyIndex:
    return CopyIndex.build((name, describe(picture)) for name, picture in pictures.items())


@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES])
def test_a_mirrored_crop_of_half_the_size_is_led_back_to_its_picture(
    name: str, pictures: dict[str, ByteArray], index: CopyIndex
) -> None:
    picture = pictures[name]
    height, width = picture.shape[:2]
    crop = picture[height // 6 : -height // 6, width // 6 : -width // 6][:, ::-1]
    copy = cv2.resize(np.ascontiguousarray(crop), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    best = find_copies(copy, index)[0]
    assert best.name == name
    assert best.flipped


def test_a_picture_in_a_collage_is_found(pictures: dict[str, ByteArray], index: CopyIndex) -> None:
    half = [cv2.resize(picture, (240, 320)) for picture in list(pictures.values())[:2]]
    stranger = np.random.default_rng(0).integers(0, 255, (320, 240, 3), np.uint8)
    collage = np.vstack([np.hstack([half[0], stranger]), np.hstack([stranger, half[1]])])
    assert {candidate.name for candidate in find_copies(collage, index, top=2)} == set(list(pictures)[:2])


def test_verification_drops_what_only_looks_alike(pictures: dict[str, ByteArray], index: CopyIndex) -> None:
    copy = np.ascontiguousarray(pictures["floral-dress"][60:-60])
    kept = find_copies(copy, index, top=3, original_of=pictures.get)
    assert [candidate.name for candidate in kept] == ["floral-dress"]
    assert (kept[0].inliers or 0) > 50


def test_an_index_comes_back_from_its_folder(pictures: dict[str, ByteArray], index: CopyIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    again = CopyIndex.load(tmp_path)
    again.add([("later", describe(pictures["logo-tee"][:, ::-1]))])
    assert len(again) == len(index) + 1
    mirrored = find_copies(np.ascontiguousarray(pictures["logo-tee"][:, ::-1]), again, top=2)
    assert {candidate.name for candidate in mirrored} == {"later", "logo-tee"}


def test_an_index_is_saved_whole_or_not_at_all(
    pictures: dict[str, ByteArray], index: CopyIndex, tmp_path: Path
) -> None:
    few = CopyIndex.build([("logo-tee", describe(pictures["logo-tee"]))])
    few.save(tmp_path)
    before = set(tmp_path.iterdir())
    # A process killed before the last file leaves the others; the earlier index remains valid.
    index.save(tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere").iterdir():
        if path.name != "names":
            shutil.copy(path, tmp_path / path.name)
    assert CopyIndex.load(tmp_path).names == ["logo-tee"]
    index.save(tmp_path)
    assert not before & {path for path in tmp_path.iterdir() if path.name != "names"}
    assert CopyIndex.load(tmp_path).names == index.names
    (owners,) = (path for path in (tmp_path / "elsewhere").glob("owners-*"))
    np.save(owners, np.zeros(3, np.int32))
    with pytest.raises(ValueError, match="together"):
        CopyIndex.load(tmp_path / "elsewhere")


def test_nothing_is_found_in_an_empty_registry(pictures: dict[str, ByteArray]) -> None:
    assert find_copies(pictures["logo-tee"], CopyIndex.build([])) == []


def test_the_iscc_is_an_iso_image_code_and_alike_for_a_smaller_copy(pictures: dict[str, ByteArray]) -> None:
    picture = pictures["striped-long-sleeve"]
    code = iscc_of(picture)
    assert code.startswith("ISCC:EE")
    assert iscc_of(np.asarray(cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)))[:9] == code[:9]
