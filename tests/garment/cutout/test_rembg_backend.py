"""Search path of the rembg plug-in for its weights. The tests do not install the package itself."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from vmodel.garment.cutout.rembg_backend import MattingModelBroken, find_weights, matte_with_model


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("U2NET_HOME", "u2net.onnx"),
        ("U2NET_HOME", "models/u2net/u2net.onnx"),
        ("REMBG_HOME", "models/u2net/u2net.onnx"),
        ("XDG_DATA_HOME", ".u2net/u2net.onnx"),
        ("XDG_DATA_HOME", "rembg/models/u2net/u2net.onnx"),
    ],
)
def test_weights_are_found_where_rembg_keeps_them(
    variable: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    folder = tmp_path / "weights"
    assert find_weights({variable: str(folder)}) is None
    (folder / place).parent.mkdir(parents=True)
    (folder / place).touch()
    assert find_weights({variable: str(folder)}) == folder / place
    better = Path(str(folder / place).replace("u2net", "isnet-general-use").replace(".isnet-general-use", ".u2net"))
    better.parent.mkdir(parents=True, exist_ok=True)
    better.touch()
    assert find_weights({variable: str(folder)}) == better


def test_without_weights_of_ones_own_the_home_folder_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_weights({}) is None
    (tmp_path / ".u2net").mkdir()
    (tmp_path / ".u2net" / "u2net.onnx").touch()
    assert find_weights({}) == tmp_path / ".u2net" / "u2net.onnx"


@pytest.mark.skipif(importlib.util.find_spec("rembg") is not None, reason="rembg is installed")
def test_without_rembg_weights_alone_cut_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "u2net.onnx").touch()
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    assert matte_with_model(np.zeros((64, 48, 3), np.uint8)) is None


PACKAGE = """
import os
from pathlib import Path

import onnxruntime


def new_session(name):
    return onnxruntime.InferenceSession(Path(os.environ["U2NET_HOME"], f"{name}.onnx"))


def remove(picture, session, only_mask):
    return picture
"""
"""Minimal rembg with the functions used here, and the library by which it loads its networks."""


def test_a_damaged_network_is_named_and_so_is_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rembg.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    (tmp_path / "u2net.onnx").write_bytes(b"cut short" * 1000)
    with pytest.raises(MattingModelBroken, match=r"u2net\.onnx cannot be loaded; delete the file") as broken:
        matte_with_model(np.zeros((64, 48, 3), np.uint8))
    assert broken.value.code == "matting_model_broken"
    sys.modules.pop("rembg", None)
