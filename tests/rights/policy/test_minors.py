from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import NotAllowedForChildren, UnknownCategory, WeightsMissing
from vmodel.garment.recognition.network import load_network
from vmodel.publishing.publisher import Publisher
from vmodel.rights.policy.minors import (
    ALLOWED_FOR_CHILDREN,
    POSES_FOR_CHILDREN,
    REFUSED_WORDS,
    SHEER_MATERIALS,
    SURE_ENOUGH,
    RequestedShot,
    age_band,
    check_declared,
    check_detected,
    check_shot,
    check_shown,
    read_category,
)
from vmodel.rights.provenance.channels import CHANNELS, CHINESE, UnknownChannel, find_channel
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import Category, GarmentKind, Length, Neckline, Sleeve, VirtualModel

TEE = GarmentKind(Category.TOP, 0.95, Sleeve.SHORT, Neckline.CREW, Length.HIP)
SWIMSUIT = GarmentKind(Category.SWIMWEAR, 0.95, Sleeve.SHORT, Neckline.CREW, Length.KNEE)


@pytest.fixture(scope="module")
def child() -> VirtualModel:
    return next(model for model in load_roster(Settings()).values() if model.is_child)


@pytest.fixture(scope="module")
def adult() -> VirtualModel:
    return next(model for model in load_roster(Settings()).values() if not model.is_child)


@pytest.mark.parametrize("word", sorted(REFUSED_WORDS | {"costume", "", "Swimwear", " lingerie "}))
def test_a_child_wears_nothing_that_is_declared_off_the_list(child: VirtualModel, word: str) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_declared(child, word)


@pytest.mark.parametrize("material", ["chiffon", "Lace ", "mesh", "organza", "tulle", "sheer", "transparent"])
def test_a_child_wears_nothing_see_through(child: VirtualModel, material: str) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_declared(child, "top", material)


def test_a_child_may_wear_everyday_clothes(child: VirtualModel) -> None:
    for category in ALLOWED_FOR_CHILDREN:
        check_declared(child, category.value)
    check_detected(child, TEE, "jersey")
    check_detected(child, GarmentKind(Category.DRESS, 0.9, Sleeve.NONE, Neckline.CREW, Length.KNEE), "cotton")


@pytest.mark.parametrize(
    "kind",
    [
        GarmentKind(Category.TOP, 0.59, Sleeve.SHORT, Neckline.CREW),
        GarmentKind(Category.TOP, 0.95, Sleeve.SHORT, Neckline.CREW, stated=True),
        GarmentKind(Category.TOP, 0.95, Sleeve.STRAP, Neckline.V),
        GarmentKind(Category.DRESS, 0.95, Sleeve.STRAP, Neckline.V, Length.MINI),
        GarmentKind(Category.DRESS, 0.95, Sleeve.NONE, Neckline.STRAPLESS, Length.KNEE),
        GarmentKind(Category.TOP, 0.95, Sleeve.NONE, Neckline.SCOOP, Length.CROPPED),
        GarmentKind(Category.JUMPSUIT, 0.95, Sleeve.NONE, Neckline.SCOOP, Length.MINI),
        GarmentKind(Category.SHORTS, 0.95, length=Length.MINI),
    ],
)
def test_a_child_wears_nothing_whose_photo_leaves_a_doubt(child: VirtualModel, kind: GarmentKind) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_detected(child, kind, "jersey")


@pytest.mark.parametrize("material", ["chiffon", "lace", "mesh", "organza", "tulle"])
def test_a_detected_see_through_material_is_refused_for_a_child(child: VirtualModel, material: str) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_detected(child, TEE, material)


def test_adults_are_not_held_to_the_rules_for_children(adult: VirtualModel) -> None:
    check_declared(adult, "swimwear", "chiffon")
    check_detected(adult, GarmentKind(Category.TOP, 0.2, Sleeve.STRAP), "chiffon")
    check_detected(adult, SWIMSUIT, "jersey")


@pytest.mark.parametrize("word", ["swimwear", " Swimwear ", "bodysuit", "bikini", "swimsuit", "underwear"])
def test_no_word_puts_a_child_into_swimwear(child: VirtualModel, word: str) -> None:
    assert Category.SWIMWEAR not in ALLOWED_FOR_CHILDREN
    with pytest.raises(NotAllowedForChildren):
        check_declared(child, word)


