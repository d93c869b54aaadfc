"""Kinds of shoes on women, men and children: they stand on the ground, hide the foot, and trousers fall over boots."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from tests.support.garments.mannequin import make_shirt
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose, pose_names
from vmodel.body.shoes.build import make_shoes
from vmodel.body.shoes.catalogue import LOOKS, UnknownShoes, check_shoes, every_name
from vmodel.body.shoes.kinds import KINDS
from vmodel.body.shoes.worn import Shoes
from vmodel.config import Settings
from vmodel.scene.geometry.props import inside_shoes, over_shoes
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.types import BoolArray, FloatArray, IntArray

PEOPLE = ["wm-ines", "mn-tane", "ch-mila"]
CLOSED = [kind for kind, form in KINDS.items() if form.covers]
SIDES = (1, -1)


@lru_cache
def person(name: str) -> Body:
    return build_body(load_roster(Settings())[name])


@lru_cache
def shod(name: str, kind: str) -> Shoes:
    return make_shoes(person(name), f"{kind}-{next(iter(LOOKS[kind]))}")


def foot_of(body: Body, side: int, below_m: float = 0.07) -> IntArray:
    rest = np.asarray(body.rest.vertices_m)
    return np.flatnonzero((rest[:, 0] * side > 0) & (rest[:, 2] < rest[:, 2].min() + below_m * body.scale))


def own_shoe(shoes: Shoes, side: int) -> IntArray:
    """Return the vertices of one shoe, without its sock."""
    return np.flatnonzero(shoes.rest.vertices_m[:, 0] * side > 0)


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("kind", KINDS)
def test_each_sole_touches_the_ground_where_its_foot_does(kind: str, name: str) -> None:
    body, shoes = person(name), shod(name, kind)
    poses = pose_names() if (kind, name) == ("ankle-boots", "wm-ines") else ["standing", "walking", "seated"]
    for pose in poses:
        posed = body.posed(load_pose(pose))
        worn, skin = shoes.carried(posed).vertices_m, np.asarray(posed.vertices_m)
        for side in SIDES:
            shoe = own_shoe(shoes, side)
            over_m = worn[shoe, 2].min() - skin[foot_of(body, side), 2].min()
            assert abs(over_m) < 0.003, (pose, side)
            if pose == "standing":
                y = shoes.rest.vertices_m[shoe, 1]
                place = (y.max() - y) / np.ptp(y)
                heel, ball = (
                    worn[shoe[(place > low) & (place < high)], 2].min() for low, high in ((0, 0.3), (0.55, 0.8))
                )
                assert max(heel, ball) < 0.002
        assert worn[:, 2].min() >= 0


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("pose", ["standing", "walking"])
def test_no_foot_shows_through_a_closed_upper(pose: str, kind: str, name: str) -> None:
    body, shoes = person(name), shod(name, kind)
    posed = body.posed(load_pose(pose))
    worn = shoes.carried(posed)
    feet = inside_shoes(np.asarray(posed.vertices_m), posed.faces, worn).astype(np.float32)
    tracer = Tracer(worn.vertices_m, worn.triangles)
    for side in SIDES:
        deep = np.flatnonzero((worn.inside > 0.999) & (np.asarray(body.rest.vertices_m)[:, 0] * side > 0))
        assert len(deep) > 800
        far = np.full(len(deep), 0.3, np.float32)
        hidden = tracer.blocked(feet[deep], sideways(feet[deep], body, deep), far)
        assert (~hidden).sum() <= 2
        toes = deep[along(body, deep) > 0.86]
        up = np.broadcast_to(np.float32([0, 0, 1]), (len(toes), 3))
        assert tracer.blocked(feet[toes], up, far[: len(toes)]).all()


def along(body: Body, chosen: IntArray) -> FloatArray:
    """Return how far vertices of one foot lie from its heel, as shares of its length; feet face negative y."""
    y = np.asarray(body.rest.vertices_m)[chosen, 1]
    return np.asarray((y.max() - y) / np.ptp(y))


def sideways(points_m: FloatArray, body: Body, chosen: IntArray) -> FloatArray:
    """Return directions (n, 3) from the middle of a foot to its nearer side."""
    place = along(body, chosen)
    ahead = points_m[place > 0.8].mean(axis=0) - points_m[place < 0.2].mean(axis=0)
    across = np.array([-ahead[1], ahead[0], 0]) / np.hypot(ahead[0], ahead[1])
    off = points_m @ across
    slices = np.round(place * 20).astype(int)
    middles = np.array([off[slices == each].mean() for each in range(slices.max() + 1)])
    return (np.where(off > middles[slices], 1, -1)[:, None] * across).astype(np.float32)


@pytest.mark.parametrize("kind", ["sandals", "ballet-flats"])
def test_a_bare_foot_stands_on_an_open_sole_and_the_leg_above_keeps_its_place(kind: str) -> None:
    body, shoes = person("wm-ines"), shod("wm-ines", kind)
    for pose in ("standing", "walking"):
        posed = body.posed(load_pose(pose))
        worn, skin = shoes.carried(posed), np.asarray(posed.vertices_m)
        stands = inside_shoes(skin, posed.faces, replace(worn, inside=np.zeros_like(worn.inside)))
        lifted_m = np.linalg.norm(stands - skin, axis=1)
        assert np.allclose(lifted_m[foot_of(body, 1, 0.03)], KINDS[kind].shape.lift_mm * 1e-3, rtol=0.12)
        assert (lifted_m[np.asarray(body.rest.vertices_m)[:, 2] > 0.3] == 0).all()
        for side in SIDES:
            heel = foot_of(body, side, 0.03)
            heel = heel[along(body, heel) < 0.35]
            sole = heel[np.asarray(body.rest.vertices_m)[heel, 2] < 0.008]
            upright = np.linalg.svd(skin[sole] - skin[sole].mean(axis=0), full_matrices=False)[2][2]
            lift = (stands - skin)[heel].mean(axis=0)
            assert abs(lift @ upright) > 0.95 * np.linalg.norm(lift)


def test_a_sock_is_seen_between_sneaker_and_leg_and_bends_with_the_foot() -> None:
    body, shoes = person("mn-tane"), shod("mn-tane", "sneakers")
    for pose in ("standing", "walking"):
        posed = body.posed(load_pose(pose))
        worn = shoes.carried(posed)
        sock = worn.vertices_m[len(shoes.rest.vertices_m) :]
        skin = inside_shoes(np.asarray(posed.vertices_m), posed.faces, worn)
        nearest = np.sqrt(((sock[::7, None] - skin[None, foot_of(body, 1, 0.15)]) ** 2).sum(axis=2)).min(axis=1)
        assert np.median(nearest[sock[::7, 0] > sock[:, 0].mean()]) < 0.004
        top = {side: sock[own, 2].max() for side, own in zip(SIDES, halves(sock), strict=True)}
        shoe = {side: worn.vertices_m[own_shoe(shoes, side), 2].max() for side in SIDES}
        assert pose == "walking" or all(top[side] > shoe[side] - 0.03 for side in SIDES)


def halves(points_m: FloatArray) -> tuple[BoolArray, BoolArray]:
    middle = 0.5 * (points_m[:, 0].min() + points_m[:, 0].max())
    return points_m[:, 0] > middle, points_m[:, 0] < middle


@pytest.mark.parametrize("name", PEOPLE)
def test_a_trouser_leg_as_narrow_as_the_ankle_falls_over_the_boot(name: str) -> None:
    body, shoes = person(name), shod(name, "ankle-boots")
    worn = shoes.carried(body.posed(load_pose("standing")))
    assert worn.shell is not None
    triangles = worn.triangles[worn.shell]
    corners = worn.vertices_m[triangles]
    triangles = triangles[(corners[..., 2].min(axis=1) > 0.085 * body.scale) & (corners[:, 0, 0] > 0)]
    used, index = np.unique(triangles, return_inverse=True)
    # Cloth 4 mm inside the boot's shaft, where one lies that was draped on a bare ankle.
    shaft = worn.vertices_m[used]
    inward = shaft[:, :2].mean(axis=0) - shaft[:, :2]
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    away = np.column_stack([-inward, np.zeros(len(shaft))]).astype(np.float32)
    cloth = shaft - 0.004 * away
    drape = replace(make_shirt()[0], vertices_m=cloth, triangles=index.reshape(-1, 3).astype(np.int32))
    tracer, near = Tracer(worn.vertices_m, worn.triangles), np.full(len(cloth), 0.02, np.float32)
    below = shaft[:, 2] < shaft[:, 2].max() - 0.004
    assert tracer.blocked(cloth, away, near)[below].mean() > 0.95
    laid = over_shoes(drape, worn).vertices_m.astype(np.float32)
    assert not tracer.blocked(laid, away, near)[below].any()


@pytest.mark.parametrize("name", ["clogs", "loafers-", "loafers-pink", "canvas-tan", "auto-black", ""])
def test_unknown_shoes_are_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(UnknownShoes, match=r"ankle-boots.*loafers-black or loafers-tan") as refused:
        check_shoes(name)
    assert refused.value.code == "unknown_shoes"


@pytest.mark.parametrize("kind", KINDS)
def test_every_colour_of_a_kind_colours_all_its_parts_and_none_looks_like_another(kind: str) -> None:
    materials = {tuple(looks) for looks in LOOKS[kind].values()}
    assert len(materials) == 1
    assert len({tuple(looks.values()) for looks in LOOKS[kind].values()}) == len(LOOKS[kind])
    for name in (kind, *(f"{kind}-{colour}" for colour in LOOKS[kind])):
        check_shoes(name)
        assert name in every_name()
