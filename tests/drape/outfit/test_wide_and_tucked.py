"""Straight cloth worn over wide cloth compresses it; a waistband narrows a tucked top, not its sleeves."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.garments import by_formula
from tests.support.garments.mannequin import tube
from vmodel.body.pose.library import load_pose
from vmodel.drape import drape_outfit
from vmodel.drape.outfit import sequence
from vmodel.drape.outfit.compress_layers import overhang_share, pull_under
from vmodel.drape.outfit.layering import cut_below_band, push_out_over
from vmodel.errors import DrapeFailed
from vmodel.types import Category, Drape, DrapeReport, FloatArray, Garment, IntArray, PosedBody

if TYPE_CHECKING:
    from vmodel.body.model.body import Body
    from vmodel.studio.stage_cache import StageCache


def cloth(points_m: FloatArray, triangles: IntArray, rim: IntArray | None = None) -> Drape:
    """Return a mesh as a garment without a picture."""
    count = len(triangles)
    return Drape(
        vertices_m=points_m.astype(np.float32),
        triangles=triangles,
        texture_px=np.zeros((count, 3, 2), np.float32),
        texture=np.zeros(count, np.uint8),
        panel=np.zeros(count, np.uint8),
        rest_edges=np.zeros((0, 2), np.int32),
        rest_lengths_m=np.zeros(0, np.float32),
        open_edges=np.zeros((0, 2), np.int32) if rim is None else rim,
        material="cotton",
        report=DrapeReport(0.0, 0.0, 1.0, 1.0, 1.0, True, len(points_m), 1, 0.0),
    )


@pytest.fixture(scope="module")
def body(stages: StageCache) -> Body:
    from vmodel.body.model.body import build_body

    return build_body(stages.roster["wm-ines"])


@pytest.fixture(scope="module")
def standing(body: Body) -> PosedBody:
    return body.posed(load_pose("a-pose-relaxed"))


def middle_of(posed: PosedBody, z_m: float) -> FloatArray:
    """Return the middle of the trunk or the legs at a height."""
    near = posed.vertices_m[np.abs(posed.vertices_m[:, 2] - z_m) < 0.02]
    return np.asarray(np.median(near, axis=0) * (1, 1, 0))


def test_a_wide_skirt_stays_under_a_straight_coat_and_comes_out_evenly_at_its_hem(
    body: Body, standing: PosedBody
) -> None:
    middle = middle_of(standing, 0.5)
    skirt_m, triangles = tube(0.15, 0.55, 0.32)
    coat_m, over = tube(0.35, 0.75, 0.21)
    skirt, coat = cloth(skirt_m + middle, triangles), cloth(coat_m + middle, over)
    assert overhang_share(skirt, coat, body, standing) > 0.3
    held = pull_under(skirt, coat, body, standing)
    assert overhang_share(held, coat, body, standing) == 0
    away = np.linalg.norm((held.vertices_m - middle)[:, :2], axis=1).reshape(40, 72)
    height = skirt_m[:, 2].reshape(40, 72)  # before
    assert away[height > 0.37].max() < 0.21
    assert away[0].min() > 0.3  # its own hem hangs at its full width
    assert np.abs(np.diff(away, axis=0)).max() < 0.08  # no step of 11 cm at the hem


def test_the_band_that_a_top_is_tucked_into_cuts_nothing_off_its_sleeves(body: Body, standing: PosedBody) -> None:
    middle = middle_of(standing, 0.9)
    trunk_m, triangles = tube(0.8, 1.3, 0.16)
    elbow, wrist = (standing.joints_m[f"{name}.L"] for name in ("lowerarm01", "wrist"))
    sleeve_m, around = tube(0.0, 1.0, 0.038, rings=16, sides=24)
    sleeve_m = sleeve_m * (1, 1, 0) + wrist + sleeve_m[:, 2:] * (elbow - wrist)
    top = cloth(np.concatenate([trunk_m + middle, sleeve_m]), np.concatenate([triangles, around + len(trunk_m)]))
    skirt_m, below = tube(0.5, 1.0, 0.17)
    band = np.stack([np.arange(72), (np.arange(72) + 1) % 72], axis=1) + 39 * 72
    cut = cut_below_band(top, cloth(skirt_m + middle, below, band.astype(np.int32)), body, standing)
    kept = {tuple(point) for point in cut.vertices_m.tolist()}
    assert all(tuple(point) in kept for point in top.vertices_m[len(trunk_m) :].tolist())
    low = top.vertices_m[: len(trunk_m)][trunk_m[:, 2] < 0.93]
    assert not any(tuple(point) in kept for point in low.tolist())


def test_a_top_that_billows_over_the_band_comes_out_from_inside_it(body: Body, standing: PosedBody) -> None:
    middle = middle_of(standing, 1.0)
    trunk_m, triangles = tube(0.9, 1.3, 0.16)
    billows = 1 + 0.45 * np.exp(-(((trunk_m[:, 2:] - 1.02) / 0.05) ** 2))
    top = cloth(trunk_m * np.hstack([billows, billows, np.ones_like(billows)]) + middle, triangles)
    skirt_m, below = tube(0.5, 1.0, 0.17)
    rim = np.stack([np.arange(72), (np.arange(72) + 1) % 72], axis=1) + 39 * 72
    skirt = cloth(skirt_m + middle, below, rim.astype(np.int32))
    worn = np.asarray(cut_below_band(top, skirt, body, standing).vertices_m - middle)
    away = np.linalg.norm(worn[:, :2], axis=1)
    assert away[worn[:, 2] < 1.0].max() < 0.17
    assert away[worn[:, 2] > 1.04].max() > 0.19  # it still billows above


def test_the_edge_of_a_skirt_stays_level_below_cloth_that_hangs_over_it(body: Body, standing: PosedBody) -> None:
    middle = middle_of(standing, 1.0)
    top_m, triangles = tube(0.98, 1.3, 0.185)
    skirt_m, below = tube(0.5, 1.0, 0.17)
    rim = np.stack([np.arange(72), (np.arange(72) + 1) % 72], axis=1) + 39 * 72
    top, skirt = cloth(top_m + middle, triangles), cloth(skirt_m + middle, below, rim.astype(np.int32))
    lifted = push_out_over(skirt, top, np.zeros(len(top_m), bool))
    moved = np.linalg.norm(np.asarray(lifted.vertices_m - skirt.vertices_m), axis=1)
    assert moved[np.unique(rim)].max() == 0


@pytest.mark.parametrize(
    ("shown", "warned", "fails"),
    [
        ({}, False, False),
        ({(0, 1): 0.01}, True, False),
        ({(0, 1): 0.05}, True, False),
        ({(0, 2): 0.01}, False, False),
        ({(1, 2): 0.05}, False, True),
    ],
)
def test_the_seller_is_warned_of_their_own_layers_and_what_completes_them_has_to_lie_well(
    body: Body, stages: StageCache, monkeypatch: pytest.MonkeyPatch, shown: dict[tuple[int, int], float], warned: bool,
    fails: bool,
) -> None:  # fmt: skip
    """A tee and a jacket for sale, and trousers that complete them."""
    tee, radii = by_formula.tee(), {Category.TOP: 0.2, Category.OUTERWEAR: 0.25, Category.TROUSERS: 0.15}
    garments = [replace(tee, kind=replace(tee.kind, category=each)) for each in radii]
    lying = [cloth(*tube(0.6, 1.2, radius_m)) for radius_m in radii.values()]

    def put_on(garment: Garment, *_: object) -> Drape:
        return lying[list(radii).index(garment.kind.category)]

    def share(inner: Drape, outer: Drape, *_: object) -> float:
        low, high = sorted(next(i for i, each in enumerate(lying) if each is worn) for worn in (inner, outer))
        return shown.get((low, high), 0.0)

    monkeypatch.setattr(sequence, "_try_on", put_on)
    monkeypatch.setattr(sequence, "poke_through_share", share)
    monkeypatch.setattr(sequence, "overhang_share", lambda *_: 0.0)
    for name in ("push_under", "compress_under", "pull_under", "push_out_over", "drop_poking_triangles", "pad_body"):
        monkeypatch.setattr(sequence, name, lambda first, *_: first)
    with pytest.raises(DrapeFailed, match="shows through") if fails else nullcontext():
        worn = drape_outfit(garments, body, load_pose("standing"), stages.settings, fitting=True, pieces=1)[1]
        assert bool(worn.warnings) == warned
