"""Store of pictures without mark, with which suspected copies are compared."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import obstore
from obstore.store import LocalStore, ObjectStore, from_url
from PIL import Image

from vmodel.config import Settings
from vmodel.core.colour import on_white
from vmodel.core.files import encode_picture, put_object
from vmodel.types import ByteArray


class Originals:
    """Store of one picture per licence and frames of its films, in the folder or bucket for pictures.

    They are for comparison, so they are kept as JPEG of quality 95 on white.
    """

    def __init__(self, settings: Settings, shelf: str = "originals") -> None:
        """Open the store.

        Args:
            settings: of the installation, for the store's location.
            shelf: folder in it.
        """
        self._store, self._shelf = _open_store(settings), shelf

    def put(self, licence_id: str, picture: ByteArray) -> None:
        """Store a picture.

        Args:
            licence_id: 32 hexadecimal digits.
            picture: (H, W, 3) sRGB or (H, W, 4) sRGB with straight alpha, uint8, without mark.
        """
        put_object(self._store, self._path(licence_id), encode_picture(on_white(picture), "jpeg"))

    def get(self, licence_id: str) -> ByteArray | None:
        """Return a picture, (H, W, 3) uint8 sRGB, or None if it is not there."""
        return self._read(self._path(licence_id))

    def put_frame(self, licence_id: str, frame_id: str, picture: ByteArray) -> None:
        """Store a frame of a film.

        Args:
            licence_id: 32 hexadecimal digits.
            frame_id: 32 hexadecimal digits.
            picture: (H, W, 3) uint8 sRGB without mark.
        """
        put_object(self._store, self._frame_path(licence_id, frame_id), encode_picture(picture, "jpeg"))

    def get_frame(self, licence_id: str, frame_id: str) -> ByteArray | None:
        """Return a frame, (H, W, 3) uint8 sRGB, or None if it is not there."""
        return self._read(self._frame_path(licence_id, frame_id))

    def _read(self, path: str, longest_px: int | None = None) -> ByteArray | None:
        try:
            content = obstore.get(self._store, path).bytes()
        except FileNotFoundError:
            return None
        with Image.open(io.BytesIO(bytes(content))) as opened:
            if longest_px is not None:
                opened.thumbnail((longest_px, longest_px))  # before it is decoded, so that JPEG skips what is not shown
            return np.asarray(opened.convert("RGB"))

    def small(self, licence_id: str, longest_px: int) -> ByteArray | None:
        """Return a picture shrunk for display, (H, W, 3) uint8 sRGB; None if it is not there."""
        return self._read(self._path(licence_id), longest_px)

    def delete(self, licence_id: str) -> None:
        """Delete a picture and the frames of its films; missing ones are ignored."""
        frames = [each["path"] for batch in obstore.list(self._store, self._folder(licence_id)) for each in batch]
        for path in (self._path(licence_id), *frames):
            with contextlib.suppress(FileNotFoundError):
                obstore.delete(self._store, path)

    def _path(self, licence_id: str) -> str:
        return f"{self._folder(licence_id)}.jpg"

    def _frame_path(self, licence_id: str, frame_id: str) -> str:
        return f"{self._folder(licence_id)}/{frame_id}.jpg"

    def _folder(self, licence_id: str) -> str:
        return f"{self._shelf}/{licence_id[-2:]}/{licence_id}"


def _open_store(settings: Settings) -> ObjectStore:
    if settings.files_url is not None and not settings.files_url.startswith("file://"):
        return from_url(settings.files_url)
    folder = Path(settings.files_url.removeprefix("file://")) if settings.files_url else settings.home / "rights"
    return LocalStore(folder, mkdir=True)
