"""Outfit files are read, or rejected with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from app.cli.main import run
from vmodel.drape.outfit.layering import in_order
from vmodel.errors import NotAllowedForChildren, OutfitInvalid
from vmodel.shot.outfit_file import read_outfit
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.dress_model import dress_model
from vmodel.studio.fit_outfit import base_layer_under
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import Category, GarmentKind, Neckline, Sleeve


def test_an_outfit_file_names_garments_beside_it(tmp_path: Path) -> None:
    (tmp_path / "look.yaml").write_text(
        "garments:\n  - {photo: jeans.jpg, material: denim, length_cm: 104}\n  - photo: shirts/tee.png\ntucked: true\n"
    )
    garments, tucked = read_outfit(tmp_path / "look.yaml", [Path("scarf.jpg")])
    assert tucked
    assert garments == (
        GarmentSource(tmp_path / "jeans.jpg", material="denim", length_cm=104),
        GarmentSource(tmp_path / "shirts/tee.png"),
        GarmentSource(Path("scarf.jpg")),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("garments: []", "has a fault (garments is []; give one or more)"),
        ("tucked: true", "garments is missing"),
        ("garments: jeans.jpg", "garments is 'jeans.jpg'; give a list"),
        ("garments: [{photo: a.jpg}, jeans.jpg]", "garment 2 ('jeans.jpg' is not a mapping)"),
        ("garments: [{photo: a.jpg}]\ntuck: true", "the field 'tuck' is not known; there are garments, tucked"),
        ("- photo: a.jpg", "not a mapping"),
        ("garments: [{material: denim}]", "garment 1 (photo is missing"),
        (
            "garments: [{photo: a.jpg, colour: red}]",
            "the field 'colour' is not known; there are back, category",
        ),
        ("garments: [{photo: a.jpg, width_cm: wide}]", "garment 1 (width_cm is 'wide'; give a number"),
        ("garments: [{photo: a.jpg}, {photo: b.jpg, back: 5}]", "garment 2 (back is 5; give the path of a file"),
        ("garments: [{photo: a.jpg, 5: red}]", "the field '5' is not known"),
        ("garments: [{photo: a.jpg, worn_open: 1}]", "worn_open is 1; give true or false"),
        ("garments: [{photo: a.jpg, length_cm: true}]", "length_cm is True; give a number"),
        ("garments: [{photo: a.jpg, length_cm: long, category: 4}]", "category is 4; give text"),
        ("garments: [{photo: a.jpg}]\ntucked: maybe", "tucked is 'maybe'; give true or false"),
        ("garments: [{photo: a.jpg}", "not YAML"),
        ("garments: [{photo: a.jpg, garment_size: 2026-13-01}]", "not YAML"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("x" * 200_000, "larger than"),
    ],
)
def test_what_is_no_outfit_is_refused_with_the_reason(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "look.yaml").write_text(text)
    with pytest.raises(OutfitInvalid, match=re.escape(said)):
        read_outfit(tmp_path / "look.yaml")


def test_a_request_with_an_outfit_survives_its_sidecar(tmp_path: Path) -> None:
    jeans = GarmentSource(tmp_path / "jeans.jpg", back=tmp_path / "back.jpg", width_cm=40.0)
    asked = ShotRequest(GarmentSource(tmp_path / "tee.jpg"), outfit=(jeans,), tucked=True)
    assert ShotRequest.from_json(asked.to_json()) == asked


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--with", "gone.jpg"], "photo_not_found"),
        (["--outfit", "gone.yaml"], "outfit_invalid"),
        (["--with", "a.jpg", "--with", "a.jpg", "--with", "a.jpg", "--with", "a.jpg"], "usage"),
    ],
)
def test_a_wrong_outfit_is_refused_before_any_work(
    flags: list[str], code: str, examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["shoot", str(examples / "logo-tee.jpg"), *flags, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith(code)
    assert not (tmp_path / "out").exists()


def test_no_garment_of_a_childs_outfit_may_be_swimwear(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = examples / "logo-tee.jpg"
    (tmp_path / "look.yaml").write_text(f"garments: [{{photo: '{photo.resolve()}', category: swimwear}}]")
    flags = ["--model", "ch-noah", "--outfit", str(tmp_path / "look.yaml"), "--out", str(tmp_path / "out")]
    assert run(["shoot", str(photo), *flags]) == 2
    assert capsys.readouterr().err.startswith("not_allowed_for_children")


@pytest.mark.parametrize(("pose", "framing"), [("seated", "full"), ("standing", "lower"), ("standing", "detail")])
def test_a_skirt_that_a_child_wears_with_the_garment_on_sale_is_shown_standing_and_whole_only(
    examples: Path, stages: StageCache, pose: str, framing: str
) -> None:
    tee, skirt = (GarmentSource(examples / f"{name}.jpg") for name in ("logo-tee", "pleated-skirt"))
    request = ShotRequest(tee, "ch-mila", pose, framing=framing, outfit=(skirt,))
    with pytest.raises(NotAllowedForChildren, match="skirt"):
        dress_model(stages.roster["ch-mila"], read_pattern(tee, stages), request, stages)


def test_what_shows_between_a_top_and_trousers_is_not_taken_for_skin(stages: StageCache) -> None:
    top, trousers, dress = (GarmentKind(each, 1.0) for each in (Category.TOP, Category.TROUSERS, Category.DRESS))
    for model in stages.roster.values():
        for worn in ([top, trousers], [trousers, top], [trousers, top, GarmentKind(Category.OUTERWEAR, 1.0)]):
            shade = np.array(base_layer_under(worn, model).lower_colour)
            assert np.ptp(shade) < 0.1  # skin of every tone is red
            assert base_layer_under(worn, model).upper_colour == base_layer_under([dress], model).upper_colour


def test_what_is_worn_under_an_open_front_decides_the_base_layer(stages: StageCache) -> None:
    model = stages.roster["wm-ines"]
    shirt = GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.COLLAR, open_front=True)
    tee, trousers = (GarmentKind(each, 1.0, Sleeve.SHORT, Neckline.CREW) for each in (Category.TOP, Category.TROUSERS))
    assert base_layer_under([shirt, trousers], model).upper == "tank"
    assert base_layer_under([shirt, tee], model) == base_layer_under([tee], model)
    assert base_layer_under([shirt, tee, trousers], model).upper != "tank"
    assert in_order([shirt, tee, trousers], tucked=True) == [1, 2, 0]
