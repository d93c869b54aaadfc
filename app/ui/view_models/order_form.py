"""Orders from the studio: the browser's input is validated and turned into jobs."""

from __future__ import annotations

from dataclasses import asdict, fields
from itertools import product
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.http.state import AppState
from vmodel.body.model.roster import Roster
from vmodel.config import default_pipeline, default_style
from vmodel.errors import BadUsage
from vmodel.limits import MOST_WORN
from vmodel.service.accounts.auth import Identity
from vmodel.service.garments.records import find_garment, source_of
from vmodel.service.jobs.errors import TooManyShots
from vmodel.service.jobs.request import MOST_SHOTS, JobRequest, with_outfit
from vmodel.shot.pose_sets import Staging, refuse_beside_set, stagings_of
from vmodel.shot.request import FocalMm, ShotRequest

FORMATS = {
    "portrait": "1024x768",
    "portrait-large": "2048x1536",
    "square": "1000x1000",
    "square-large": "2048x2048",
    "proof": "512x384",
}
"""Name on the page -> HEIGHTxWIDTH in pixels."""
MOST_COUNT = 8
LENSES = (35, 50, 85, 135)
"""Focal lengths that the page has a name for, millimetres; any other from 20 to 300 is typed."""
_Word = Annotated[str, Field(min_length=1, max_length=64)]
_Words = Annotated[list[_Word], Field(max_length=60)]


class Order(BaseModel):
    """Models, poses and views of one garment; every combination is a picture.

    Attributes:
        colorways: of a design, "" for its own colours; a job each. Empty for its own alone.
        worn_with: ids of further garments; tucked: tops go inside what is worn on the legs.
        models, poses: empty for vmodel's choice.
        set: of ``vmodel.shot.pose_sets``, in place of poses, views and framing.
        style: what completes the outfit.
        format: key of ``FORMATS``.
        focal_mm: of the lens; the framing stays, and a shorter one comes nearer.
        count: pictures of each combination, with seeds from 0 on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    garment: _Word
    colorways: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=13)] = []
    worn_with: Annotated[list[_Word], Field(max_length=MOST_WORN - 1)] = []
    tucked: bool = False
    models: _Words = []
    poses: _Words = []
    views: _Words = [ShotRequest.view]
    framing: _Word = ShotRequest.framing
    set: _Word | None = None
    background: _Word = ShotRequest.background
    light: _Word = ShotRequest.light
    style: _Word = Field(default_factory=default_style)
    shoes: _Word = ShotRequest.shoes
    focal_mm: FocalMm = ShotRequest.focal_mm
    format: _Word = "portrait"
    pipeline: _Word = Field(default_factory=default_pipeline)
    count: int = Field(default=1, ge=1, le=MOST_COUNT)

    def shots(self, roster: Roster) -> list[dict[str, Any]]:
        """Return fields of ``vmodel.shot.request.ShotRequest`` for each picture, in the order that keeps drapes warm.

        Args:
            roster: the models that may be asked for.
        Raises:
            BadUsage: the format is unknown, or the set is unknown, not for a model, or stands beside what it decides.
            UnknownModel: there is no such model to show a set.
            TooManyShots: more than a job may have.
        """
        if self.format not in FORMATS:
            raise BadUsage(f"Unknown format {self.format!r}; use one of: {', '.join(FORMATS)}.")
        # All pictures share the garment and the outfit, of which tucked tops are a part.
        named = {each.name for each in fields(ShotRequest)} - {"garment", "tucked"}
        like = self.model_dump(include=named) | {"size": FORMATS[self.format]}
        models: list[str | None] = [*self.models] or [None]
        stagings = {model: self._stagings(model, roster) for model in models}
        asked = sum(len(stagings[model]) for model in models) * self.count
        if asked > MOST_SHOTS:
            raise TooManyShots(asked, MOST_SHOTS)
        return [
            {**like, "model": model, **asdict(staging), "seed": seed}
            for model in models
            for staging, seed in product(stagings[model], range(self.count))
        ]

    def _stagings(self, model: str | None, roster: Roster) -> list[Staging]:
        if self.set is not None:
            given = {"poses": self.poses, "views": self.views, "framing": self.framing}
            refuse_beside_set(self.set, [name for name in given if name in self.model_fields_set and given[name]])
            return stagings_of(self.set, None if model is None else roster[model])
        poses: list[str | None] = [*self.poses] or [None]
        ways = product(poses, self.views or [ShotRequest.view])
        return [Staging(pose, view, self.framing) for pose, view in ways]


def read_order(plain: object) -> Order:
    """Parse the order that the browser sent.

    Raises:
        BadUsage: it is not an order.
    """
    try:
        return Order.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadUsage(f"The order is not understood ({where}: {first['msg']}); reload the page.") from None


def requests_of(order: Order, identity: Identity, here: AppState, key: str) -> list[JobRequest]:
    """Return the order as jobs: one, or one for each colourway.

    Args:
        order: from ``read_order``.
        identity: of the visitor.
        here: the installation.
        key: idempotency key, so that a double click is one job.
    Raises:
        VModelError: a garment is not the visitor's, or its photo was not recognised.
    """
    with here.database.reading() as session:
        garment = find_garment(session, identity.account_id, order.garment)
        further = [find_garment(session, identity.account_id, each) for each in order.worn_with]
    outfit = [source_of(each, here.store) for each in further]
    shots = with_outfit(order.shots(here.roster), outfit, order.tucked)
    ways = list(dict.fromkeys(order.colorways)) or [""]
    sources = [source_of(garment, here.store, way) for way in ways]
    return [
        JobRequest(identity.account_id, source, shots, f"{key}-{way}" if way else key)
        for way, source in zip(ways, sources, strict=True)
    ]


def price_order(order: Order, identity: Identity, here: AppState) -> tuple[int, int]:
    """Return (pictures, credits) of an order that would be accepted.

    Raises:
        VModelError: a name, a number or a rule makes it invalid.
    """
    from vmodel.service.jobs.validation import check_job  # it imports poses and materials, which takes seconds

    requests = requests_of(order, identity, here, "price")
    shots = [shot for request in requests for shot in check_job(request, here.roster)]
    return len(shots), sum(here.plans.price_shot(shot.pipeline, shot.size, shot.steps) for shot in shots)
