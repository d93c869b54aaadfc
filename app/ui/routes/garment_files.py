"""Route of a cut-out that a seller paints on the page; all other files of a garment go through the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response

from app.api.http.errors import BodyTooLarge
from app.api.http.state import Here
from app.api.intake.garments import read_painted
from app.ui.base.session import LoginFirst, Visitor
from vmodel.service.garments.records import StoredGarment

router = APIRouter(prefix="/ui/garments", include_in_schema=False, route_class=LoginFirst)


@router.post("/{garment_id}/mask")
async def put_painted(
    garment_id: Annotated[str, InPath(max_length=64, pattern=r"^[\w+-]+$")],
    visitor: Visitor,
    here: Here,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Set a mask that was painted on a smaller picture of the photo."""
    visitor.identity.require("shoot")
    who, most = visitor.identity.account_id, here.settings.max_upload_bytes

    def paint() -> StoredGarment:
        content = file.file.read(most + 1)
        if len(content) > most:
            raise BodyTooLarge(most)
        return read_painted(here, who, garment_id, content)

    return JSONResponse({"id": (await here.reading_pool.run(who, paint)).id})
