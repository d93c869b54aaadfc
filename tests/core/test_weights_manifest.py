from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from vmodel.config import Settings
from vmodel.core.weights_manifest import MANIFEST, Origin, check_weights, read_manifest, vouch_for, weight_files
from vmodel.errors import WeightsMissing

FOLDER = Settings().weights


def test_every_weights_file_has_the_hash_and_size_that_the_manifest_vouches_for() -> None:
    assert check_weights(FOLDER) == dict.fromkeys(read_manifest(FOLDER))
    for name, entry in read_manifest(FOLDER).items():
        assert (FOLDER / name).stat().st_size == entry["bytes"]


def test_no_weights_file_is_left_out_of_the_manifest() -> None:
    assert {path.relative_to(FOLDER).as_posix() for path in weight_files(FOLDER)} == set(read_manifest(FOLDER))


def test_the_weights_stay_below_their_budget() -> None:
    assert sum(int(entry["bytes"]) for entry in read_manifest(FOLDER).values()) <= 80e6


def test_every_kind_of_weights_file_is_packed_into_the_wheel() -> None:
    setup = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert "weights*" in setup["packages"]["find"]["include"]
    assert {"*.safetensors", "*.json", "*.toml", "*.md"} <= set(setup["package-data"]["*"])


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


def write_pipeline(folder: Path, content: bytes) -> None:
    (folder / "unet").mkdir(parents=True, exist_ok=True)
    (folder / "unet" / "network.safetensors").write_bytes(content)
    (folder / "model_index.json").write_bytes(b"{}")


ORIGIN = Origin("Apache-2.0", 'drawn, "not" photographed', "python -m recipe")


def test_a_pipeline_is_entered_beside_what_the_manifest_vouches_for_already(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("embedded"))
    before = {name: entry for name, entry in read_manifest(folder).items() if not name.startswith("embedded/")}
    for content in (b"first", b"second"):
        write_pipeline(folder / "embedded", content)
        assert vouch_for(folder / "embedded", ORIGIN) == folder / MANIFEST
    entries = read_manifest(folder)
    assert set(entries) - set(before) == {"embedded/unet/network.safetensors", "embedded/model_index.json"}
    assert {name: entries[name] for name in before} == before
    network = entries["embedded/unet/network.safetensors"]
    assert (network["bytes"], network["data"], network["recipe"]) == (6, ORIGIN.data, ORIGIN.recipe)
    assert check_weights(folder) == dict.fromkeys(entries)


def test_a_pipeline_anywhere_else_gets_a_manifest_of_its_own(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "mine", b"first")
    assert vouch_for(tmp_path / "mine", ORIGIN) == tmp_path / "mine" / MANIFEST
    assert check_weights(tmp_path / "mine") == dict.fromkeys(["model_index.json", "unet/network.safetensors"])
    (tmp_path / "mine" / "unet" / "network.safetensors").write_bytes(b"changed")
    assert "reinstall" in str(check_weights(tmp_path / "mine")["unet/network.safetensors"])
