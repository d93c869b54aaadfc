"""Stored files as responses, and the signed links that open them without a key."""

from __future__ import annotations

import time

from fastapi import Response

from app.api.http.state import AppState
from vmodel.service.storage.file_store import LINK_S, sign_link

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
# Browsers must show an uploaded file only as the type that it was checked to be.
_GUARD = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


def link_to(here: AppState, key: str) -> str:
    """Return the path that opens a file without a key.

    Its expiry time is rounded, so that a reloaded page finds its pictures in the browser's cache.
    """
    return f"/v1/files/{sign_link(here.secret, key, (time.time() // LINK_S + 2) * LINK_S)}"


def answer_picture(here: AppState, account_id: str, key: str, name: str | None = None) -> Response:
    """Return a stored file as a response.

    Args:
        here: the installation.
        account_id: account that must own it.
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
