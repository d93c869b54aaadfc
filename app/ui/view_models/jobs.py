"""Jobs as the page shows them: the values that a template needs, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.api.http.state import AppState
from app.ui.base.downloads import WAYS
from app.ui.base.i18n import Words, explain_code, say_time, title_of
from app.ui.view_models.order_form import FORMATS
from app.ui.view_models.queries import GarmentRef, read_cast
from vmodel.body.shoes.catalogue import CANVAS_SHOES, split_name
from vmodel.limits import USUAL_FOCAL_MM
from vmodel.publishing.marketplaces import MARKETPLACES
from vmodel.service.jobs.tables import DONE
from vmodel.service.jobs.views import Job, JobShot
from vmodel.shot.pose_sets import Staging, find_set
from vmodel.shot.request import parse_size
from vmodel.shot.stages import label_of
from vmodel.wardrobe.styles import PLAIN

_ON_WHITE = ("white", "transparent")


@dataclass(frozen=True)
class ShotCard:
    """One picture.

    Attributes:
        ratio: CSS aspect ratio, width / height.
        preview: version that changes with the preview; empty without one.
        redo: the order that would make it again, JSON.
        space: there is a 3D model of it.
    """

    id: str
    state: str
    deleted: bool
    ratio: str
    percent: int
    stage: str
    preview: str
    problem: str
    caption: str
    alt: str
    made: str
    redo: str
    space: bool


@dataclass(frozen=True)
class JobCard:
    """One job.

    Attributes:
        drawn: of a design, which is shown front and back side by side.
        outfit: names of the other garments that are worn.
        outlook: place in the queue and how long it will take, as far as known.
        ready: a picture of it can be downloaded.
        redo: the order that would make it again, JSON.
        ways: form in which its pictures can be downloaded -> objections to them in this form, empty if none.
    """

    id: str
    name: str
    drawn: bool
    outfit: str
    at: datetime
    state: str
    state_word: str
    outlook: list[str]
    is_open: bool
    ready: bool
    percent: int
    credits: int
    charged: int
    redo: str
    ways: dict[str, str]
    shots: list[ShotCard]


def show_jobs(jobs: Sequence[Job], kept: Mapping[str, GarmentRef], here: AppState, words: Words) -> list[JobCard]:
    """Turn jobs into cards for the page.

    Args:
        jobs: of one account.
        kept: its garments that are still there, by the key of their photo.
        here: for the models' names.
        words: of the page.
    """
    return [_show_job(job, kept, here, words) for job in jobs]


def photos_of(jobs: Sequence[Job]) -> set[str]:
    """Return the keys of every garment's photo that these jobs name, those of their outfits included."""
    worn = (source for job in jobs for shot in job.shots for source in shot.request.get("outfit", ()))
    return {str(source.get("photo")) for source in (*(job.garment for job in jobs), *worn)}


def order_of(shots: Sequence[Mapping[str, Any]], garment: GarmentRef, kept: Mapping[str, GarmentRef]) -> str:
    """Return the order that would make these shots again, as JSON for the studio.

    Args:
        shots: their requests.
        garment: with an empty id where it was deleted.
        kept: the account's garments, by the key of their photo.
    """
    first = shots[0]
    formats = {size: name for name, size in FORMATS.items()}

    def every(word: str) -> list[Any]:
        return list(dict.fromkeys(shot[word] for shot in shots if shot.get(word)))

    worn = [kept.get(str(source.get("photo"))) for source in first.get("outfit", ())]
    order = {
        "garment": garment.id,
        "colorways": [garment.colorway],
        "worn_with": [each.id for each in worn if each is not None],
        "tucked": bool(first.get("tucked")),
        "models": every("model"),
        "poses": every("pose"),
        "views": every("view"),
        "framing": first["framing"],
        "set": find_set(
            list(dict.fromkeys(Staging(shot.get("pose"), shot["view"], shot["framing"]) for shot in shots))
        ),
        "background": first["background"],
        "light": first["light"],
        "style": first.get("style", PLAIN),
        "shoes": split_name(str(first.get("shoes", CANVAS_SHOES)))[0],
        "focal_mm": first.get("focal_mm", USUAL_FOCAL_MM),
        "format": formats.get(str(first["size"]), "portrait"),
        "pipeline": first["pipeline"],
        "count": len({shot["seed"] for shot in shots}),
    }
    return json.dumps(order)


