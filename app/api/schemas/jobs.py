"""Request and response bodies of jobs and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from app.api.http.signed_links import link_to
from app.api.http.state import AppState
from app.api.http.strict_model import StrictModel
from app.api.schemas.garments import Reason
from vmodel.body.model.roster import Roster
from vmodel.limits import MOST_WORN
from vmodel.service.jobs.request import MOST_SHOTS, PRIORITIES
from vmodel.service.jobs.views import Job, JobShot
from vmodel.shot.pose_sets import STAGED, refuse_beside_set, stagings_of
from vmodel.shot.request import ShotRequest, field_of, format_size

_LONGEST_WORD = 64
_Word = Annotated[str, Field(max_length=_LONGEST_WORD)]


_NOT_ASKED = {"garment", "outfit", "tucked"}
"""Fields of a request that all pictures of a job share."""
_TOLD = {
    "background": "a name from /v1/choices, or a colour as #rrggbb",
    "style": "auto, casual or smart complete the outfit from vmodel's own wardrobe, as do names of its pieces, joined "
    "by +, see /v1/choices; plain leaves the base layer. Default: the style of this installation",
    "pipeline": "default: the pipeline of this installation",
    "steps": "denoising steps, one of the numbers that the plans price; null for the pipeline's default; not for draft",
}


def _option(name: str) -> tuple[Any, Any]:
    """Return a request's field as the API takes it: words have a bound, and a size is a text."""
    field = field_of(ShotRequest, name)
    told: dict[str, Any] = {"description": _TOLD.get(name, field.description), "examples": field.examples}
    if name == "size":
        return str, Field(format_size(ShotRequest.size), pattern=r"^\d{3,4}x\d{3,4}$", **told)
    kind = field.rebuild_annotation()
    if field.annotation in (str, str | None):
        kind = Annotated[kind, Field(max_length=_LONGEST_WORD)]
    told |= {"default": field.default, "default_factory": field.default_factory}
    return kind, Field(**told)


_options: dict[str, Any] = {
    each.name: _option(each.name) for each in fields(ShotRequest) if each.name not in _NOT_ASKED
}
_options["set"] = (
    Annotated[str | None, Field(max_length=_LONGEST_WORD)],
    Field(
        None,
        description="classic, street, studio or kids: the 4 to 6 pictures of this set instead of one, each with its "
        "own price; without pose, view and framing, which it decides",
        examples=[None],
    ),
)
ShotAsked = create_model(
    "ShotAsked",
    __base__=StrictModel,
    __doc__="One picture to make, or a set of pictures; omitted fields use their defaults.",
    **_options,
)


def asked_shots(shots: Sequence[BaseModel], roster: Roster) -> list[dict[str, Any]]:
    """Return fields of ``vmodel.shot.request.ShotRequest`` for each picture, those of sets one by one.

    Args:
        shots: ``ShotAsked``.
        roster: the models that may be asked for.
    Raises:
        UnknownModel: a set is asked of a model that does not exist.
        BadUsage: a set is unknown, is not for the model, or stands beside what it decides.
    """
    found = []
    for shot in shots:
        plain = shot.model_dump()
        name = plain.pop("set")
        if name is None:
            found.append(plain)
            continue
        stated = shot.model_dump(include=set(STAGED), exclude_unset=True, exclude_none=True)
        refuse_beside_set(name, list(stated))
        model = None if plain["model"] is None else roster[plain["model"]]
        found += [plain | asdict(each) for each in stagings_of(name, model)]
    return found


