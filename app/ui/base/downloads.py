"""Pictures as files to download: as made, or as a marketplace requires them."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Callable
from typing import IO

import numpy as np
from PIL import Image, ImageOps

from vmodel.publishing.marketplaces import MARKETPLACES, encode_for, find_marketplaces
from vmodel.rights.errors import LicenceRevoked
from vmodel.service.jobs.tables import DONE
from vmodel.service.jobs.views import Job, JobShot
from vmodel.service.storage.file_store import FileStore

ORIGINAL = "original"
"""Way of downloading pictures as they were made."""
WAYS = (ORIGINAL, *MARKETPLACES)


Authorise = Callable[[bytes, bytes], bytes]
"""Function that gives a smaller JPEG the authorisation of its picture: (content of the sidecar, JPEG) -> JPEG."""


def picture_for(store: FileStore, account_id: str, shot: JobShot, way: str, authorise: Authorise) -> tuple[bytes, str]:
    """Return a picture as a file; one for a marketplace carries licence, metadata and signature like the original.

    Args:
        store: where it is kept.
        account_id: whose it is.
        shot: finished, with its picture.
        way: of ``WAYS``.
        authorise: see ``Authorise``.
    Returns:
        Content and suffix.
    Raises:
        UnknownMarketplace: no such way.
        StoredFileMissing: it was deleted.
        LicenceRevoked: its licence was taken back, so that no further file is made of it.
    """
    key = str(shot.picture_key)
    content = store.get(account_id, key)
    if way == ORIGINAL:
        return content, key.rpartition(".")[2]
    (marketplace,) = find_marketplaces([way])
    sidecar = store.get(account_id, str(shot.sidecar_key))
    with Image.open(io.BytesIO(content)) as image:
        return authorise(sidecar, encode_for(marketplace, np.asarray(image))), "jpg"


def pack(store: FileStore, job: Job, way: str, name: str, authorise: Authorise, file: IO[bytes]) -> None:
    """Write every finished picture of a job into a ZIP; pictures whose licence was taken back are left out of it.

    Args:
        store: where they are kept.
        job: whose pictures.
        way: of ``WAYS``.
        name: of the garment.
        authorise: see ``Authorise``.
        file: opened for writing; left at its end.
    Raises:
        UnknownMarketplace: no such way.
    """
    shots = [shot for shot in job.shots if shot.state == DONE and shot.picture_key and not shot.deleted]
    # Compression would not make pictures smaller.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number, shot in enumerate(shots, start=1):
            with contextlib.suppress(LicenceRevoked):
                content, suffix = picture_for(store, job.account_id, shot, way, authorise)
                archive.writestr(file_name(shot, way, suffix, name, number), content)
    file.seek(0, io.SEEK_END)


def file_name(shot: JobShot, way: str, suffix: str, name: str, number: int) -> str:
    """Return the name of a picture's file, in ASCII: a marketplace's own, or garment, model, pose and view.

    Args:
        shot: the picture.
        way: of ``WAYS``.
        suffix: of the content.
        name: of the garment.
        number: place among the files, from 1.
    """
    if way != ORIGINAL:
        return MARKETPLACES[way].file_name(plain(name), number)
    asked = [str(shot.request[word]) for word in ("model", "pose", "view") if shot.request.get(word)]
    return f"{number:02d}-{plain('-'.join([name, *asked]))}.{suffix}"


def plain(name: str) -> str:
    """Return a name as part of a file's name, ASCII and never empty."""
    stem = re.sub(r"\.(jpe?g|png|webp|heic|tiff?)\b", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:80] or "vmodel"


def shrink(content: bytes, width: int) -> bytes:
    """Encode a picture as a WebP of at most this width, upright, with its transparency.

    Args:
        content: of a kept file, which was decoded once before it was kept.
        width: pixels.
    """
    import pillow_heif

    pillow_heif.register_heif_opener()
    with Image.open(io.BytesIO(content)) as opened:
        opened.draft("RGB", (width * 2, width * 2))
        image = ImageOps.exif_transpose(opened)
        image = image.convert("RGBA" if image.mode in {"RGBA", "LA", "PA"} else "RGB")
    image.thumbnail((width, width * 4), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=86, method=2)
    return stream.getvalue()
