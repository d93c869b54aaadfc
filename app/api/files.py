"""Sellers' files over HTTP: through their owner's key, or by a signed link that expires."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.installation import Here, Installation
from vmodel.service.store import LINK_S, open_link, sign_link

router = APIRouter(prefix="/v1/files", tags=["files"])

_MEDIA_TYPE_OF = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "tif": "image/tiff",
    "heic": "image/heic",
    "json": "application/json",
    "design": "application/json",
    "glb": "model/gltf-binary",
}
# A file from outside is shown as what it was checked to be, or not at all.
_GUARD = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


@router.get("/{token}", response_class=Response, responses={200: {"content": {"image/*": {}}}})
def open_file(token: Annotated[str, Path(max_length=600)], here: Here) -> Response:
    """A picture by the signed link that a garment or shot carries; needs no key and works for an hour."""
    account_id, key = open_link(here.secret, token)
    return answer_picture(here, account_id, key)


def link_to(here: Installation, key: str) -> str:
    """Path that opens a file without a key.

    The moment at which it ends is rounded, so that a page that is loaded again finds its pictures in its cache.
    """
    return f"/v1/files/{sign_link(here.secret, key, (time.time() // LINK_S + 2) * LINK_S)}"


def answer_picture(here: Installation, account_id: str, key: str, name: str | None = None) -> Response:
    """A kept file as an answer.

    Args:
        here: the installation.
        account_id: whose it must be.
        key: of the file store.
        name: file name under which a browser saves it; None to show it.
    Raises:
        StoredFileMissing: there is none, or it is another account's.
    """
    content = here.store.get(account_id, key)
    media_type = _MEDIA_TYPE_OF.get(key.rsplit(".", 1)[-1], "application/octet-stream")
    headers = {**_GUARD, "Cache-Control": "private, max-age=3600, immutable"}
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(content, media_type=media_type, headers=headers)
