"""A model exclusive to one seller: refused to others, as are look-alikes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from sqlalchemy import select

from vmodel.body.model.roster import Roster, load_roster
from vmodel.config import Settings
from vmodel.core.database import Database
from vmodel.publishing.publisher import Holder, Publisher
from vmodel.rights.errors import ModelInUse, ModelReserved, NotReserved, TooManyReserved
from vmodel.rights.licence.certificate import Terms
from vmodel.rights.policy.model_distance import FACE_MM, TOO_CLOSE_MM, identity_distance, identity_of
from vmodel.rights.policy.model_reservation import (
    barred_models,
    check_exclusive,
    release_model,
    reserve_model,
    reserved_models,
)
from vmodel.rights.registry.tables import Refusal
from vmodel.shot.pipeline_interface import Shot
from vmodel.studio.dress_model import cast_models
from vmodel.studio.stage_cache import StageCache
from vmodel.types import Hair, VirtualModel

ROSTER = load_roster(Settings())
INES = ROSTER["wm-ines"]


def disguised(model: VirtualModel, model_id: str, by: float, seed: int = 0) -> VirtualModel:
    """Return the same person with every slider of the face moved a little, other hair and another tone of skin."""
    chance = np.random.default_rng(seed)
    moved = {
        name: value + by * float(chance.uniform(-1, 1)) if name.removeprefix("l-") in FACE_MM else value
        for name, value in model.local_changes.items()
    }
    tone = tuple(min(1.0, channel * 0.8) for channel in model.skin_tone)
    hair = Hair("bun" if model.hair.style != "bun" else "bob", (0.4, 0.2, 0.1), 20.0)
    return replace(model, id=model_id, local_changes=moved, hair=hair, skin_tone=tone)  # type: ignore[arg-type]


TWIN = disguised(INES, "wm-twin", 0.1)
MODELS = Roster({**ROSTER, "wm-twin": TWIN})


def test_no_two_models_of_the_roster_are_taken_for_one_person() -> None:
    closest = min(
        (identity_distance(identity_of(one), identity_of(other)), one.id, other.id)
        for one, other in combinations(ROSTER.values(), 2)
    )
    assert closest[0] >= TOO_CLOSE_MM, closest


@pytest.mark.parametrize("model", ROSTER.values(), ids=list(ROSTER))
def test_a_disguise_is_the_same_person(model: VirtualModel) -> None:
    for seed in range(5):
        other = disguised(model, "other", 0.1, seed)
        assert identity_distance(identity_of(model), identity_of(other)) < TOO_CLOSE_MM


def test_a_distance_is_symmetric_and_nothing_to_oneself() -> None:
    one, other = identity_of(INES), identity_of(ROSTER["mn-kenji"])
    assert identity_distance(one, other) == identity_distance(other, one) > 3 * TOO_CLOSE_MM
    assert identity_distance(one, one) == 0


def test_a_reserved_model_and_whoever_looks_like_it_are_for_nobody_else(any_database: Database) -> None:
    with any_database.transaction() as session:
        reserve_model(session, MODELS, "wm-ines", "anna")
        assert reserve_model(session, MODELS, "wm-ines", "anna").seller_id == "anna"
    with any_database.transaction() as session:
        for model in (INES, TWIN):
            check_exclusive(session, model, "anna")
            with pytest.raises(ModelReserved):
                check_exclusive(session, model, "bert")
            with pytest.raises(ModelReserved):
                reserve_model(session, MODELS, model.id, "bert")
        check_exclusive(session, MODELS["wm-hana"], "bert")
        assert barred_models(session, MODELS.values(), "bert") == {"wm-ines", "wm-twin"}
        assert barred_models(session, MODELS.values(), "anna") == frozenset()
        with pytest.raises(NotReserved):
            release_model(session, "wm-ines", "bert")
        release_model(session, "wm-ines", "anna")
        assert reserved_models(session) == []
        check_exclusive(session, TWIN, "bert")


def test_a_seller_has_as_many_models_alone_as_are_allowed(any_database: Database) -> None:
    with any_database.transaction() as session:
        reserve_model(session, MODELS, "wm-ines", "anna", most=1)
        with pytest.raises(TooManyReserved):
            reserve_model(session, MODELS, "wm-hana", "anna", most=1)


def test_nobody_gets_a_model_alone_that_others_have_shown(publisher: Publisher, worn_shot: Shot) -> None:
    publisher.publish(worn_shot, "jpeg", Holder("bert", "Bert", Terms()))
    with publisher.database.transaction() as session:
        for model_id in ("wm-ines", "wm-twin"):
            with pytest.raises(ModelInUse):
                reserve_model(session, MODELS, model_id, "anna")
        reserve_model(session, MODELS, "wm-ines", "bert")


def test_no_picture_of_anothers_model_is_published_and_the_refusal_is_noted(
    publisher: Publisher, worn_shot: Shot
) -> None:
    with publisher.database.transaction() as session:
        reserve_model(session, MODELS, "wm-ines", "anna")
    for model in (INES, TWIN):
        with pytest.raises(ModelReserved):
            publisher.publish(replace(worn_shot, model=model), "jpeg", Holder("bert", "Bert", Terms()))
    assert publisher.publish(worn_shot, "jpeg", Holder("anna", "Anna", Terms())).licence.model == "wm-ines"
    with publisher.database.reading() as session:
        assert {row.code for row in session.scalars(select(Refusal))} == {"model_reserved"}


def test_nobody_is_cast_whom_another_seller_has_alone(worn_shot: Shot, settings: Settings) -> None:
    stages, request = StageCache(settings), replace(worn_shot.request, model=None)
    first, second, *_ = cast_models(worn_shot.reading, request, stages)
    stages.barred = frozenset({first.id})
    assert cast_models(worn_shot.reading, request, stages)[0] == second
