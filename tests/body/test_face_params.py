"""Face values: complete by default, checked when stated, limited for children."""

import dataclasses

import pytest

from vmodel.body.face.face_params import look_of
from vmodel.errors import ModelInvalid
from vmodel.types import Hair, VirtualModel


def invent(gender: str = "woman", age: float = 30, **look: object) -> VirtualModel:
    hair = Hair("bob", (0.05, 0.03, 0.02))
    return VirtualModel("x", "X", gender, age, "M", 170, {}, {}, (0.5, 0.33, 0.25), look, hair, 7)


def test_a_model_that_states_nothing_gets_a_complete_look() -> None:
    look = look_of(invent())
    assert all(getattr(look, field.name) is not None for field in dataclasses.fields(look) if field.name != "lips")


def test_the_same_seed_gives_the_same_look() -> None:
    assert look_of(invent()) == look_of(invent())


@pytest.mark.parametrize(
    "look", [{"eyes": "purple"}, {"freckles": 2}, {"brows": "wavy"}, {"nose": 1}, {"lips": [1, 2]}, {"lips": (2, 0, 0)}]
)
def test_a_value_out_of_range_is_refused_by_name(look: dict[str, object]) -> None:
    with pytest.raises(ModelInvalid, match=next(iter(look))):
        look_of(invent(**look))


def test_children_wear_no_makeup_and_have_no_beard() -> None:
    look = look_of(invent("boy", 9, makeup=1.0, lips="red", facial_hair="full-beard", stubble=1.0))
    assert (look.makeup, look.lips, look.facial_hair, look.stubble) == (0.0, None, "none", 0.0)
