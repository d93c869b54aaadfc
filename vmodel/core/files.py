"""File output: files appear whole or not at all, and are on the disk when the call returns."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import logging
import os
import re
import stat
import tempfile
import threading
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vmodel.errors import OutputNotWritable
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_log = logging.getLogger(__name__)
OWNER_FILE: Final = 0o600
OWNER_FOLDER: Final = 0o700
"""Modes of files and folders of the state folder, which hold hashes, addresses and sellers' photos."""
_STATE: Final = ("vmodel.db*", "queue.db*", "secret", "ledger", "rights", "files", "models", "logs", "locks", "cache")
"""What the state folder holds, as patterns; anything else in it is somebody's own."""
CACHE_BYTES = 2 * 10**9
"""Largest size of the cache in bytes; a painted skin takes 60 MB."""
_LONGEST_STEM = 120
"""Longest stem in bytes; model, pose, view and endings of maps follow, and a file's name has 255 at most."""
#: What file systems say that have no hard links (a medium for the root's key), or that keep their lists themselves.
_NO_LINKS, _NO_FOLDER_SYNC = {errno.EPERM, errno.ENOTSUP}, {errno.EINVAL, errno.ENOTSUP}
FORMATS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "avif": ".avif"}
"""File format -> extension; only JPEG has no transparency."""


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Create a folder that files can be written to.

    Args:
        folder: may be there already.
        mode: permissions of what is created, of which the process's umask takes away.
    Raises:
        OutputNotWritable: it cannot be made or written.
    """
    try:
        make_folders(folder, mode)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputNotWritable(str(folder), error.strerror or str(error)) from None


def make_folders(folder: Path, mode: int = 0o777) -> None:
    """Create a folder and the missing ones above it; a power cut loses none of them.

    Raises:
        OSError: one cannot be made, or a file has its name.
    """
    if folder.is_dir():
        return
    make_folders(folder.parent, mode)
    folder.mkdir(mode, exist_ok=True)
    sync_folder(folder.parent)


def make_home(home: Path) -> None:
    """Create the state folder, see ``vmodel.config.Settings.home``, which only its owner reads.

    One that others can enter is closed, and a warning says so once.

    Raises:
        OutputNotWritable: it cannot be made or written.
    """
    try:
        make_folder(home, OWNER_FOLDER)
        if _is_open(home):
            for name in _STATE:
                for path in home.glob(name):
                    close_to_others(path)
            home.chmod(OWNER_FOLDER)
            _log.warning("The state folder %s could be read by other users of this machine; it is closed now.", home)
    except OutputNotWritable as error:
        remedy = "set VMODEL_HOME to a folder that can be written"
        raise OutputNotWritable(str(home), error.reason, remedy) from None


def close_to_others(path: Path) -> None:
    """Let only the owner read a file, or a folder and all in it; links are not followed.

    What belongs to another user, or vanishes meanwhile, is left out.
    """
    if path.is_symlink():
        return
    is_folder = path.is_dir()
    with contextlib.suppress(OSError):
        path.chmod(OWNER_FOLDER if is_folder else OWNER_FILE)
        for each in path.iterdir() if is_folder else ():
            close_to_others(each)


def make_private(path: Path) -> None:
    """Create an empty file that only its owner reads, for a library that would let others read what it creates.

    One that exists is not opened: closing it would release the locks that SQLite holds on it in this process.
    """
    with contextlib.suppress(OSError):  # the library reports it better
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE))


def _is_open(home: Path) -> bool:
    """Return whether others can enter a folder that is ours to close: not one like /tmp, or another user's."""
    status = home.stat()
    return bool(status.st_mode & 0o077) and not status.st_mode & stat.S_ISVTX and status.st_uid == os.geteuid()


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


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file under a temporary name, then rename it, so that readers never see half of it.

    Args:
        path: in a folder that exists.
        content: all of it.
        mode: permissions, of which the process's umask takes away.
    Raises:
        OutputNotWritable: the disk is full or the folder cannot be written.
    """
    try:
        write_durably(path, content, mode)
    except OSError as error:
        raise OutputNotWritable(str(path.parent), error.strerror or str(error)) from None


def write_durably(path: Path, content: bytes, mode: int = 0o666, exclusive: bool = False) -> None:
    """Write a file as ``write_whole`` does; after the return a power cut cannot lose it or leave half of it.

    Args:
        path: in a folder that exists.
        content: all of it.
        mode: permissions, of which the process's umask takes away.
        exclusive: leave a file that is there already, even if another process makes it at the same moment.
    Raises:
        FileExistsError: ``exclusive``, and the file is there already.
        OSError: it cannot be written.
    """
    # The temporary name is a digest, because a long name with a suffix could exceed the file system's limit.
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    passing = path.with_name(f".{digest}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if exclusive:
            _name_first(passing, path)
        else:
            passing.replace(path)
        sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            passing.unlink()


def _name_first(passing: Path, path: Path) -> None:
    """Give a file its name unless another one has it."""
    try:
        os.link(passing, path)
    except OSError as error:
        if path.exists():
            raise FileExistsError(errno.EEXIST, "is there already", str(path)) from None
        if error.errno not in _NO_LINKS:
            raise
        passing.replace(path)


def append_durably(path: Path, text: str) -> None:
    """Append text to a file that only its owner reads; a power cut after the return cannot lose it.

    Raises:
        OSError: it cannot be written.
    """
    is_new = not path.exists()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_FILE), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    if is_new:
        sync_folder(path.parent)


def put_object(store: ObjectStore, path: str, content: bytes) -> None:
    """Write a file of a store; in a folder of this machine only its owner reads it, and a power cut cannot lose it.

    Args:
        store: a folder or a bucket.
        path: in the store.
        content: all of it; it replaces what is there, which may be damaged.
    Raises:
        OSError, obstore.exceptions.BaseError: it cannot be written.
    """
    import obstore
    from obstore.store import LocalStore

    if not isinstance(store, LocalStore):
        obstore.put(store, path, content)
        return
    local = Path(str(store.prefix)) / path
    make_folders(local.parent, OWNER_FOLDER)
    write_durably(local, content, OWNER_FILE)


def sync_folder(folder: Path) -> None:
    """Write a folder's list of files to the disk, without which a new or renamed file can be lost in a power cut.

    Raises:
        OSError: the disk fails.
    """
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(opened)


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


def read_own_yaml(path: Traversable) -> Any:
    """Return what a YAML file of this package says, read by libyaml if that is there: ten times as fast.

    Never for files of others: libyaml's errors and limits are not those of ``yaml.safe_load``.
    """
    import yaml

    return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


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


def evict_oldest(folder: Path, limit_bytes: int) -> None:
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