@pytest.mark.parametrize("declared", [None, "dress", "jumpsuit", "top"])
def test_a_swimsuit_on_the_photo_is_no_everyday_garment_whatever_was_stated(
    child: VirtualModel, declared: str | None
) -> None:
    with pytest.raises(NotAllowedForChildren):
        check_detected(child, SWIMSUIT, "jersey")
    with pytest.raises(NotAllowedForChildren):
        check_shot(asked(child, SWIMSUIT, declared=declared))
    with pytest.raises(NotAllowedForChildren):
        check_shown(child, [Category.TOP, Category.SWIMWEAR], "seated", "full")


def test_an_unknown_category_names_the_known_ones() -> None:
    with pytest.raises(UnknownCategory, match=r"dress.*trousers"):
        read_category("costume")
    assert read_category(" Dress ") is Category.DRESS
    assert read_category(None) is None


AGES = {"child": (0, 4, 9, 12.9), "teen": (13, 17.99), "adult": (18, 44, 75)}
#: Detected garments that are clearly everyday clothes, and those that are not.
EVERYDAY = {
    category: GarmentKind(category, 0.95, Sleeve.SHORT, Neckline.CREW, Length.KNEE) for category in ALLOWED_FOR_CHILDREN
}
DOUBTFUL = {
    "strap top": GarmentKind(Category.TOP, 0.95, Sleeve.STRAP, Neckline.V),
    "strapless dress": GarmentKind(Category.DRESS, 0.95, Sleeve.NONE, Neckline.STRAPLESS, Length.KNEE),
    "brief shorts": GarmentKind(Category.SHORTS, 0.95, length=Length.MINI),
    "one-piece": GarmentKind(Category.JUMPSUIT, 0.95, Sleeve.NONE, Neckline.SCOOP, Length.MINI),
    "unsure": GarmentKind(Category.TOP, SURE_ENOUGH - 0.01, Sleeve.SHORT, Neckline.CREW),
}


def asked(model: VirtualModel, kind: GarmentKind | None, **changes: object) -> RequestedShot:
    plain = RequestedShot(model, None, None, kind, "jersey", "standing", "full", None)
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", [None, *CHANNELS])
@pytest.mark.parametrize("band", AGES)
def test_every_age_and_category_on_every_channel(adult: VirtualModel, band: str, channel: str | None) -> None:
    for age, (category, kind) in product(AGES[band], EVERYDAY.items()):
        model = replace(adult, age=age)
        assert age_band(age) == band
        check_shot(asked(model, kind, declared=category.value, channel=channel))
        for word in (*REFUSED_WORDS, "costume"):
            if band == "adult":
                check_shot(asked(model, kind, declared=word, channel=channel))
            else:
                with pytest.raises(NotAllowedForChildren):
                    check_shot(asked(model, kind, declared=word, channel=channel))
    for age, kind in product(AGES[band], DOUBTFUL.values()):
        model = replace(adult, age=age)
        if band == "adult":
            check_shot(asked(model, kind, channel=channel))
        else:
            with pytest.raises(NotAllowedForChildren):
                check_shot(asked(model, kind, channel=channel))


def test_without_a_detector_no_child_is_shown(child: VirtualModel, adult: VirtualModel) -> None:
    with pytest.raises(NotAllowedForChildren, match="no detector"):
        check_shot(asked(child, None))
    check_shot(asked(adult, None))


