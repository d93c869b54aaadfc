"""Shoes that vmodel chooses: quiet, the same in every pose, fit for wearer and garment; old pictures keep theirs."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from app.cli.main import run
from pipelines.registry import load_pipeline
from tests.support.garments.mannequin import make_shirt
from vmodel.body.model.roster import Roster, load_roster
from vmodel.body.shoes.catalogue import LOOKS
from vmodel.config import Settings
from vmodel.core.colour import to_linear
from vmodel.publishing.sidecar import describe_shot, read_sidecar
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Shot
from vmodel.shot.request import ShotRequest
from vmodel.studio.choose_shoes import choose_shoes
from vmodel.studio.stage_cache import StageCache
from vmodel.types import Category, Garment

COLOURS = ["#101010", "#1d2a4d", "#8a1c1c", "#c8a878", "#5f7f4f", "#e8b8c8", "#f4f2ee"]
WEARERS = ["wm-ines", "mn-tomas", "ch-mila", "ch-mateo"]


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster(Settings())


def garment(category: Category, colour: str, material: str = "cotton") -> Garment:
    plain = make_shirt()[1]
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)
    cloth = np.broadcast_to(rgb, (64, 64, 3)).copy()
    return replace(plain, kind=replace(plain.kind, category=category), textures=(cloth,), material=material)


def luminance(colour: tuple[float, ...] | np.ndarray) -> float:
    return float(np.dot(colour, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("colour", COLOURS)
def test_chosen_shoes_are_never_brighter_than_the_garment_or_light_skin(roster: Roster, colour: str) -> None:
    lightest = max(luminance(to_linear(garment(Category.TOP, colour).textures[0])[0, 0]), 0.3)
    for category, name, seed in product(Category, WEARERS, range(4)):
        chosen = choose_shoes("auto", garment(category, colour), roster[name], f"photo {seed}")
        kind, _, own = chosen.rpartition("-")
        seen = [look.albedo for part, look in LOOKS[kind][own].items() if part not in {"lining", "sock"}]
        assert max(map(luminance, seen)) <= lightest + 1e-6, chosen


def test_the_same_garment_and_seed_get_the_same_shoes_and_others_get_others(roster: Roster) -> None:
    dress = garment(Category.DRESS, "#5f7f4f")
    chosen = [choose_shoes("auto", dress, roster["wm-ines"], f"photo {seed}") for seed in range(12)]
    assert chosen == [choose_shoes("auto", dress, roster["wm-ines"], f"photo {seed}") for seed in range(12)]
    assert len(set(chosen)) > 1


@pytest.mark.parametrize(
    ("name", "category", "material", "kinds"),
    [
        ("wm-ines", Category.OUTERWEAR, "coat-wool", {"ankle-boots", "loafers"}),
        ("wm-ines", Category.DRESS, "silk", {"ballet-flats", "ankle-boots"}),
        ("wm-ines", Category.SWIMWEAR, "jersey", {"sandals"}),
        ("mn-tomas", Category.TOP, "jersey", {"sneakers"}),
        ("mn-tomas", Category.TROUSERS, "wool", {"loafers", "ankle-boots"}),
        ("mn-tomas", Category.DRESS, "silk", {"loafers"}),
        ("ch-mila", Category.DRESS, "silk", {"strap-sneakers", "sandals"}),
        ("ch-mila", Category.OUTERWEAR, "coat-wool", {"strap-sneakers"}),
        ("ch-mateo", Category.TROUSERS, "denim", {"sneakers"}),
    ],
)
def test_shoes_suit_wearer_and_garment(
    roster: Roster, name: str, category: Category, material: str, kinds: set[str]
) -> None:
    made = garment(category, "#303030", material)
    chosen = {choose_shoes("auto", made, roster[name], f"photo {seed}").rpartition("-")[0] for seed in range(30)}
    assert chosen == kinds


def test_a_kind_without_a_colour_gets_the_one_that_goes_with_the_garment(roster: Roster) -> None:
    wearer = roster["wm-ines"]
    assert choose_shoes("loafers", garment(Category.TOP, "#101010"), wearer, "photo") == "loafers-black"
    assert choose_shoes("loafers", garment(Category.TOP, "#c8a878"), wearer, "photo") == "loafers-tan"
    assert choose_shoes("sneakers", garment(Category.TOP, "#f4f2ee"), wearer, "photo") == "sneakers-white"
    assert choose_shoes("sandals-white", garment(Category.TOP, "#101010"), wearer, "photo") == "sandals-white"
    assert choose_shoes("canvas", garment(Category.TOP, "#101010"), wearer, "photo") == "canvas"


def test_a_sidecar_names_the_shoes_and_every_pose_and_view_shows_the_same(
    stages: StageCache, tee_request: ShotRequest, tee_shot: Shot
) -> None:
    named = describe_shot(tee_shot)["request"]["shoes"]
    kind, _, colour = named.rpartition("-")
    assert colour in LOOKS[kind]
    turned = replace(tee_request, model=tee_shot.model.id, pose="walking", view="back")
    assert describe_shot(shoot(turned, stages, load_pipeline("draft")))["request"]["shoes"] == named
    again = replace(tee_request, model=tee_shot.model.id, shoes=named)
    assert np.array_equal(shoot(again, stages, load_pipeline("draft")).picture, tee_shot.picture)


def test_a_picture_from_before_there_were_shoes_to_choose_is_made_again_in_canvas_shoes(
    stages: StageCache, tee_request: ShotRequest, tee_shot: Shot, tmp_path: Path
) -> None:
    pipeline = load_pipeline("draft")
    canvas = shoot(replace(tee_request, shoes="canvas"), stages, pipeline)
    old = tmp_path / "old.json"
    written = describe_shot(canvas)
    assert "shoes" not in written["request"]
    old.write_text(json.dumps(written))
    assert np.array_equal(shoot(read_sidecar(old), stages, pipeline).picture, canvas.picture)
    low = tee_shot.picture[-80:].astype(int)
    assert (np.abs(canvas.picture[-80:].astype(int) - low).max(axis=2) > 20).sum() > 100


def test_barefoot_wins_over_shoes(stages: StageCache, tee_request: ShotRequest) -> None:
    pipeline = load_pipeline("draft")
    bare = [
        shoot(replace(tee_request, barefoot=True, shoes=shoes), stages, pipeline) for shoes in ("auto", "ankle-boots")
    ]
    assert np.array_equal(bare[0].picture, bare[1].picture)


def test_the_command_line_tells_which_shoes_there_are(examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shoot", str(examples / "logo-tee.jpg"), "--shoes", "loafers-green"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("unknown_shoes: ")
    assert "loafers-tan" in said
    assert "ankle-boots" in said
