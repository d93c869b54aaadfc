"""Keys of an installation: a root that may go offline, a leaf that signs, a secret for the invisible mark.

They are kept in ``VMODEL_HOME/rights/keys`` and made on first use:

* ``root.pem``: certificate of the root, which is public; third parties trust it.
* ``root.key``: its private key, needed only to rotate the leaf; move it to an offline medium.
* ``signer.pem``: private key and certificate of the leaf, which signs licences and manifests every day.
* ``mark.key``: 32 secret bytes; the invisible mark's patterns are derived from them. Without it no mark can be read.
* ``mark-1.key``, ``mark-2.key``, ...: its later generations. New pictures get the last one; all are read.
* ``retired/``: certificates of earlier leaves; what they signed stays valid unless they were withdrawn.
* ``withdrawn.pem``: list of withdrawn leaves (CRL, RFC 5280), signed by the root: from the date of its entry on a
  leaf's signature no longer counts.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vmodel.config import Settings
from vmodel.core.files import OWNER_FILE, OWNER_FOLDER, make_folders, make_home, sync_folder, write_durably
from vmodel.errors import OutputNotWritable
from vmodel.rights.errors import RightsKeysMissing

ROOT_YEARS = 25
LEAF_YEARS = 5
"""Term of a leaf. A manifest without a time stamp expires with its leaf, so leaves are valid long and rotated early."""


@dataclass(frozen=True)
class Authority:
    """Keys and certificates that an installation signs with.

    Attributes:
        folder: of the files.
        root: certificate that others trust.
        leaf: certificate of ``key``, issued by the root.
        key: signs licences and manifests.
        mark_keys: secrets of the invisible mark by generation; the last one marks new pictures.
        withdrawn: list of withdrawn leaves; None for none.
    """

    folder: Path
    root: x509.Certificate
    leaf: x509.Certificate
    key: Ed25519PrivateKey
    mark_keys: tuple[bytes, ...]
    withdrawn: x509.CertificateRevocationList | None = None

    @property
    def name(self) -> str:
        """Issuer that the root names."""
        return name_of(self.root)

    @property
    def mark_key(self) -> bytes:
        """Secret that marks new pictures."""
        return self.mark_keys[-1]

    def mark_key_of(self, generation: int) -> bytes:
        """Return the secret of a generation of the mark.

        Raises:
            RightsKeysMissing: this process read the keys before it was made, or its file is missing.
        """
        if generation >= len(self.mark_keys):
            raise RightsKeysMissing(
                f"The watermark's key mark-{generation}.key was not in {self.folder} when the keys were read",
                "restart vmodel, or restore the file from the backup",
            )
        return self.mark_keys[generation]

    @property
    def chain_pem(self) -> str:
        """Leaf, then root, as C2PA requires them."""
        return (_pem(self.leaf) + _pem(self.root)).decode()

    @property
    def key_pem(self) -> bytes:
        """The signer's private key (PKCS 8)."""
        return _key_pem(self.key)

    @property
    def root_pem(self) -> str:
        """Root certificate, which a third party needs in order to trust this installation."""
        return _pem(self.root).decode()

    @property
    def trust_pem(self) -> str:
        """Root certificate, then the list of withdrawn leaves if there is one: what a third party checks against."""
        return self.root_pem + ("" if self.withdrawn is None else _pem(self.withdrawn).decode())

    @property
    def has_root_key(self) -> bool:
        """Presence of the root's key on this machine; it should be moved elsewhere soon."""
        return (self.folder / "root.key").is_file()


def keys_folder(settings: Settings) -> Path:
    """Return the folder where the keys are, or will be."""
    return settings.home / "rights" / "keys"


def open_authority(settings: Settings) -> Authority:
    """Read the installation's keys; make them first if there are none.

    Raises:
        RightsKeysMissing: some keys are missing.
        OutputNotWritable: the keys cannot be made.
    """
    folder = keys_folder(settings)
    if not folder.is_dir():
        make_authority(settings)
    return read_authority(folder)


