"""Sellers' files: content-addressed storage in a folder or in S3, GCS or Azure, chosen by its address.

A key is ``<account_id>/<sha256>.<suffix>``. Callers name the account and cannot reach another account's files.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from vmodel.config import Settings
from vmodel.core.files import OWNER_FILE, OWNER_FOLDER, make_folder, put_object
from vmodel.core.storage_faults import explain_fault
from vmodel.service.storage.errors import LinkInvalid, StoredFileDamaged, StoredFileMissing, StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

LINK_S = 3600
"""Lifetime of a link to a picture, in seconds."""
_PROBE_BYTES = 65_536
_KEY = re.compile(r"([0-9a-z][0-9a-z_-]{0,63})/([0-9a-f]{64})\.([a-z0-9]{1,8})")


@dataclass(frozen=True)
class StoredFile:
    """One stored file.

    Attributes:
        size: bytes.
        put_at: when it was written last.
    """

    key: str
    size: int
    put_at: datetime


class FileStore:
    """Files of all accounts behind one address."""

    def __init__(self, url: str) -> None:
        """Open the store.

        Args:
            url: ``file:///folder``, ``s3://bucket/prefix``, ``gs://...`` or ``az://...``; credentials, endpoint and
                region come from the cloud's own variables (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, ...).
        Raises:
            StoreUnavailable: the address is invalid, or its folder cannot be made.
        """
        from obstore.store import from_url

        with _reachable():
            self._objects: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    def put(self, account_id: str, content: bytes, suffix: str) -> str:
        """Store a file; identical content of an account is stored once.

        When this returns, the file survives a power cut, so that a row may name it. It is written even if it is there,
        which may be damaged.

        Args:
            account_id: the owner.
            content: all of it.
            suffix: its extension without the dot, such as "png".
        Returns:
            The key.
        Raises:
            NoSpaceLeft: the disk is full.
            StoreUnavailable: it could not be written.
        """
        key = key_of(account_id, content, suffix)
        with _reachable():
            put_object(self._objects, key, content)
        return key

    def get(self, account_id: str, key: str) -> bytes:
        """Return the content of a file.

        Raises:
            StoredFileMissing: there is none, or it is another account's.
            StoredFileDamaged: its content does not match the hash in its key.
            StoreUnavailable: the store does not answer.
        """
        import obstore

        check_key(account_id, key)
        with _reachable():
            try:
                content = bytes(obstore.get(self._objects, key).bytes())
            except FileNotFoundError:
                raise StoredFileMissing(key) from None
        if key_of(account_id, content, key.rpartition(".")[2]) != key:
            raise StoredFileDamaged(key)
        return content

    def has(self, account_id: str, key: str) -> bool:
        """Return whether the file is stored for this account."""
        return is_key_of(account_id, key) and self._size(key) is not None

    def delete(self, account_id: str, key: str) -> None:
        """Delete a file; a file that is already gone is not an error.

        Raises:
            StoredFileMissing: the key is another account's.
            StoreUnavailable: the store does not answer.
        """
        import obstore

        check_key(account_id, key)
        with _reachable():
            try:
                obstore.delete(self._objects, key)
            except FileNotFoundError:
                return

    def keys(self, account_id: str) -> Iterator[StoredFile]:
        """Yield every file of an account."""
        yield from self._list(f"{account_id}/")

    def every_file(self) -> Iterator[StoredFile]:
        """Yield every file of every account."""
        yield from self._list(None)

    def delete_account(self, account_id: str) -> int:
        """Delete every file of an account.

        Returns:
            Number of files deleted.
        """
        found = list(self.keys(account_id))
        for file in found:
            self.delete(account_id, file.key)
        return len(found)

    def check(self) -> None:
        """Check that the store answers, by asking for a file that does not exist; write to a folder for a moment.

        Raises:
            NoSpaceLeft: the folder's disk is full.
            StoreUnavailable: it does not answer, or not as a store of files.
        """
        from obstore.store import LocalStore

        if isinstance(self._objects, LocalStore):
            try:
                with _reachable(), tempfile.TemporaryFile(dir=str(self._objects.prefix), buffering=0) as probe:
                    probe.write(bytes(_PROBE_BYTES))
            except FileNotFoundError:
                raise StoreUnavailable("its folder is gone") from None
        self._size(f"_/{'0' * 64}.none")

    def _size(self, key: str) -> int | None:
        import obstore

        with _reachable():
            try:
                return int(obstore.head(self._objects, key)["size"])
            except FileNotFoundError:
                return None

    def _list(self, prefix: str | None) -> Iterator[StoredFile]:
        import obstore

        with _reachable():
            for page in obstore.list(self._objects, prefix):
                for entry in page:
                    if _KEY.fullmatch(entry["path"]):
                        yield StoredFile(entry["path"], entry["size"], entry["last_modified"])


def open_store(settings: Settings) -> FileStore:
    """Open the store of an installation: at the address that is set, or in the state folder.

    Raises:
        StoreUnavailable: it does not answer.
        OutputNotWritable: the state folder cannot be written.
    """
    return FileStore(files_address(settings))


def files_address(settings: Settings) -> str:
    """Return the address of an installation's files: as set, or a folder in the state folder, created if missing.

    Raises:
        OutputNotWritable: the state folder cannot be written.
    """
    if settings.files_url is not None:
        return settings.files_url
    folder = settings.home / "files"
    make_folder(folder, OWNER_FOLDER)
    return folder.resolve().as_uri()


def key_of(account_id: str, content: bytes, suffix: str) -> str:
    """Return the key under which a file would be stored.

    Raises:
        ValueError: the account or the suffix could not be part of a key.
    """
    key = f"{account_id}/{hashlib.sha256(content).hexdigest()}.{suffix}"
    if not is_key_of(account_id, key):
        raise ValueError(f"no key can be made of account {account_id!r} and suffix {suffix!r}")
    return key


def is_key_of(account_id: str, key: str) -> bool:
    """Return whether the key is well-formed and of this account."""
    match = _KEY.fullmatch(key)
    return match is not None and match[1] == account_id


def check_key(account_id: str, key: str) -> None:
    """Reject a key that is not of this account.

    Raises:
        StoredFileMissing: malformed or another account's, which the caller cannot tell apart.
    """
    if not is_key_of(account_id, key):
        raise StoredFileMissing(key)


def sign_link(secret: bytes, key: str, expires_at: float) -> str:
    """Sign a token that opens one file until a moment, for a page's ``<img>``, which sends no API key.

    Args:
        secret: of the installation, see ``vmodel.service.accounts.app_secret``.
        key: of the file.
        expires_at: seconds since 1970.
    Returns:
        Letters, digits, "-", "_" and "." only.
    """
    return _signer(secret).sign(base64_encode(f"{int(expires_at)}:{key}")).decode()


def open_link(secret: bytes, token: str, at: float | None = None) -> tuple[str, str]:
    """Verify a token of ``sign_link`` and return the file that it opens.

    Args:
        secret: of the installation.
        token: as it came from outside.
        at: seconds since 1970; now by default.
    Returns:
        (account_id, key).
    Raises:
        LinkInvalid: changed, signed by another installation, or expired.
    """
    try:
        expires_at, key = base64_decode(_signer(secret).unsign(token)).decode().split(":", 1)
    except BadData:
        raise LinkInvalid from None
    if int(expires_at) < (time.time() if at is None else at):
        raise LinkInvalid
    return key.split("/", 1)[0], key


def write_local(store: FileStore, account_id: str, key: str, folder: Path) -> Path:
    """Copy a file of the store to this machine and return its path; a file that is there already is not fetched again.

    Raises:
        StoredFileMissing, StoredFileDamaged, StoreUnavailable, OutputNotWritable: see ``FileStore.get``.
    """
    from vmodel.core.files import write_whole

    check_key(account_id, key)
    path = folder / key
    if not path.is_file():
        make_folder(path.parent, OWNER_FOLDER)
        write_whole(path, store.get(account_id, key), OWNER_FILE)
    return path


def _signer(secret: bytes) -> Signer:
    return Signer(secret, b"vmodel link", key_derivation="hmac", digest_method=hashlib.sha256)


@contextmanager
def _reachable() -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError, ValueError) as error:
        if full := explain_fault(error):
            raise full from None
        raise StoreUnavailable(" ".join(str(error).split())[:200] or type(error).__name__) from None
