"""Hands and faces have colours of their own: palms, knuckles, nails and lids differ, chest and pelvis do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vmodel.body.appearance import cache, skin_colour
from vmodel.body.appearance.hands import hand_relief, paint_nails
from vmodel.body.appearance.skin import paint_skin
from vmodel.body.appearance.skin_colour import SIDE, SKINS, ZERO, colour_residual, load_residuals
from vmodel.body.base_layer.paint import BaseLayer, must_be_covered
from vmodel.body.face.face_params import look_of
from vmodel.body.mesh.anatomy_chart import load_anatomy, load_chart, look_up_mask
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import WeightsMissing
from vmodel.types import BoolArray, FloatArray, VirtualModel

SIZE = 1024


@pytest.fixture(scope="module")
def people() -> dict[str, VirtualModel]:
    return dict(load_roster(Settings()))


def hands() -> tuple[BoolArray, BoolArray]:
    """Mark palms and backs of the hands, clear of the fingers' sides."""
    chart = load_chart(SIZE)
    normal = chart.of_vertices(load_anatomy().normal)
    on_hand = (np.abs(chart.spot_mm[:, 0]) > 415) & (chart.spot_mm[:, 2] < -520)
    on_hand &= (chart.corner_weights > 0).all(axis=1)
    facing = 0.75 * normal[:, 2] + 0.5 * np.sign(chart.spot_mm[:, 0]) * normal[:, 0]
    return on_hand & (facing < -0.5), on_hand & (facing > 0.5)


def test_no_skin_has_a_colour_on_chest_and_pelvis(people: dict[str, VirtualModel]) -> None:
    chart = load_chart(SIDE)
    told = load_residuals()
    spots = chart.spot_mm[np.searchsorted(chart.texel, told.texel)]
    assert told.steps.shape == (len(SKINS), len(told.texel), 3)
    assert not must_be_covered(spots).any()
    x, z = np.abs(spots[:, 0]), spots[:, 2]
    trunk = (z < -230) & (z > -900) & (x < 260)
    assert np.abs(told.steps[:, trunk].astype(int) - ZERO).max(initial=0) <= 2
    chart = load_chart(SIZE)
    covered = must_be_covered(chart.spot_mm)
    for model in (people["wm-adaeze"], people["mn-walter"], people["ch-yuki"]):
        assert np.abs(colour_residual(model, chart)[covered]).max() < 0.02


@pytest.mark.parametrize(
    ("who", "least", "most", "hue"),
    [("wm-adaeze", 2.0, 4.5, 0.4), ("mn-kwame", 2.0, 4.5, 0.4), ("wm-freja", 0.95, 1.4, 0.2)],
)
def test_palms_are_far_lighter_than_backs_on_dark_skin_only_and_neither_olive_nor_lavender(
    people: dict[str, VirtualModel], who: str, least: float, most: float, hue: float
) -> None:
    palm, back = hands()
    residual = colour_residual(people[who], load_chart(SIZE))
    ratio = np.exp(np.median(residual[palm].mean(axis=1)) - np.median(residual[back].mean(axis=1)))
    assert least < ratio < most
    assert np.ptp(np.median(residual[palm], axis=0)) < hue


def test_painted_skin_has_light_palms(people: dict[str, VirtualModel]) -> None:
    model, chart = people["mn-kwame"], load_chart(SIZE)
    palm, back = hands()
    albedo = paint_skin(model, build_body(model), BaseLayer(), SIZE).albedo.reshape(-1, 3)[chart.texel]
    assert np.median(albedo[palm]) > 1.8 * np.median(albedo[back])


def test_skin_of_hands_varies_in_hue_as_well(people: dict[str, VirtualModel]) -> None:
    _, back = hands()
    for who in ("wm-freja", "mn-kenji", "mn-kwame", "wm-rosa"):
        residual = colour_residual(people[who], load_chart(SIZE))[back]
        assert np.median(np.abs(residual - np.median(residual, axis=0)), axis=0).max() > 0.03, who
        assert np.std(residual[:, 0] - residual[:, 2]) > 0.02, who


def test_age_and_gender_change_the_colour_and_the_forearm_keeps_its_tone(people: dict[str, VirtualModel]) -> None:
    chart = load_chart(SIZE)
    young = replace(people["wm-freja"], age=25)
    other = {"old": replace(young, age=75), "man": replace(young, phenotype={**young.phenotype, "gender": 0.0})}
    for model in other.values():
        assert np.abs(colour_residual(model, chart) - colour_residual(young, chart)).max() > 0.1
    x, z = np.abs(chart.spot_mm[:, 0]), chart.spot_mm[:, 2]
    forearm = (x > 260) & (x < 350) & (z > -360) & (z < -260)
    assert np.abs(colour_residual(young, chart)[forearm]).max() < 0.05


