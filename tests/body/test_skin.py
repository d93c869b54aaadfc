"""Painted skin: the base layer is complete, colours match the person, and painting is reproducible."""

import dataclasses
import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from vmodel.body.appearance.skin import paint_skin
from vmodel.body.base_layer.paint import (
    BLACK,
    GUARD_MARGIN_MM,
    LEAST_FROM_SKIN,
    LOWERS,
    UPPERS,
    WHITE,
    BaseLayer,
    base_layer_depth,
    choose_base_layer,
    is_guarded,
    must_be_covered,
    paint_base_layer,
)
from vmodel.body.base_layer.trousers import tailor
from vmodel.body.mesh.anatomy_chart import load_anatomy, load_chart, look_up_mask, refined_anatomy
from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.colour import to_oklab
from vmodel.types import BodyPart, Category, GarmentKind, Hair, Length, Neckline, SkinTextures, Sleeve, VirtualModel

SIZE = 512


def invent(
    gender: str = "woman", age: float = 30, tone: tuple[float, float, float] = (0.5, 0.33, 0.25)
) -> VirtualModel:
    shape = {"gender": 1.0 if gender in ("woman", "girl") else 0.0, "age": 0.3 if age < 18 else 0.62}
    look = {"eyes": "brown"}
    hair = Hair("bob", (0.05, 0.03, 0.02))
    return VirtualModel("x", "X", gender, age, "M", 128 if age < 18 else 170, shape, {}, tone, look, hair, 7)


@pytest.fixture(scope="module")
def body() -> Body:
    return build_body(invent())


@pytest.fixture(scope="module")
def skin(body: Body) -> SkinTextures:
    return paint_skin(body.model, body, BaseLayer(), 1024)


@pytest.mark.parametrize(("gender", "age"), [("woman", 30), ("man", 60), ("girl", 6), ("boy", 14)])
def test_every_cut_of_the_base_layer_covers_what_it_must(gender: str, age: float, body: Body) -> None:
    """Chest, torso and pelvis, of adults under a closed garment the guard zone with its margin; of children always."""
    model, chart = invent(gender, age), load_chart(SIZE)
    outer = (load_anatomy().eye_faces == 0)[chart.face]
    covered = chart.texel[must_be_covered(chart.spot_mm) & outer]
    guarded = chart.texel[is_guarded(chart.spot_mm, GUARD_MARGIN_MM - 3) & outer]  # edges are as soft as a texel
    assert len(covered) > 0.05 * SIZE**2
    assert len(guarded) > 0.01 * SIZE**2
    for upper, lower in itertools.product(UPPERS, LOWERS):
        painted = paint_skin(model, body, BaseLayer(upper, lower), SIZE).base_layer.ravel()
        assert painted[guarded].min() >= 0.99, (upper, lower)
        if upper != "guard" or model.is_child:
            assert painted[covered].min() >= 0.99, (upper, lower)


def test_bare_skin_is_uneven_from_spot_to_spot(skin: SkinTextures) -> None:
    chart = load_chart(1024)
    x, z = np.abs(chart.spot_mm[:, 0]), chart.spot_mm[:, 2]
    arm = chart.texel[(x > 230) & (x < 330) & (z < -250)]
    green = skin.albedo[..., 1]
    uneven = (green / cv2.GaussianBlur(green, (0, 0), 12) - 1).ravel()[arm]
    spread = 1.4826 * np.median(np.abs(uneven - np.median(uneven)))
    # Pores alone reach 0.04; twice that would be a rash.
    assert 0.05 < spread < 0.08


@pytest.mark.parametrize("tone", [(0.5, 0.33, 0.25), (0.085, 0.042, 0.026)], ids=["light", "dark"])
def test_gloss_is_strongest_on_the_nose_and_broken_by_pores(tone: tuple[float, float, float], body: Body) -> None:
    painted, chart = paint_skin(invent(tone=tone), body, BaseLayer(), 1024), load_chart(1024)
    folded = chart.spot_mm * np.where(chart.spot_mm[:, :1] < 0, [-1, 1, 1], 1)

    def near(*spot_mm: float) -> np.ndarray:
        return chart.texel[np.linalg.norm(folded - spot_mm, axis=1) < 9]

    rough, height = painted.roughness.ravel(), painted.height_mm.ravel()
    nose, forehead, cheek = near(0, -38, -25), near(6, -26, 30), near(48, 2, -42)
    lips = chart.texel[(look_up_mask("lips", chart) > 0.95) & (chart.spot_mm[:, 2] > -90)]
    zones = [np.median(rough[zone]) for zone in (lips, nose, forehead, cheek)]
    assert zones == sorted(zones)
    assert zones[-1] - zones[1] > 0.05
    assert np.corrcoef(rough[cheek], height[cheek])[0, 1] < -0.4


