"""Sets on the page: offered, ordered as their pictures, and chosen again."""

import json

import pytest

from app.api.http.state import AppState
from app.ui.view_models.casting import show_chooser
from app.ui.view_models.jobs import order_of
from app.ui.view_models.order_form import read_order
from app.ui.view_models.queries import GarmentRef
from vmodel.errors import BadUsage
from vmodel.shot.pose_sets import set_names


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_set_is_offered_with_what_it_shows(here: AppState, language: str) -> None:
    chooser = show_chooser(here, language)
    for name in set_names():
        offered = chooser.split(f'name="set" value="{name}"')
        assert len(offered) == 2
        assert len(offered[0].rpartition('title="')[2].partition('"')[0]) > 15


def test_a_set_is_ordered_as_its_pictures_and_chosen_again(here: AppState) -> None:
    shots = read_order({"garment": "g", "models": ["wm-ines", "ch-noah"], "set": "classic"}).shots(here.roster)
    assert len(shots) == 11
    assert {shot["framing"] for shot in shots if shot["model"] == "wm-ines"} == {"full", "chin-down", "detail"}
    again = json.loads(order_of(shots[:6], GarmentRef("g", "Tee", ""), {}))
    assert again["set"] == "classic"
    single = read_order({"garment": "g", "poses": ["walking"], "views": ["front", "back"]}).shots(here.roster)
    assert json.loads(order_of(single, GarmentRef("g", "Tee", ""), {}))["set"] is None


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"poses": ["walking"]}, "leave out poses, or the set"),
        ({"framing": "upper"}, "leave out framing, or the set"),
        ({"set": "catwalk"}, "use one of: classic"),
        ({"set": "kids"}, "is for child models"),
    ],
)
def test_a_set_that_cannot_be_is_explained(here: AppState, beside: dict[str, object], said: str) -> None:
    order = read_order({"garment": "g", "models": ["wm-ines"], "set": "classic", **beside})
    with pytest.raises(BadUsage, match=said):
        order.shots(here.roster)