def nail_albedo(model: VirtualModel) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return brightness along the nail of the left ring finger: root, bed and free edge."""
    chart = load_chart(2048)
    nails = paint_nails(chart, look_of(model), np.array(model.skin_tone, np.float32))
    ring = (nails.cover > 0.9) & (np.linalg.norm(chart.spot_mm[nails.at] - [519, -158, -648], axis=1) < 9)
    along = chart.spot_mm[nails.at[ring]] @ np.array([0.16, -0.43, -0.89])
    shade, order = nails.albedo[ring].mean(axis=1), np.argsort(along)
    tenth = max(len(order) // 10, 2)
    return shade[order[:tenth]], shade[order[4 * tenth : 6 * tenth]], shade[order[-tenth:]]


def test_bare_nails_have_a_pale_root_and_a_bright_edge_and_polish_covers_both(people: dict[str, VirtualModel]) -> None:
    root, bed, edge = map(np.median, nail_albedo(people["mn-kwame"]))
    assert root > 1.05 * bed
    assert edge > 2 * bed
    polished = replace(people["wm-freja"], look={"lips": "red", "makeup": 0.8})
    assert np.ptp(np.concatenate(nail_albedo(polished))) == 0


def test_bare_nails_on_dark_skin_are_not_grey(people: dict[str, VirtualModel]) -> None:
    model = replace(people["wm-adaeze"], look={})
    nails = paint_nails(load_chart(SIZE), look_of(model), np.array(model.skin_tone, np.float32))
    red, green, _ = np.median(nails.albedo[nails.cover > 0.9], axis=0)
    assert red > 1.8 * green


def test_fingers_are_creased_over_their_joints_deeper_with_age_and_hardly_on_children() -> None:
    chart, deep = load_chart(2048), {}
    for age in (5, 30, 70):
        relief = hand_relief(chart, age, np.random.default_rng(0))
        middle_joint = np.array([496, -157, -607])  # of the left middle finger
        near = np.linalg.norm(chart.spot_mm[relief.at] - middle_joint, axis=1) < 12
        between = np.linalg.norm(chart.spot_mm[relief.at] - [492, -147, -595], axis=1) < 8
        deep[age] = -float(np.quantile(relief.height_mm[near], 0.02))
        assert np.abs(relief.height_mm[between]).mean() < 0.2 * deep[age]
        assert relief.height_mm.max() < 0.6
    assert deep[5] < deep[30] < deep[70]
    assert deep[70] > 0.12


def test_the_lower_lid_is_wet(people: dict[str, VirtualModel]) -> None:
    model = people["wm-freja"]
    body = build_body(model)
    chart = load_chart(SIZE)
    rim = load_anatomy().spot_mm[load_anatomy().lid_edge[0]]
    lowest = rim[rim[:, 2].argmin()]
    skin = load_anatomy().eye_faces[chart.face] == 0
    roughness = paint_skin(model, body, BaseLayer(), SIZE).roughness.ravel()[chart.texel]
    off = np.linalg.norm(chart.spot_mm - lowest, axis=1)
    assert roughness[skin & (off < 1)].min() < 0.2
    assert np.median(roughness[skin & (off > 4) & (off < 7)]) > 0.3


def test_lips_meet_the_skin_without_a_hard_border(people: dict[str, VirtualModel]) -> None:
    model = replace(people["mn-tomas"], look={"stubble": 0.0})
    skin = paint_skin(model, build_body(model), BaseLayer(), 2048)
    chart = load_chart(2048)
    green = skin.albedo[..., 1].ravel()[chart.texel]
    below = (np.abs(chart.spot_mm[:, 0]) < 4) & (chart.spot_mm[:, 2] < -68) & (chart.spot_mm[:, 2] > -90)
    below &= look_up_mask("lips", chart, soft_px=9) > 0
    z = chart.spot_mm[below, 2]
    profile = np.array([np.median(green[below][np.abs(z - at) < 0.4]) for at in np.arange(-84, -72, 0.5)])
    steps = np.abs(np.diff(profile))
    assert steps.max() < 0.3 * np.ptp(profile)


@pytest.mark.parametrize("field", ["texel", "steps"])
def test_skins_painted_with_other_colours_are_not_reused(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.code_version()
    told = load_residuals()
    other = replace(told, **{field: getattr(told, field) + 1})
    with monkeypatch.context() as patch:
        patch.setattr(cache, "load_residuals", lambda: other)
        cache.code_version.cache_clear()
        assert cache.code_version() != before
    cache.code_version.cache_clear()
    assert cache.code_version() == before


@pytest.mark.parametrize("damaged", [False, True])
def test_a_missing_or_damaged_file_is_named_with_its_remedy(
    damaged: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if damaged:
        whole = (Settings().weights / skin_colour.FILE).read_bytes()
        (tmp_path / skin_colour.FILE).write_bytes(whole[: len(whole) // 2])
    monkeypatch.setenv("VMODEL_WEIGHTS", str(tmp_path))
    load_residuals.cache_clear()
    try:
        with pytest.raises(WeightsMissing, match=f"{skin_colour.FILE}.*reinstall"):
            load_residuals()
    finally:
        load_residuals.cache_clear()
