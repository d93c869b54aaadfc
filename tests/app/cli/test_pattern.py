"""Sewing patterns and designs on the command line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.main import run


def test_a_print_on_a_block_is_drawn_lying_flat_in_every_colourway(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["pattern", "--block", "skirt", "--print", str(examples / "citrus-repeat.svg"), "--repeat-cm", "16"]
    flags += ["--ground", "#fbf6ea", "--colorway", "dusk:#fbf6ea=#22304a", "--model", "wm-ines", "--flat-only"]
    assert run([*flags, "--out", str(tmp_path)]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert len(paths) == 2
    grounds = []
    for path in paths:
        with Image.open(path) as picture:
            pixels = np.asarray(picture)[::7, ::7].reshape(-1, 4)
        cloth = pixels[pixels[:, 3] == 255][:, :3]
        grounds.append(Counter(map(tuple, cloth.tolist())).most_common(1)[0][0])
    assert grounds == [(0xFB, 0xF6, 0xEA), (0x22, 0x30, 0x4A)]
    assert len(list(tmp_path.glob("*.design.json"))) == 2


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ([], "usage"),
        (["{examples}/raglan-tee.svg", "--block", "tee"], "usage"),
        (["{examples}/logo-tee.jpg"], "usage"),
        (["{examples}/raglan-tee.svg", "--print", "{examples}/citrus-repeat.svg"], "usage"),
        (["{examples}/raglan-tee.svg", "--colorway", "night:#123456=#654321"], "usage"),
        (["--block", "cape"], "usage"),
        (["--block", "tee", "--ground", "red"], "usage"),
        (["--block", "tee", "--garment-size", "46"], "usage"),
        (["--block", "tee", "--print", "missing.png"], "photo_not_found"),
        (["--block", "tee", "--print", "{examples}/sizes.csv"], "photo_unreadable"),
        (["--block", "tee", "--print", "{examples}/citrus-repeat.svg", "--repeat-cm", "nan"], "usage"),
        (["--block", "tee", "--model", "nobody"], "unknown_model"),
        (["--block", "tee", "--size", "10x10"], "size_out_of_range"),
    ],
)
def test_a_design_that_cannot_be_is_named_in_one_line(
    flags: list[str], code: str, examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["pattern", *(flag.format(examples=examples) for flag in flags), "--out", str(tmp_path / "out")]) == 2
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [code]
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.slow
def test_sewn_pieces_are_fitted_on_too(examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["pattern", str(examples / "dress-pattern.svg"), "--model", "wm-ines", "--fitting", "--pipeline", "draft"]
    assert run([*asked, "--size", "384x288", "--out", str(tmp_path), "--json"]) == 0
    with Image.open(json.loads(capsys.readouterr().out)["picture"]) as picture:
        assert picture.size == (288, 384)
