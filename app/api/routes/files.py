"""Route of sellers' files, opened by a signed link that expires."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.http.signed_links import answer_picture
from app.api.http.state import Here
from vmodel.service.storage.file_store import open_link

router = APIRouter(prefix="/v1/files", tags=["files"])


@router.get("/{token}", response_class=Response, responses={200: {"content": {"image/*": {}}}})
def open_file(token: Annotated[str, Path(max_length=600)], here: Here) -> Response:
    """Get a picture by the signed link of a garment or shot. The link works for one to two hours and needs no key."""
    account_id, key = open_link(here.secret, token)
    return answer_picture(here, account_id, key)