def test_old_skin_is_paler_and_less_even_than_young_skin(body: Body) -> None:
    chart = load_chart(1024)
    folded = chart.spot_mm * np.where(chart.spot_mm[:, :1] < 0, [-1, 1, 1], 1)
    cheek = chart.texel[np.linalg.norm(folded - [42, -8, -36], axis=1) < 14]
    spread, redness = [], []
    for age in (28, 76):
        albedo = paint_skin(invent(age=age), body, BaseLayer(), 1024).albedo
        green = albedo[..., 1]
        spread.append((green / cv2.GaussianBlur(green, (0, 0), 6) - 1).ravel()[cheek].std())
        redness.append(np.median(to_oklab(albedo.reshape(-1, 3)[cheek])[:, 1]))
    assert redness[1] < 0.92 * redness[0]
    assert spread[1] > 1.15 * spread[0]


def test_faces_of_the_trunk_are_covered_on_the_mesh_itself(body: Body) -> None:
    painted = paint_skin(body.model, body, BaseLayer("tucked", "briefs-short"), SIZE)
    spine = [
        i for i, bone in enumerate(body.surface.bone_labels) if bone in ("spine04", "spine05", "pelvis.L", "pelvis.R")
    ]
    trunk = np.isin(body.surface.vertex_bone[body.surface.faces], spine).all(axis=1)
    points, index = body.uv
    middle = points[index[trunk]].mean(axis=1)
    rows, columns = ((1 - middle[:, 1]) * SIZE).astype(int), (middle[:, 0] * SIZE).astype(int)
    assert painted.base_layer[rows, columns].min() >= 0.99


def test_a_child_wears_straps_and_shorts_whatever_is_asked(body: Body) -> None:
    child = invent("girl", 8)
    asked = paint_skin(child, body, BaseLayer("guard", "briefs-short"), SIZE)
    worn = paint_skin(child, body, BaseLayer("singlet", "shorts"), SIZE)
    assert np.array_equal(asked.base_layer, worn.base_layer)


def test_an_unknown_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="base layer"):
        BaseLayer("none", "shorts")


def test_the_base_layer_hides_under_necklines_of_garments() -> None:
    strapless = GarmentKind(Category.DRESS, 1.0, Sleeve.NONE, Neckline.STRAPLESS, Length.MIDI)
    tee = GarmentKind(Category.TOP, 1.0, Sleeve.SHORT, Neckline.CREW)
    trousers = GarmentKind(Category.TROUSERS, 1.0)
    woman, man, girl = invent(), invent("man"), invent("girl", 8)
    cuts = {
        (name, model.gender): (worn.upper, worn.lower)
        for name, kind in (("strapless", strapless), ("tee", tee), ("trousers", trousers))
        for model in (woman, man, girl)
        for worn in [choose_base_layer(kind, model)]
    }
    assert cuts["strapless", "woman"] == cuts["strapless", "man"] == ("guard", "shorts")
    assert cuts["tee", "woman"] == cuts["tee", "man"] == ("guard", "leggings")
    assert cuts["tee", "girl"] == ("singlet", "leggings")
    assert cuts["strapless", "girl"] == ("singlet", "shorts")
    assert cuts["trousers", "woman"] == cuts["trousers", "man"] == ("tank", "briefs-short")
    assert cuts["trousers", "girl"] == ("tank", "shorts")
    short = choose_base_layer(replace(strapless, length=Length.KNEE), woman)
    assert (short.upper, short.lower) == ("guard", "briefs-short")