class WornWith(StrictModel):
    """Another garment of an outfit."""

    garment_id: str = Field(max_length=64, examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    colorway: _Word = Field(default="", description="colourway of a design; empty for its own colours")


class JobAsked(StrictModel):
    """Pictures of one garment, alone or worn with others."""

    garment_id: str = Field(max_length=64, examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    colorway: _Word = Field(default="", description="colourway of a design; empty for its own colours", examples=[""])
    worn_with: list[WornWith] = Field(
        default=[],
        max_length=MOST_WORN - 1,
        description="other garments of the outfit in any order; their categories set the layers",
    )
    tucked: bool = Field(ShotRequest.tucked, description=field_of(ShotRequest, "tucked").description)
    shots: list[ShotAsked] = Field(min_length=1, max_length=MOST_SHOTS)  # type: ignore[valid-type]
    priority: int = Field(
        default=5,
        ge=PRIORITIES[0],
        le=PRIORITIES[-1],
        description="priority among your own jobs, 0 to 9; 9 runs first",
        examples=[5],
    )


class Quote(BaseModel):
    """Price of a job, and the credits that you have."""

    credits: int = Field(description="price of the job in credits", examples=[4])
    available: int = Field(description="credits that you can spend", examples=[46])


class ShotLinks(BaseModel):
    """Links that work without a key for one to two hours."""

    picture: str | None = Field(examples=["/v1/files/Zm9v…"])
    preview: str | None
    sidecar: str | None
    model3d: str | None = Field(description="the dressed model in 3D, as glTF 2.0 binary")


class ShotMade(BaseModel):
    """One picture and its progress."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f-s000"])
    job_id: str
    number: int = Field(description="position in the job, from 0")
    asked: dict[str, Any] = Field(
        description="the shot as you requested it", examples=[{"model": "wm-ines", "pose": "walking"}]
    )
    state: str = Field(description="queued, running, done, failed or cancelled", examples=["running"])
    stage: str | None = Field(description="current stage", examples=["drape"])
    share: float = Field(description="progress of the picture, 0 to 1", examples=[0.4])
    credits: int = Field(description="price in credits, charged when the picture is done", examples=[1])
    seconds: float | None = Field(description="time that the picture took, in seconds")
    error: Reason | None = Field(description="why it failed, and what to do")
    deleted: bool
    links: ShotLinks


class JobMade(BaseModel):
    """One of your jobs and its pictures."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    state: str = Field(description="queued, running, done, partly_done, failed or cancelled", examples=["queued"])
    cancelling: bool = Field(description="true while a cancelled job stops its running picture")
    share: float = Field(description="progress of the job, 0 to 1")
    place: int | None = Field(
        description="position in the queue: job parts that run before its next one; null once it runs or has ended",
        examples=[3],
    )
    eta_s: float | None = Field(description="estimated seconds until it ends; null if there is no estimate yet")
    priority: int
    credits: int = Field(description="price of all its pictures in credits")
    charged: int = Field(description="credits charged so far, for delivered pictures")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    photo: str | None = Field(description="link to the garment's photo")
    shots: list[ShotMade]


def show_job(job: Job, here: AppState) -> JobMade:
    """Return a job as its owner sees it."""
    photo = _shown_photo(job, here)
    return JobMade(
        id=job.id,
        state=job.state,
        cancelling=job.cancelling,
        share=round(job.share, 3),
        place=job.place,
        eta_s=job.eta_s,
        priority=job.priority,
        credits=job.credits,
        charged=job.charged,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        photo=None if photo is None else link_to(here, photo),
        shots=[show_shot(shot, here) for shot in job.shots],
    )


def _shown_photo(job: Job, here: AppState) -> str | None:
    """Return the key of the picture that shows the garment: its photo, or the drawing of a design."""
    photo = str(job.garment.get("photo", ""))
    if "/" not in photo:
        return None
    if not photo.endswith((".design", ".svg")):
        return photo
    from vmodel.service.garments.designs import drawn_key_of

    with here.database.reading() as session:
        return drawn_key_of(session, job.account_id, photo)


def show_shot(shot: JobShot, here: AppState) -> ShotMade:
    """Return a picture as its owner sees it."""

    def link(key: str | None) -> str | None:
        return None if key is None else link_to(here, key)

    failed = shot.error_code is not None
    return ShotMade(
        id=shot.id,
        job_id=shot.job_id,
        number=shot.number,
        asked=shot.request,
        state=shot.state,
        stage=shot.stage,
        share=round(shot.share, 3),
        credits=shot.credits,
        seconds=shot.seconds,
        error=Reason(code=shot.error_code or "", message=shot.error_message or "") if failed else None,
        deleted=shot.deleted,
        links=ShotLinks(
            picture=link(shot.picture_key),
            preview=link(shot.preview_key),
            sidecar=link(shot.sidecar_key),
            model3d=link(shot.model3d_key),
        ),
    )
