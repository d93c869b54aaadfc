from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vmodel.config import Settings
from vmodel.errors import WeightsMissing
from vmodel.weights import check_weights, read_manifest

FOLDER = Settings().weights


def test_every_weights_file_has_the_hash_and_size_that_the_manifest_vouches_for() -> None:
    assert check_weights(FOLDER) == dict.fromkeys(read_manifest(FOLDER))
    for name, entry in read_manifest(FOLDER).items():
        assert (FOLDER / name).stat().st_size == entry["bytes"]


def test_no_weights_file_is_left_out_of_the_manifest() -> None:
    assert {path.name for path in FOLDER.glob("*.safetensors")} == set(read_manifest(FOLDER))


@pytest.mark.parametrize("field", ["licence", "data", "recipe"])
def test_every_weights_file_says_where_it_comes_from(field: str) -> None:
    assert all(str(entry[field]).strip() for entry in read_manifest(FOLDER).values())


def test_a_changed_weights_file_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "weights")
    name = next(iter(read_manifest(FOLDER)))
    with (tmp_path / "weights" / name).open("ab") as stream:
        stream.write(b"x")
    assert "reinstall" in str(check_weights(tmp_path / "weights")[name])


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        read_manifest(tmp_path)