def make_authority(settings: Settings, name: str | None = None, root_key: Path | None = None) -> bool:
    """Make the keys of an installation, all at once or not at all.

    Args:
        settings: of the installation, for its home folder.
        name: issuer that certificates name; None for a random one that tells this installation from others.
        root_key: file to write the root's private key to, instead of the keys' folder.
    Returns:
        False if there were keys already; they stay unchanged.
    Raises:
        OutputNotWritable: a file cannot be written.
    """
    folder = keys_folder(settings)
    if folder.is_dir():
        return False
    make_home(settings.home)
    try:
        make_folders(folder.parent, OWNER_FOLDER)
        passing = Path(tempfile.mkdtemp(prefix=".keys-", dir=folder.parent))
        try:
            _fill(passing, name or f"vmodel {secrets.token_hex(4)}", root_key)
            # Fails if another process was faster; its keys are then used.
            passing.rename(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(passing, ignore_errors=True)
    except FileExistsError as error:
        raise OutputNotWritable(str(error.filename), "is there already") from None
    except OSError as error:
        if folder.is_dir():
            return False
        raise OutputNotWritable(str(folder.parent), error.strerror or str(error)) from None
    return True


def rotate_leaf(settings: Settings, root_key: Path | None = None, lost_at: datetime | None = None) -> Authority:
    """Replace the signing leaf by a new one; what earlier leaves signed stays valid.

    Args:
        settings: of the installation, for its home folder.
        root_key: file of the root's private key, if it is not in the keys' folder.
        lost_at: when somebody else may have got the old leaf's key; from then on its signatures do not count.
    Raises:
        RightsKeysMissing: the root's key is missing, or belongs to another root.
    """
    old = open_authority(settings)
    path = root_key or old.folder / "root.key"
    key = _private_key(path, "the root's key", "bring the medium that holds it and pass --root-key FILE")
    if key.public_key() != old.root.public_key():
        raise RightsKeysMissing(f"{path} is the key of another root", "pass the one that belongs to root.pem")
    retired = old.folder / "retired"
    make_folders(retired, OWNER_FOLDER)
    write_durably(retired / f"{old.leaf.serial_number:x}.pem", _pem(old.leaf), OWNER_FILE)
    if lost_at is not None:
        write_durably(old.folder / "withdrawn.pem", _pem(_with_withdrawn(old, key, lost_at)), OWNER_FILE)
    write_durably(old.folder / "signer.pem", _new_signer(old.root, key), OWNER_FILE)
    return read_authority(old.folder)


def rotate_mark_key(settings: Settings) -> Authority:
    """Add a generation of the mark's key, which marks new pictures; marks of earlier ones are still read.

    Raises:
        RightsKeysMissing: see ``read_authority``.
    """
    old = open_authority(settings)
    path = old.folder / f"mark-{len(old.mark_keys)}.key"
    write_durably(path, secrets.token_bytes(32), OWNER_FILE, exclusive=True)
    return read_authority(old.folder)


def read_authority(folder: Path) -> Authority:
    """Read the keys of a folder.

    Raises:
        RightsKeysMissing: one is missing or cannot be read.
    """
    restore = f"restore {folder} from the backup"
    try:
        root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
        leaf = x509.load_pem_x509_certificate((folder / "signer.pem").read_bytes())
        mark_keys = [(folder / "mark.key").read_bytes()]
        while (later := folder / f"mark-{len(mark_keys)}.key").is_file():
            mark_keys.append(later.read_bytes())
        listed = folder / "withdrawn.pem"
        withdrawn = x509.load_pem_x509_crl(listed.read_bytes()) if listed.is_file() else None
    except (OSError, ValueError) as error:
        raise RightsKeysMissing(f"The keys in {folder} cannot be read ({error})", restore) from None
    key = _private_key(folder / "signer.pem", "the signer", restore)
    return Authority(folder, root, leaf, key, tuple(mark_keys), withdrawn)


def name_of(certificate: x509.Certificate) -> str:
    """Return the organisation that a certificate names."""
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def fingerprint(certificate: x509.Certificate) -> str:
    """Format the SHA-256 of a certificate in pairs of digits, as people compare it."""
    digest = certificate.fingerprint(hashes.SHA256()).hex().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def _fill(folder: Path, name: str, root_key: Path | None) -> None:
    key = Ed25519PrivateKey.generate()
    subject = _subject(name, "root")
    root = (
        _builder(subject, subject, key.public_key(), ROOT_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, None)
    )
    write_durably(folder / "root.pem", _pem(root), OWNER_FILE)
    write_durably(root_key or folder / "root.key", _key_pem(key), OWNER_FILE, exclusive=True)
    write_durably(folder / "signer.pem", _new_signer(root, key), OWNER_FILE)
    write_durably(folder / "mark.key", secrets.token_bytes(32), OWNER_FILE)


def _new_signer(root: x509.Certificate, root_key: Ed25519PrivateKey) -> bytes:
    """Make the private key and certificate of a new leaf, with the extensions that C2PA requires."""
    key = Ed25519PrivateKey.generate()
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = (
        _builder(_subject(name_of(root), "signer"), root.subject, key.public_key(), LEAF_YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(issued_by, critical=False)
        .sign(root_key, None)
    )
    return _key_pem(key) + _pem(leaf)


def _with_withdrawn(old: Authority, root_key: Ed25519PrivateKey, lost_at: datetime) -> x509.CertificateRevocationList:
    """Return the list of withdrawn leaves with the present one added."""
    instant = datetime.now(UTC)
    listed = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(old.root.subject)
        .last_update(instant)
        .next_update(old.root.not_valid_after_utc)
    )
    for earlier in old.withdrawn or ():
        listed = listed.add_revoked_certificate(earlier)
    # Before its first day the leaf signed nothing, and a list holds no date before 1950.
    since = max(lost_at, old.leaf.not_valid_before_utc)
    entry = x509.RevokedCertificateBuilder().serial_number(old.leaf.serial_number).revocation_date(since).build()
    return listed.add_revoked_certificate(entry).sign(root_key, None)


def _builder(subject: x509.Name, issuer: x509.Name, public_key: object, years: int) -> x509.CertificateBuilder:
    # One hour back, because clocks of other machines may be slow.
    start = datetime.now(UTC) - timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)  # type: ignore[arg-type]
    )


def _subject(name: str, role: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{name[:50]} {role}"),
        ]
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: Ed25519PrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _private_key(path: Path, what: str, remedy: str) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise RightsKeysMissing(f"{what[0].upper()}{what[1:]} cannot be read from {path}", remedy) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise RightsKeysMissing(f"{path} is not an Ed25519 key", remedy)
    return key
