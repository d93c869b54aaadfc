from itertools import combinations
from pathlib import Path

import pytest

from vmodel.body.face.face_params import look_of
from vmodel.body.model.body import build_body
from vmodel.body.model.create import Girths, new_model, save_model, size_label
from vmodel.body.model.roster import SKIN_TONES, load_roster
from vmodel.config import Settings
from vmodel.errors import ModelInvalid, UnknownModel
from vmodel.rights.policy.model_distance import TOO_CLOSE_MM, identity_distance, identity_of


def test_the_roster_holds_adults_of_every_size_and_tone_and_children(tmp_path: Path) -> None:
    roster = load_roster(Settings(home=tmp_path))
    adults = [model for model in roster.values() if not model.is_child]
    children = [model for model in roster.values() if model.is_child]
    assert len(adults) >= 20
    assert len(children) >= 6
    assert {model.size for model in adults} == {"XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL"}
    assert {model.skin_tone for model in roster.values()} == set(SKIN_TONES.values())
    assert len({model.hair.style for model in roster.values()}) >= 8
    assert min(model.age for model in children) == 4
    assert max(model.age for model in adults) >= 70
    for model in roster.values():
        look_of(model)


@pytest.mark.parametrize("model_id", ["wm-hana", "wm-moana", "mn-minh", "mn-elias", "wm-ngozi", "mn-bao"])
def test_a_models_size_label_is_what_a_tape_measures(model_id: str, tmp_path: Path) -> None:
    model = load_roster(Settings(home=tmp_path))[model_id]
    assert size_label(model.gender, build_body(model).measurements) == model.size


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="wm-nobody"):
        load_roster(Settings(home=tmp_path))["wm-nobody"]


def test_a_new_model_has_the_girths_asked_for_and_joins_the_roster(tmp_path: Path) -> None:
    model = new_model(
        model_id="wm-own", name="Own", gender="woman", age=40, height_cm=166, girths=Girths(chest=96, waist=80, hip=104)
    )
    measured = build_body(model).measurements
    assert measured.height == pytest.approx(166, abs=0.1)
    assert (measured.chest, measured.waist, measured.hip) == pytest.approx((96, 80, 104), abs=1.5)
    settings = Settings(home=tmp_path)
    save_model(model, settings)
    assert load_roster(settings)["wm-own"] == model


def test_a_new_model_under_eighteen_is_refused() -> None:
    with pytest.raises(ModelInvalid, match="age 17"):
        new_model(model_id="wm-a", name="A", gender="woman", age=17, height_cm=160)
    with pytest.raises(ModelInvalid, match="roster only"):
        new_model(model_id="ch-a", name="A", gender="girl", age=20, height_cm=160)


def test_the_roster_has_young_and_old_faces_that_are_nobody_twice(tmp_path: Path) -> None:
    roster = load_roster(Settings(home=tmp_path))
    adults = [model for model in roster.values() if not model.is_child]
    assert (len(adults), len(roster)) == (36, 48)
    assert min(model.age for model in adults) == 18
    assert max(model.age for model in adults) == 75
    assert sum(model.age > 50 for model in adults) >= 10
    assert len({model.name for model in roster.values()}) == len(roster)
    assert len({model.seed for model in roster.values()}) == len(roster)
    assert all(model.expression for model in roster.values())
    told = [identity_of(model) for model in roster.values()]
    assert min(identity_distance(one, other) for one, other in combinations(told, 2)) > 1.3 * TOO_CLOSE_MM