def test_a_jacket_is_worn_over_a_top_that_may_be_seen() -> None:
    jacket = GarmentKind(Category.OUTERWEAR, 1.0, Sleeve.LONG, open_front=True)
    worn = choose_base_layer(jacket, invent())
    assert (worn.upper, worn.lower) == ("tank", "leggings")
    closed = choose_base_layer(replace(jacket, open_front=False), invent())
    assert closed == replace(worn, upper="tucked")  # no strip of it appears below a short jacket
    assert worn.upper_colour == choose_base_layer(GarmentKind(Category.TROUSERS, 1.0), invent()).upper_colour
    shirt = GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.COLLAR, open_front=True)
    assert choose_base_layer(shirt, invent()) == worn
    for kind in (jacket, shirt):
        child = choose_base_layer(kind, invent("girl", 8))
        assert (child.upper, child.lower) == ("tank", "leggings")


KINDS = [
    GarmentKind(Category.TOP, 1.0, Sleeve.SHORT, Neckline.CREW), GarmentKind(Category.DRESS, 1.0, Sleeve.STRAP),
    GarmentKind(Category.TROUSERS, 1.0), GarmentKind(Category.SKIRT, 1.0), GarmentKind(Category.OUTERWEAR, 1.0),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.category.value)
def test_no_piece_of_the_base_layer_can_be_taken_for_anybodys_skin(kind: GarmentKind) -> None:
    for model in load_roster(Settings()).values():
        worn = choose_base_layer(kind, model)
        lab = to_oklab(np.array([model.skin_tone, worn.upper_colour, worn.lower_colour], np.float32))
        assert np.linalg.norm(lab[1:] - lab[0], axis=1).min() >= LEAST_FROM_SKIN, model.id


def test_the_base_layer_differs_from_a_garment_beside_it_and_a_guard_is_of_its_colour() -> None:
    tee, skirt = GarmentKind(Category.TOP, 1.0, Sleeve.SHORT, Neckline.CREW), GarmentKind(Category.SKIRT, 1.0)
    for garment, like, unlike in (((0.01, 0.01, 0.01), BLACK, WHITE), ((0.8, 0.8, 0.8), WHITE, BLACK)):
        assert choose_base_layer(tee, invent(), garment).upper_colour == like
        assert choose_base_layer(skirt, invent(), garment).upper_colour == unlike


def test_smooth_spots_find_each_texel_in_the_refined_mesh(monkeypatch: pytest.MonkeyPatch) -> None:
    chart, spot_mm, faces = load_chart(SIZE), load_anatomy().spot_mm, load_surface().faces
    fine, triangles = refined_anatomy()
    # With middles of edges instead of smoothed points the refined mesh is the mesh itself, and so are its spots.
    flat = np.zeros_like(fine)
    flat[: len(spot_mm)] = spot_mm
    for k in range(3):
        flat[triangles[4 * np.arange(len(faces)) + k, 1]] = (spot_mm[faces[:, k]] + spot_mm[faces[:, (k + 1) % 3]]) / 2
    every = np.arange(len(chart.texel))
    assert np.abs(chart.smooth_spots(every) - chart.spot_mm).max() > 1
    monkeypatch.setattr("vmodel.body.mesh.anatomy_chart.refined_anatomy", lambda: (flat, triangles))
    assert np.abs(chart.smooth_spots(every) - chart.spot_mm).max() < 0.01


def test_textures_are_finite_and_within_their_ranges(skin: SkinTextures) -> None:
    for field in dataclasses.fields(skin):
        values = getattr(skin, field.name)
        assert values.dtype == np.float32
        assert values.shape[:2] == (1024, 1024)
        assert np.isfinite(values).all()
        if field.name != "height_mm":
            assert values.min() >= 0
            assert values.max() <= 1


def test_painting_the_same_model_twice_gives_the_same_texels(skin: SkinTextures, body: Body) -> None:
    again = paint_skin(body.model, body, BaseLayer(), 1024)
    assert all(np.array_equal(getattr(again, f.name), getattr(skin, f.name)) for f in dataclasses.fields(skin))


def test_skin_keeps_the_tone_of_the_model_and_lips_are_redder(skin: SkinTextures, body: Body) -> None:
    chart = load_chart(1024)
    albedo = skin.albedo.reshape(-1, 3)[chart.texel]
    bare = skin.base_layer.ravel()[chart.texel] == 0
    limbs = bare & (chart.spot_mm[:, 2] < -200)
    assert np.allclose(np.median(albedo[limbs], axis=0), body.model.skin_tone, rtol=0.15)
    cheek = (np.linalg.norm(chart.spot_mm - [45, -5, -45], axis=1) < 12) & bare
    lips = (look_up_mask("lips", chart) > 0.95) & (chart.spot_mm[:, 2] > -90)
    redness = albedo[:, 0] / albedo[:, 1]
    assert np.median(redness[lips]) > 1.15 * np.median(redness[cheek])


