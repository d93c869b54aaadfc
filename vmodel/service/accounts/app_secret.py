"""Secret of the installation: signs links, cookies and callbacks, and encrypts second factors.

It never leaves the installation's machines.
"""

from __future__ import annotations

import contextlib
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vmodel.config import Settings
from vmodel.core.files import OWNER_FILE, make_home, write_durably
from vmodel.errors import OutputNotWritable

_BYTES = 32


def installation_secret(settings: Settings) -> bytes:
    """Return the secret: as set (for several machines on one database), or from a file in the state folder.

    The first use creates the file.

    Raises:
        OutputNotWritable: the state folder cannot be written.
    """
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    make_home(settings.home)
    path = settings.home / "secret"
    try:
        if not path.is_file():
            with contextlib.suppress(FileExistsError):  # of two processes that start at once, the first one's stays
                write_durably(path, secrets.token_bytes(_BYTES), OWNER_FILE, exclusive=True)
        return path.read_bytes()
    except OSError as error:
        raise OutputNotWritable(str(settings.home), error.strerror or str(error)) from None


def derive_key(secret: bytes, use: str) -> bytes:
    """Derive a key of 32 bytes from the secret, a different one for each use (HKDF with SHA-256, RFC 5869)."""
    return HKDF(hashes.SHA256(), length=32, salt=None, info=f"vmodel {use}".encode()).derive(secret)
