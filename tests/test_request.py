from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from vmodel.request import GarmentSource, ShotRequest, every_shot

LIKE = ShotRequest(GarmentSource(Path("shirt.jpg")), seed=5, pipeline="embedded", steps=3)


def test_each_combination_is_made_as_often_as_asked_with_one_seed_after_the_other() -> None:
    requests = every_shot([LIKE.garment], ["wm-ines", None], [None], ["front", "back"], LIKE, count=3)
    assert len(requests) == 12
    # One combination after the other, so that a stage that ignores the seed stays warm.
    assert [request.seed for request in requests] == [5, 6, 7] * 4
    assert [request.view for request in requests[:6]] == ["front"] * 3 + ["back"] * 3
    assert {request.steps for request in requests} == {3}


def test_a_request_comes_back_from_json_as_it_went() -> None:
    for request in (LIKE, replace(LIKE, steps=None)):
        assert ShotRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_a_request_that_was_written_before_there_were_steps_is_read() -> None:
    plain = LIKE.to_json()
    del plain["steps"]
    assert ShotRequest.from_json(plain) == replace(LIKE, steps=None)
