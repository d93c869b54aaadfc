"""Routes of a garment's additional files: the photo of its back, and a mask, uploaded or painted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response

from app.api.http.error_handlers import status_of
from app.api.http.errors import BodyTooLarge, NotFound
from app.api.http.state import Here, Installation
from app.api.intake.garments import Change, take_change, take_mask
from app.ui.base.i18n import explain
from app.ui.base.session import Visitor, words_for
from vmodel.errors import VModelError
from vmodel.service.accounts.auth import Login
from vmodel.service.garments.records import StoredGarment

router = APIRouter(prefix="/ui/garments", include_in_schema=False)

_Id = Annotated[str, InPath(max_length=64, pattern=r"^[\w+-]+$")]
_File = Annotated[UploadFile, File()]


@router.post("/{garment_id}/back")
def put_back(request: Request, garment_id: _Id, visitor: Visitor, here: Here, file: _File) -> Response:
    """Set the photo of the back."""
    return _changed(
        request, visitor, lambda: take_change(here, _who(visitor), garment_id, Change(back=_content(file, here)))
    )


@router.put("/{garment_id}/mask")
def put_mask(request: Request, garment_id: _Id, visitor: Visitor, here: Here, file: _File) -> Response:
    """Set a mask: a black and white picture of the photo's size."""
    return _changed(
        request, visitor, lambda: take_change(here, _who(visitor), garment_id, Change(mask=_content(file, here)))
    )


@router.post("/{garment_id}/mask")
def put_painted(request: Request, garment_id: _Id, visitor: Visitor, here: Here, file: _File) -> Response:
    """Set a mask that was painted on a smaller picture of the photo."""
    return _changed(request, visitor, lambda: take_mask(here, _who(visitor), garment_id, _content(file, here)))


@router.delete("/{garment_id}/{kind}")
def remove(request: Request, garment_id: _Id, kind: str, visitor: Visitor, here: Here) -> Response:
    """Remove the photo of the back, or the mask."""
    if kind not in {"back", "mask"}:
        raise NotFound("file")
    change = Change(back=b"") if kind == "back" else Change(mask=b"")
    return _changed(request, visitor, lambda: take_change(here, _who(visitor), garment_id, change))


def _who(visitor: Login) -> str:
    visitor.identity.require("shoot")
    return visitor.identity.account_id


def _changed(request: Request, visitor: Login, change: Callable[[], StoredGarment]) -> Response:
    """Apply a change and answer with the garment's id, or with the error in the page's language."""
    try:
        return JSONResponse({"id": change().id})
    except VModelError as error:
        told = {"code": error.code, "message": explain(error, words_for(request))}
        return JSONResponse(told, status_of(error))


def _content(file: UploadFile, here: Installation) -> bytes:
    content = file.file.read(here.settings.max_upload_bytes + 1)
    if len(content) > here.settings.max_upload_bytes:
        raise BodyTooLarge(here.settings.max_upload_bytes)
    return content