def _show_job(job: Job, kept: Mapping[str, GarmentRef], here: AppState, words: Words) -> JobCard:
    garment = _garment_of(job, kept, words)
    name = words["comma"].join(each for each in (title_of(garment.name), garment.colorway) if each)
    worn = [kept.get(str(source.get("photo"))) for source in job.shots[0].request.get("outfit", ())]
    told = words["jobs"]
    state = told["cancelling"] if job.cancelling and job.is_open else told["state"][job.state]
    ready = any(shot.state == DONE and not shot.deleted for shot in job.shots)
    return JobCard(
        id=job.id,
        name=name,
        drawn=str(job.garment.get("photo")).endswith((".design", ".svg")),
        outfit=words["comma"].join(title_of(each.name) for each in worn if each is not None),
        at=job.created_at,
        state=job.state,
        state_word=state,
        outlook=_outlook(job, words),
        is_open=job.is_open,
        ready=ready,
        percent=round(100 * job.share),
        credits=job.credits,
        charged=job.charged,
        redo=order_of([shot.request for shot in job.shots], garment, kept),
        ways={way: _falls_short(way, job, words) for way in WAYS},
        shots=[_show_shot(shot, job, name, kept, here, words) for shot in job.shots],
    )


def _falls_short(way: str, job: Job, words: Words) -> str:
    """Return a marketplace's objections to these pictures, which are not enlarged and keep their background."""
    if way not in MARKETPLACES:
        return ""
    wanted, found = MARKETPLACES[way], []
    most = min(max(parse_size(str(shot.request["size"]))) for shot in job.shots)
    if most < max(wanted.size):
        found.append(words["jobs"]["too_small"].format(n=most))
    if wanted.background == "white" and any(shot.request.get("background") not in _ON_WHITE for shot in job.shots):
        found.append(words["jobs"]["not_white"])
    return str(words["comma"].join(found))


def _outlook(job: Job, words: Words) -> list[str]:
    told, found = words["jobs"], []
    if job.place is not None:
        found.append(
            told["next"]
            if job.place == 0
            else told["place_one"]
            if job.place == 1
            else told["place"].format(n=job.place)
        )
    if job.eta_s is not None:
        found.append(told["eta"].format(time=say_time(job.eta_s, words)))
    return found


def _show_shot(
    shot: JobShot, job: Job, name: str, kept: Mapping[str, GarmentRef], here: AppState, words: Words
) -> ShotCard:
    model_id, pose = _cast(shot, job.account_id, here)
    garment = _garment_of(job, kept, words)
    model = here.roster[str(model_id)].name if model_id in here.roster else words["models"]["auto"]
    posed = words["pose"].get(pose, pose) if pose else words["poses"]["auto"]
    view = str(shot.request.get("view"))
    told = [posed] if view == "front" else [posed, words["view"].get(view, view)]
    height, width = parse_size(str(shot.request["size"]))
    return ShotCard(
        id=shot.id,
        state=shot.state,
        deleted=shot.deleted,
        ratio=f"{width} / {height}",
        percent=round(100 * shot.share),
        stage=str(words["stage"][label_of(shot.stage)]) if shot.stage else "",
        preview=(shot.preview_key or "").rpartition("/")[2][:12],
        problem=explain_code(shot.error_code, shot.error_message or "", words) if shot.error_code else "",
        caption=words["comma"].join(dict.fromkeys([model, *told])),
        alt=words["shot"]["picture_alt"].format(model=model, garment=name, pose=words["comma"].join(told)),
        made=words["shot"]["made"].format(seconds=round(shot.seconds)) if shot.seconds is not None else "",
        redo=order_of([shot.request], garment, kept),
        space=shot.model3d_key is not None,
    )


def _cast(shot: JobShot, account_id: str, here: AppState) -> tuple[Any, Any]:
    """Return model and pose as requested; for a finished picture, those that were chosen for it."""
    asked = shot.request.get("model"), shot.request.get("pose")
    if None not in asked or shot.deleted or shot.sidecar_key is None:
        return asked
    chosen = read_cast(here.store, account_id, shot.sidecar_key)
    return asked[0] or chosen[0], asked[1] or chosen[1]


def _garment_of(job: Job, kept: Mapping[str, GarmentRef], words: Words) -> GarmentRef:
    return kept.get(str(job.garment.get("photo")), GarmentRef("", words["garment"]["title"], ""))
