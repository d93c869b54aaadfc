"""Prompts name exactly what the camera sees: all views and framings, and every single thing left out."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.hub.runtime.prompts import FACIAL_HAIR_WORDS, describe_photograph, instruct_edit
from pipelines.hub.runtime.visible_parts import EVERYTHING, VisibleParts, find_visible_parts
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.scene import FRAMINGS, VIEWS, frame_camera, render_conditions
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import Category, GarmentKind, Length, Neckline, Sleeve, VirtualModel

LENGTHS = {
    Length.CROPPED: "cropped",
    Length.TUNIC: "tunic-length",
    Length.MINI: "a short (?!hair)",
    Length.KNEE: "knee-length",
    Length.MIDI: "midi",
    Length.ANKLE: "ankle-length",
}
FORBIDDEN = {
    "eyes": r"\beyes\b|freckles|fringe|parted",
    "jaw": "|".join(rf"\b{words}\b" for words in FACIAL_HAIR_WORDS.values()),
    "nape": r"ponytail|\bbun\b",
    "head": r"short \w+ hair|shaved|buzz|pixie|curly|afro|\bbob\b|shoulder-length|long|ponytail|\bbun\b|braids|tied",
    "skin": r"\bskin\b",
    "hands": r"natural hands",
}
"""Words that are forbidden while their part is out of sight."""


@cache
def roster() -> dict[str, VirtualModel]:
    return dict(load_roster(Settings()))


def seen_from(context: RenderContext, view: str, framing: str) -> VisibleParts:
    scene, hair = context.scene, context.scene.hair
    camera = frame_camera(scene.posed, scene.drape, view, framing, (384, 288), 85.0, hair=hair)
    return find_visible_parts(replace(context, camera=camera, maps=render_conditions(scene, camera)))


@pytest.mark.slow
@pytest.mark.parametrize("framing", FRAMINGS)
def test_each_view_and_framing_shows_what_it_shows(tee_context: RenderContext, framing: str) -> None:
    seen = {view: seen_from(tee_context, view, framing) for view in VIEWS}
    assert seen.keys() == VIEWS.keys()
    with_head, with_jaw = framing in {"full", "upper"}, framing in {"full", "upper", "detail", "chin-down"}
    for view, each in seen.items():
        behind, from_the_front = view == "back", "side" not in view and view != "back"
        assert each.garment
        assert each.head == with_head
        # In profile a strand of hair may lie over the one eye.
        assert each.eyes == (with_head and from_the_front) or (with_head and "side" in view), (view, framing)
        assert each.nape == (with_head and not from_the_front), (view, framing)
        assert each.jaw == (with_jaw and not behind), (view, framing)
        assert each.front != behind
        assert each.shoulders == (framing != "lower")
        assert each.hem == (framing != "detail"), (view, framing)
        # From behind, hair may cover all that the collar leaves of the neck.
        assert each.skin or (framing == "detail" and behind), (view, framing)
        for model in roster().values():
            assert_nothing_else_is_said(model, GarmentKind(Category.TOP, 1, Sleeve.SHORT, length=Length.CROPPED), each)


def assert_nothing_else_is_said(model: VirtualModel, kind: GarmentKind, seen: VisibleParts) -> None:
    caption, instruction = (
        describe_photograph(model, kind, "jersey", seen),
        instruct_edit(model, kind, "", "image", seen),
    )
    for prompt in (caption, instruction):
        person = prompt.split("-year-old", 1)[1].split("wearing", 1)[0]
        for name, words in FORBIDDEN.items():
            said = prompt if name in {"eyes", "skin", "hands"} else person
            assert getattr(seen, name) or not re.search(words, said), (name, prompt)
        if not seen.head and not seen.hair:
            assert "hair" not in person
        garment = prompt.split(" wearing ", 1)[1]
        assert ("plain everyday clothes" in garment) != seen.garment
        if not (seen.hem and seen.garment) and kind.length in LENGTHS:
            assert not re.search(LENGTHS[kind.length], garment)
        if not (seen.shoulders or seen.elbows or seen.wrists) or not seen.garment:
            assert not re.search("sleeve|strappy", garment)
        if not seen.shoulders:
            assert "short-sleeved" not in garment
        assert not re.search("neck", garment)
        assert "  " not in prompt
        assert " ," not in prompt
        # The identity stays, whatever is visible: a child is a child from behind too.
        assert f"a {model.age:.0f}-year-old {model.gender}" in prompt
    # Where a garment's back is visible, the prompt does not ask to keep the print of its front.
    assert ("keep its colours, print and cut" in instruction) == seen.front


KINDS = st.builds(
    GarmentKind,
    st.sampled_from(Category),
    st.just(1.0),
    st.sampled_from(Sleeve),
    st.just(Neckline.V),
    st.sampled_from(Length),
)
SEEN = st.builds(VisibleParts, **{each.name: st.booleans() for each in fields(VisibleParts)})


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(sorted(roster())), kind=KINDS, seen=SEEN)
def test_whatever_is_left_out_is_not_said(name: str, kind: GarmentKind, seen: VisibleParts) -> None:
    assert_nothing_else_is_said(roster()[name], kind, seen)


def test_what_is_seen_is_said() -> None:
    tane, mila, saoirse = (roster()[name] for name in ("mn-tane", "ch-mila", "wm-saoirse"))
    kind = GarmentKind(Category.DRESS, 1, Sleeve.LONG, length=Length.KNEE)
    whole = describe_photograph(tane, kind, "", EVERYTHING)
    assert "hair in a bun" in whole
    assert "and a full beard, wearing a knee-length long-sleeved dress, natural skin texture, detailed hair" in whole
    assert "hair tied back" in describe_photograph(mila, kind, "", replace(EVERYTHING, nape=False))
    assert "freckles" in describe_photograph(saoirse, kind)
    # Falling hair is visible below the picture's upper edge, and a sleeve's end in a picture of legs.
    cropped = VisibleParts(hem=True, shoulders=False, elbows=False, head=False, nape=False, eyes=False, jaw=False)
    below = describe_photograph(saoirse, kind, "", cropped)
    assert re.search(r"with \w[\w ]* skin and \w[\w ]* hair, wearing a knee-length long-sleeved dress", below)
    assert "long straight" not in below
    assert "hair" not in describe_photograph(tane, kind, "", cropped).split("wearing")[0]
    nobody_s = VisibleParts(**{each.name: False for each in fields(VisibleParts)})
    assert describe_photograph(mila, kind, "jersey", nobody_s) == (
        f"studio modest everyday catalogue photo of a child, a {mila.age:.0f}-year-old girl, "
        "wearing plain everyday clothes, soft light, sharp focus"
    )
    assert instruct_edit(mila, kind, "", "picture", nobody_s).endswith("the pose of the body. Sharp focus.")
