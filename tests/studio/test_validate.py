"""A fault of a request has one code and one sentence, whether it comes by command line or as a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import VModelError
from vmodel.service.jobs.request import JobRequest
from vmodel.service.jobs.validation import check_job
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.validate import check_requests

ACCOUNT = "a" * 32
KEY = f"{ACCOUNT}/{'b' * 64}.jpg"


def refusal_of_command(garment: dict[str, Any], shot: dict[str, Any]) -> VModelError:
    request = ShotRequest(GarmentSource(Path("shirt.jpg"), **garment), pipeline="draft", **shot)
    with pytest.raises(VModelError) as told:
        check_requests([request], load_roster(Settings()), ["draft"])
    return told.value


def refusal_of_job(garment: dict[str, Any], shot: dict[str, Any]) -> VModelError:
    with pytest.raises(VModelError) as told:
        check_job(JobRequest(ACCOUNT, {"photo": KEY, **garment}, [shot], "key"), load_roster(Settings()))
    return told.value


@pytest.mark.parametrize(
    ("garment", "shot", "code"),
    [
        ({}, {"view": "up"}, "unknown_view"),
        ({}, {"framing": "whole"}, "unknown_framing"),
        ({}, {"light": "dim"}, "unknown_light"),
        ({}, {"style": "dim"}, "unknown_style"),
        ({}, {"shoes": "clogs"}, "unknown_shoes"),
        ({}, {"background": "meadow"}, "unknown_background"),
        ({}, {"pose": "flying"}, "unknown_pose"),
        ({}, {"channel": "nowhere"}, "unknown_channel"),
        ({}, {"model": "nobody"}, "unknown_model"),
        ({"category": "hat"}, {}, "unknown_category"),
        ({"material": "tin"}, {}, "unknown_material"),
        ({"width_cm": 3}, {}, "usage"),
        ({"length_cm": 250.5}, {}, "usage"),
        ({"width_cm": float("nan")}, {}, "usage"),
        ({"garment_size": "M"}, {}, "usage"),
        # The rules for child models are told before any other fault.
        ({"category": "swimwear", "width_cm": 3}, {"model": "ch-noah", "view": "up"}, "not_allowed_for_children"),
    ],
)
def test_a_fault_is_told_alike_at_every_door(garment: dict[str, Any], shot: dict[str, Any], code: str) -> None:
    command, job = refusal_of_command(garment, shot), refusal_of_job(garment, shot)
    assert (command.code, job.code) == (code, code)
    flags = {"--width-cm": "width_cm", "--length-cm": "length_cm", "--size-chart": "size_chart"}
    said = str(command).replace("--garment-size", "garment_size")
    for flag, field in flags.items():
        said = said.replace(flag, field)
    assert said == str(job)
