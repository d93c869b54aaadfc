"""File output: files appear whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vmodel.errors import OutputNotWritable
from vmodel.types import ByteArray

CACHE_BYTES = 2 * 10**9
"""Largest size of the cache in bytes; a painted skin takes 60 MB."""
_LONGEST_STEM = 120
"""Longest stem in bytes; model, pose, view and endings of maps follow, and a file's name has 255 at most."""
FORMATS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "avif": ".avif"}
"""File format -> extension; only JPEG has no transparency."""


def make_folder(folder: Path) -> None:
    """Create a folder that files can be written to.

    Raises:
        OutputNotWritable: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputNotWritable(str(folder), error.strerror or str(error)) from None


def make_home(home: Path) -> None:
    """Create the state folder, see ``vmodel.config.Settings.home``.

    Raises:
        OutputNotWritable: it cannot be made or written.
    """
    try:
        make_folder(home)
    except OutputNotWritable as error:
        remedy = "set VMODEL_HOME to a folder that can be written"
        raise OutputNotWritable(str(home), error.reason, remedy) from None


def stem_of(photo: Path, longest: int = _LONGEST_STEM) -> str:
    """Return the printable stem of a photo or pose file, with which the names of derived files begin.

    Two photos may share a stem; the code that writes the files keeps them apart.

    Args:
        photo: the file.
        longest: limit in bytes.
    """
    text = os.fsencode(photo.stem)[:longest].decode("utf-8", "ignore")
    return "".join(letter if letter.isprintable() else "-" for letter in text) or "photo"


def safe_name(name: str) -> str:
    """Return a seller's text as a part of file names on any system; may be empty.

    It has at most 80 letters, and 120 bytes of the 255 that a name may have: a Chinese letter takes three.
    """
    plain = re.sub(r"[^\w.-]+", "-", name).strip(".-_")[:80]
    return plain.encode()[:120].decode("utf-8", "ignore").rstrip(".-_")


def json_bytes(content: object, indent: int) -> bytes:
    """Encode as JSON in UTF-8, including file names that are not valid UTF-8."""
    text = json.dumps(content, indent=indent, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate becomes a JSON escape


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it, so that readers never see half of it.

    Raises:
        OutputNotWritable: the disk is full or the folder cannot be written.
    """
    # The temporary name is a digest, because a long name with a suffix could exceed the file system's limit.
    passing = path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.{os.getpid()}.part")
    try:
        passing.write_bytes(content)
        passing.replace(path)
    except OSError as error:
        raise OutputNotWritable(str(path.parent), error.strerror or str(error)) from None
    finally:
        with contextlib.suppress(OSError):
            passing.unlink()


def sweep_unfinished(folder: Path) -> None:
    """Delete temporary files that a killed ``write_whole`` left in a folder; only for a folder nobody writes to."""
    for path in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            path.unlink()


def encode_picture(picture: ByteArray, file_format: str, quality: int = 95, xmp: bytes | None = None) -> bytes:
    """Encode a picture.

    Args:
        picture: (H, W, 3) sRGB or (H, W, 4) sRGB with straight alpha, uint8.
        file_format: a key of ``FORMATS``; JPEG has no alpha.
        quality: of JPEG, WebP and AVIF, 1..95.
        xmp: packet of metadata that the file carries; None for none.
    """
    stream = io.BytesIO()
    image = Image.fromarray(picture)
    packet = {} if xmp is None else {"xmp": xmp}
    if file_format == "jpeg":
        image.save(stream, "JPEG", quality=quality, subsampling=0, **packet)
    elif file_format == "webp":
        image.save(stream, "WEBP", quality=quality, method=2, **packet)
    elif file_format == "avif":
        image.save(stream, "AVIF", quality=quality, speed=8, subsampling="4:4:4", **packet)
    else:
        text = PngInfo()
        if xmp is not None:
            text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        image.save(stream, "PNG", compress_level=4, pnginfo=text)
    return stream.getvalue()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def identity(path: Path | None) -> tuple[str, int, int] | str | None:
    """Return a key that changes when the file does; cheap, for warm caches within one process."""
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return str(path)
    return str(path.resolve()), status.st_mtime_ns, status.st_size


def keep_newest(folder: Path, limit_bytes: int) -> None:
    """Delete the oldest ``.npz`` files below a cache folder until the rest fits.

    Other processes may do the same concurrently; a missing file is no error.

    Args:
        folder: need not exist.
        limit_bytes: total size that may stay.
    """
    found = []
    for path in folder.rglob("*.npz"):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_size, path))
    kept_bytes = 0
    for _, size, path in sorted(found, reverse=True):
        kept_bytes += size
        if kept_bytes > limit_bytes:
            with contextlib.suppress(OSError):
                path.unlink()