def test_a_deleted_detector_refuses_every_child(
    publisher: Publisher, worn_shot: Shot, child: VirtualModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shot = replace(worn_shot, model=child, pose="standing")
    monkeypatch.setenv("VMODEL_WEIGHTS", str(tmp_path))
    load_network.cache_clear()
    try:
        with pytest.raises(WeightsMissing):
            publisher.publish(shot, "jpeg")
        assert publisher.publish(worn_shot, "jpeg").licence.model == "wm-ines"
    finally:
        load_network.cache_clear()


@pytest.mark.parametrize("pose", ["hand-in-hair", "back-look-over-shoulder", "/tmp/pose.json", "", "unheard-of"])
def test_a_child_stands_in_plain_poses_only(child: VirtualModel, pose: str) -> None:
    with pytest.raises(NotAllowedForChildren, match="pose"):
        check_shot(asked(child, EVERYDAY[Category.TOP], pose=pose))


def test_a_skirt_on_a_child_is_neither_shown_close_nor_seated(child: VirtualModel) -> None:
    for changes in ({"framing": "lower"}, {"framing": "detail"}, {"pose": "seated"}):
        with pytest.raises(NotAllowedForChildren):
            check_shot(asked(child, EVERYDAY[Category.SKIRT], **changes))
        with pytest.raises(NotAllowedForChildren):
            check_shot(asked(child, EVERYDAY[Category.TROUSERS], declared="Skirt ", **changes))
        with pytest.raises(NotAllowedForChildren):
            check_shot(asked(child, EVERYDAY[Category.SKIRT], declared="trousers", **changes))
        check_shot(asked(child, EVERYDAY[Category.TROUSERS], declared="trousers", **changes))


@pytest.mark.parametrize("open_below", [Category.SKIRT, Category.SHORTS, Category.DRESS, Category.JUMPSUIT])
def test_whatever_a_child_wears_with_it_is_held_to_the_same(
    child: VirtualModel, adult: VirtualModel, open_below: Category
) -> None:
    outfit = Category.TOP, Category.OUTERWEAR, open_below
    for pose, framing in (("standing", "lower"), ("standing", "detail"), ("seated", "full")):
        with pytest.raises(NotAllowedForChildren, match=open_below.value):
            check_shown(child, outfit, pose, framing)
        check_shown(child, (Category.TOP, Category.TROUSERS), pose, framing)
        check_shown(adult, outfit, pose, framing)
    check_shown(child, outfit, "standing", "full")


def test_an_age_that_is_no_number_is_a_child(adult: VirtualModel) -> None:
    assert age_band(float("nan")) == "child"
    assert age_band(-1) == "child"


KINDS = st.builds(
    GarmentKind,
    category=st.sampled_from(list(Category)),
    confidence=st.floats(0, 1),
    sleeve=st.sampled_from(list(Sleeve)),
    neckline=st.sampled_from(list(Neckline)),
    length=st.sampled_from(list(Length)),
    open_front=st.booleans(),
    stated=st.booleans(),
)
WORDS = st.none() | st.sampled_from([*REFUSED_WORDS, *(category.value for category in Category)]) | st.text(max_size=12)


@settings(max_examples=400, deadline=None)
@given(
    age=st.floats(0, 17.999),
    kind=st.none() | KINDS,
    declared=WORDS,
    material=st.none() | st.sampled_from([*SHEER_MATERIALS, "jersey", "cotton"]),
    made_of=st.sampled_from([*SHEER_MATERIALS, "jersey", "denim"]),
    pose=st.sampled_from(["standing", "seated", "walking", "hand-in-hair", "x.json"]),
    framing=st.sampled_from(["full", "upper", "lower", "detail", "chin-down"]),
    channel=st.none() | st.sampled_from(list(CHANNELS)),
)
def test_no_path_leads_from_a_child_to_a_refused_garment(
    age: float,
    kind: GarmentKind | None,
    declared: str | None,
    material: str | None,
    made_of: str,
    pose: str,
    framing: str,
    channel: str | None,
) -> None:
    model = replace(ANYBODY, age=age)
    try:
        check_shot(RequestedShot(model, declared, material, kind, made_of, pose, framing, channel))
    except NotAllowedForChildren:
        return
    # Every allowed shot is certain, on both lists, opaque, and plainly staged.
    assert kind is not None
    assert kind.confidence >= SURE_ENOUGH
    assert not kind.stated
    assert kind.sleeve is not Sleeve.STRAP or not kind.category.covers_upper
    assert kind.neckline is not Neckline.STRAPLESS or not kind.category.covers_upper
    assert declared is None or declared.strip().lower() in {category.value for category in Category}
    assert not {material, made_of} & SHEER_MATERIALS
    assert pose in POSES_FOR_CHILDREN
    closed = {Category.TOP, Category.TROUSERS, Category.OUTERWEAR}
    assert kind.category in closed or (framing not in {"lower", "detail"} and pose != "seated")


ANYBODY = next(iter(load_roster(Settings()).values()))


def test_china_wants_a_label_and_amazon_takes_none() -> None:
    assert find_channel("Tmall ") == CHANNELS["tmall"]
    assert CHANNELS["tmall"].label == CHANNELS["taobao"].label == CHINESE
    assert CHANNELS["amazon"].label == ""
    assert find_channel(None) is None
    with pytest.raises(UnknownChannel, match="amazon"):
        find_channel("bazaar")