def test_nostrils_are_openings_and_the_rest_of_the_nose_is_not(skin: SkinTextures) -> None:
    chart = load_chart(1024)
    albedo = skin.albedo.reshape(-1, 3)[chart.texel].mean(axis=1)
    folded = np.where(chart.spot_mm[:, :1] < 0, chart.spot_mm * [-1, 1, 1], chart.spot_mm)
    pit = np.linalg.norm(folded - [9.2, -30.8, -39.7], axis=1) < 1.2  # the bottom of the dent in the mesh
    tip = np.linalg.norm(folded - [0, -41, -36], axis=1) < 3
    below = np.linalg.norm(folded - [7, -30, -48], axis=1) < 1.5
    assert np.median(albedo[pit]) < 0.3 * np.median(albedo[tip])
    assert np.median(albedo[below]) > 0.7 * np.median(albedo[tip])


def test_each_eye_has_a_white_an_iris_and_a_pupil(skin: SkinTextures, body: Body) -> None:
    chart = load_chart(1024)
    eyes = load_anatomy().eye_faces[chart.face]
    albedo = skin.albedo.reshape(-1, 3)[chart.texel]
    for side in (1, 2):
        luminance = albedo[eyes == side].mean(axis=1)
        assert luminance.min() < 0.01
        assert luminance.max() > 0.3
    parts = body.face_parts[chart.face]
    assert (skin.roughness.ravel()[chart.texel][(eyes > 0) & (parts == list(BodyPart).index(BodyPart.EYE))] < 0.1).all()


def test_dark_skin_stays_dark_and_palms_are_lighter() -> None:
    model = invent(tone=(0.085, 0.042, 0.026))
    painted = paint_skin(model, build_body(model), BaseLayer(), SIZE)
    chart = load_chart(SIZE)
    albedo = painted.albedo.reshape(-1, 3)[chart.texel].mean(axis=1)
    normal = chart.of_vertices(load_anatomy().normal)
    hand = (np.abs(chart.spot_mm[:, 0]) > 415) & (chart.spot_mm[:, 2] < -520)
    palm, back = hand & (normal[:, 2] < -0.7), hand & (normal[:, 2] > 0.7)
    assert np.median(albedo[palm]) > 1.15 * np.median(albedo[back])
    assert np.median(albedo[back]) < 0.07


def test_long_legs_are_tailored_like_trousers() -> None:
    z = np.linspace(-1400, -440, 4000)
    front_middle = np.stack([np.full_like(z, 92.0), np.full_like(z, 0.0), z], axis=1)
    tone, relief_mm = tailor(front_middle, waist_mm=-436, hem_mm=-1412)
    assert np.median(relief_mm[z > -468]) > 0.6, "a waistband stands out"
    assert np.ptp(relief_mm[(z < -1300) & (z > -1380)]) > 1.5, "cloth stacks above the hem"
    assert tone[np.abs(z + 900) < 20].mean() > 1.2 * tone[np.abs(z + 560) < 20].mean(), "thighs are worn pale"


def test_a_guard_leaves_necklines_and_backs_bare_and_its_edge_is_cut_clean() -> None:
    cut = BaseLayer("guard", "leggings")
    between, breast, throat = (0.0, -40.0, -345.0), (92.0, -60.0, -331.0), (0.0, -20.0, -290.0)
    back, belly = (40.0, 140.0, -340.0), (0.0, -10.0, -410.0)
    upper, _ = base_layer_depth(cut, np.array([between, breast, throat, back, belly]))
    assert (upper > 0).tolist() == [False, True, False, False, True]
    down = np.arange(-430.0, -380.0, 0.5)
    painted = paint_base_layer(cut, np.stack([0 * down, 0 * down, down], 1), np.full(len(down), 0.5))
    tone = painted.albedo[painted.cover > 0.99].mean(1)
    assert tone.min() > 0.93 * tone.max()
