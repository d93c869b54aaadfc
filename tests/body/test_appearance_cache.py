"""Cached skins and hair are reused, without any other change."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from vmodel.body.appearance import cache
from vmodel.body.base_layer.paint import BaseLayer
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.files import evict_oldest
from vmodel.types import VirtualModel


@pytest.fixture(scope="module")
def person() -> tuple[VirtualModel, Body]:
    model = load_roster(Settings())["mn-kwame"]
    return model, build_body(model)


def test_hair_is_grown_once_and_anew_after_its_file_was_damaged(
    person: tuple[VirtualModel, Body], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = cache.load_or_grow_hair(*person, tmp_path)
    file = next((tmp_path / "looks").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(cache, "grow_hair", lambda *_: pytest.fail("grown twice"))
        assert np.array_equal(cache.load_or_grow_hair(*person, tmp_path).points_m, grown.points_m)
    file.write_bytes(file.read_bytes()[:1000])
    assert np.array_equal(cache.load_or_grow_hair(*person, tmp_path).points_m, grown.points_m)


def test_a_skin_is_the_same_whether_painted_or_read_and_wears_its_base_layer(
    person: tuple[VirtualModel, Body], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "paint_skin", lambda *parts: paint(*parts[:3], size=512))
    from vmodel.body.appearance.skin import paint_skin as paint

    painted = cache.load_or_paint_skin(*person, BaseLayer(), tmp_path)
    read = cache.load_or_paint_skin(*person, BaseLayer(), tmp_path)
    assert np.array_equal(painted.albedo, read.albedo)
    assert read.base_layer.max() == 1
    other = cache.load_or_paint_skin(*person, BaseLayer("guard"), tmp_path)
    assert not np.array_equal(read.base_layer, other.base_layer)


def test_a_cache_keeps_the_newest_files_that_fit(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "older", "oldest")):
        path = tmp_path / f"{name}.npz"
        path.write_bytes(bytes(1000))
        os.utime(path, (10_000 - age, 10_000 - age))
    evict_oldest(tmp_path, 2500)
    assert {path.stem for path in tmp_path.iterdir()} == {"new", "older"}
    evict_oldest(tmp_path / "nowhere", 0)
