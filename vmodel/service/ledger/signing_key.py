"""Key that signs the ledger's heads: Ed25519, from the installation's secret or a file in the state folder."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from vmodel.config import Settings
from vmodel.core.files import OWNER_FILE, OWNER_FOLDER, make_folder, write_durably
from vmodel.service.accounts.app_secret import derive_key
from vmodel.service.errors import LedgerKeyUnreadable


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """Return the installation's key.

    If ``Settings.secret`` is set, as it is for several machines, the key is derived from it. Otherwise it is a file of
    the state folder that only its owner can read, created on first use.

    Raises:
        LedgerKeyUnreadable: the file is damaged or holds another kind of key.
        OutputNotWritable: the state folder cannot be written.
    """
    if settings.secret is not None:
        seed = derive_key(settings.secret.get_secret_value().encode(), "ledger heads, version 1")
        return Ed25519PrivateKey.from_private_bytes(seed)
    path = key_path(settings)
    if not path.is_file():
        make_folder(path.parent, OWNER_FOLDER)
        fresh = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with contextlib.suppress(FileExistsError):  # of two processes that start at once, the first one's key stays
            write_durably(path, fresh, OWNER_FILE, exclusive=True)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise LedgerKeyUnreadable(str(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise LedgerKeyUnreadable(str(path))
    return key


def key_path(settings: Settings) -> Path:
    """Return the path of the key, for installations that do not derive it from the secret."""
    return settings.home / "ledger" / "signing-key.pem"


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key, as ``public_pem`` wrote it.

    Raises:
        LedgerKeyUnreadable: the file does not hold an Ed25519 public key.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise LedgerKeyUnreadable(str(path)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerKeyUnreadable(str(path))
    return key


def public_pem(key: Ed25519PublicKey) -> str:
    """Return the public key as PEM text, for auditors."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_id(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key's 32 bytes, hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
