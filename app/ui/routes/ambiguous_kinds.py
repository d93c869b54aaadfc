"""Previews for ambiguous photos: the garment worn as each category that it may be, for the seller to choose."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response

from app.api.http.errors import NotFound
from app.api.http.state import Here
from app.ui.base.session import LoginFirst, Visitor
from app.ui.view_models.designer import FITTING_SIZE
from vmodel.service.garments.records import find_garment, source_of
from vmodel.service.jobs.lifecycle import submit
from vmodel.service.jobs.request import JobRequest

router = APIRouter(prefix="/ui/garments", include_in_schema=False, route_class=LoginFirst)

_Id = Annotated[str, InPath(max_length=64, pattern=r"^[\w+-]+$")]
_LOOK = {"size": FITTING_SIZE, "pipeline": "draft", "fitting": True}
_SEEN_OF = ("photo", "mask")
"""Files that a preview depends on; sizes, fabric and back would need new pictures and not help to choose."""


@router.post("/{garment_id}/readings/{category}")
def put_on(garment_id: _Id, category: str, visitor: Visitor, here: Here) -> Response:
    """Order a small picture of a garment worn as one of the categories that its photo may show.

    A repeated request returns the same job. The picture costs nothing, since it is vmodel that asks; a garment of a
    certain category has none.
    """
    visitor.identity.require("shoot")
    account_id = visitor.identity.account_id
    with here.database.reading() as session:
        garment = find_garment(session, account_id, garment_id)
    seen = garment.understood or {}
    if not seen.get("question") or category not in {each["category"] for each in seen["hypotheses"]}:
        raise NotFound("reading")
    files = source_of(garment, here.store)
    source = {name: files[name] for name in _SEEN_OF if name in files} | {"category": category}
    digest = hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()
    asked = JobRequest(account_id, source, [_LOOK], f"reading-{digest}", offered=True)
    return JSONResponse({"id": submit(here.database, here.plans, here.roster, asked).id})
