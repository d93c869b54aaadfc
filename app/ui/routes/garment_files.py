"""Routes of a garment's additional files: the photo of its back, and a mask, uploaded or painted by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response

from app.api.http.error_handlers import status_of
from app.api.http.errors import BodyTooLarge, NotFound
from app.api.http.state import Here, Installation
from app.api.intake.garments import Change, read_change, read_painted
from app.ui.base.i18n import explain
from app.ui.base.session import LoginFirst, Visitor, words_for
from vmodel.errors import VModelError
from vmodel.service.accounts.auth import Login
from vmodel.service.garments.records import StoredGarment

router = APIRouter(prefix="/ui/garments", include_in_schema=False, route_class=LoginFirst)

_Id = Annotated[str, InPath(max_length=64, pattern=r"^[\w+-]+$")]
_File = Annotated[UploadFile, File()]


@router.post("/{garment_id}/back")
async def put_back(request: Request, garment_id: _Id, visitor: Visitor, here: Here, file: _File) -> Response:
    """Set the photo of the back."""
    return await _changed(
        request, visitor, here, lambda who: read_change(here, who, garment_id, Change(back=_content(file, here)))
    )


@router.put("/{garment_id}/mask")
async def put_mask(request: Request, garment_id: _Id, visitor: Visitor, here: Here, file: _File) -> Response:
    """Set a mask: a black and white picture of the photo's size."""
    return await _changed(
        request, visitor, here, lambda who: read_change(here, who, garment_id, Change(mask=_content(file, here)))
    )


@router.post("/{garment_id}/mask")
async def put_painted(request: Request, garment_id: _Id, visitor: Visitor, here: Here, file: _File) -> Response:
    """Set a mask that was painted on a smaller picture of the photo."""
    return await _changed(request, visitor, here, lambda who: read_painted(here, who, garment_id, _content(file, here)))


@router.delete("/{garment_id}/{kind}")
async def remove(request: Request, garment_id: _Id, kind: str, visitor: Visitor, here: Here) -> Response:
    """Remove the photo of the back, or the mask."""
    if kind not in {"back", "mask"}:
        raise NotFound("file")
    change = Change(back=b"") if kind == "back" else Change(mask=b"")
    return await _changed(request, visitor, here, lambda who: read_change(here, who, garment_id, change))


async def _changed(
    request: Request, visitor: Login, here: Installation, change: Callable[[str], StoredGarment]
) -> Response:
    """Apply a change in the reading pool and answer with the garment's id, or with the error in the page's language."""
    visitor.identity.require("shoot")
    who = visitor.identity.account_id
    try:
        return JSONResponse({"id": (await here.reading_pool.do(who, partial(change, who))).id})
    except VModelError as error:
        told = {"code": error.code, "message": explain(error, words_for(request))}
        return JSONResponse(told, status_of(error))


def _content(file: UploadFile, here: Installation) -> bytes:
    content = file.file.read(here.settings.max_upload_bytes + 1)
    if len(content) > here.settings.max_upload_bytes:
        raise BodyTooLarge(here.settings.max_upload_bytes)
    return content
