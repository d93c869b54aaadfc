"""Secret of the installation: signs links, cookies and callbacks. It never leaves the installation's machines."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from vmodel.config import Settings
from vmodel.core.files import make_home
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
            _write_once(path)
        return path.read_bytes()
    except OSError as error:
        raise OutputNotWritable(str(settings.home), error.strerror or str(error)) from None


def _write_once(path: Path) -> None:
    """Write a fresh secret; if two processes start at once, that of the first one stays."""
    passing = path.with_name(f".secret.{os.getpid()}.{secrets.token_hex(4)}")
    passing.touch(mode=0o600)
    passing.write_bytes(secrets.token_bytes(_BYTES))
    try:
        os.link(passing, path)
    except FileExistsError:
        pass
    finally:
        passing.unlink()
