"""``vmodel verify``, ``trace``, ``revoke`` and ``vmodel rights``: check pictures, and manage licences and keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import say_error
from app.cli.errors import cli_errors
from app.cli.operator.rights_review import (
    add_detector,
    check_photos,
    consent_app,
    give_word,
    list_reserved,
    release,
    reserve,
    review_app,
)
from vmodel.errors import BadUsage, VModelError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList

    from vmodel.rights.verification.result import Verification
    from vmodel.rights.verification.verifier import Verifier

rights_app = typer.Typer(
    no_args_is_help=True, help="Manage keys, licences, certificates, model reservations, consents and photo reviews."
)
rights_app.command("reserve")(reserve)
rights_app.command("release")(release)
rights_app.command("reserved")(list_reserved)
rights_app.add_typer(consent_app, name="consent")
rights_app.command("attest")(give_word)
rights_app.command("check")(check_photos)
rights_app.command("detector")(add_detector)
rights_app.add_typer(review_app, name="review")

Files = Annotated[list[Path], typer.Argument(help="Pictures, films, sidecars or licence certificates.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Roots = Annotated[
    list[Path] | None,
    typer.Option("--root", help="Also trust this root certificate of another installation; may be repeated."),
]
Manifest = Annotated[
    Path | None,
    typer.Option(
        help="Write the stored Content Credentials (C2PA) of this picture to this .c2pa file; only for one FILE."
    ),
]
LicenceId = Annotated[str, typer.Argument(help="Licence id or its first letters; `vmodel verify` shows it.")]
RootKey = Annotated[
    Path | None, typer.Option(help="File of the root's private key; store it offline, not on this machine.")
]


def verify_files(files: Files, root: Roots = None, as_json: AsJson = False, manifest: Manifest = None) -> None:
    """Report for each file whether it is authentic, altered, a copy or unknown, and who may use it.

    Exit codes: 0 all are authentic with a valid licence, 1 some are not, 2 bad usage.
    """
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.rights.verification.verifier import Verifier

    with cli_errors(as_json):
        if manifest is not None and len(files) > 1:
            raise BadUsage("--manifest goes with one FILE, because it names one file to write.")
        settings = Settings()
        verifier = Verifier(settings, open_database(settings), *_read_roots(root or []))
    good = True
    for path in files:
        try:
            found = _verify_one(path, verifier)
            if manifest is not None and found.licence is not None:
                _give_back(path, found.licence.id, manifest, verifier)
        except VModelError as error:
            good = False
            say_error(error.code, str(error))
            if as_json:
                print(json.dumps({"file": str(path), "error": {"code": error.code, "message": str(error)}}))
            continue
        good = good and found.verdict == "authentic" and found.state in {"valid", "unchecked"}
        print(json.dumps({"file": str(path)} | found.to_json(), ensure_ascii=False) if as_json else _say(path, found))
    raise typer.Exit(0 if good else 1)


def trace_file(
    file: Annotated[Path, typer.Argument(help="Picture or film to look up.")], as_json: AsJson = False
) -> None:
    """Show the seller, job and licence of a picture or film. For operators only."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.rights.verification.trace import trace
    from vmodel.rights.verification.verifier import Verifier

    with cli_errors(as_json):
        settings = Settings()
        verifier = Verifier(settings, open_database(settings))
        found = trace(_content(file), file.name, verifier)
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        print("\n".join(f"{name}: {value}" for name, value in found.lines().items()))
    raise typer.Exit(0 if found.licence_id else 1)


def revoke_licence(
    licence_id: LicenceId,
    reason: Annotated[
        str, typer.Option(help="Reason, shown to anyone who verifies the picture.")
    ] = "withdrawn by the seller",
    by: Annotated[str, typer.Option(help="Who revokes it.")] = "operator",
) -> None:
    """Revoke a licence permanently. From then on `vmodel verify` reports it as revoked."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.rights.registry.queries import revoke

    with cli_errors(), open_database(Settings()).transaction() as session:
        shot = revoke(session, licence_id, reason, by)
    print(f"{shot.id}: revoked")


@rights_app.command("init")
def make_keys(
    name: Annotated[str | None, typer.Option(help="Issuer name in certificates.", show_default=False)] = None,
    root_key: RootKey = None,
) -> None:
    """Create the root, signing and watermark keys. Otherwise the first published picture creates them."""
    from vmodel.config import Settings
    from vmodel.rights.provenance.keys import keys_folder, make_authority, open_authority

    with cli_errors():
        settings = Settings()
        made = make_authority(settings, name, root_key)
        authority = open_authority(settings)
    print(f"{authority.name}: {keys_folder(settings)}{'' if made else ' (was there already; nothing changed)'}")


@rights_app.command("rotate")
def rotate_signer(
    root_key: RootKey = None,
    lost_since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="When somebody else may have got the old key (UTC); its later signatures do not count.",
            show_default=False,
        ),
    ] = None,
    mark: Annotated[
        bool, typer.Option("--mark", help="Replace the watermark key too; old marks are still read.")
    ] = False,
) -> None:
    """Replace the signing key. Signatures of earlier keys stay valid unless the key was lost."""
    from vmodel.config import Settings
    from vmodel.rights.provenance.keys import rotate_leaf, rotate_mark_key

    with cli_errors():
        lost_at = None if lost_since is None else lost_since.replace(tzinfo=UTC)
        if lost_at is not None and lost_at > datetime.now(UTC):
            raise BadUsage("--lost-since is a moment that has passed, in UTC.")
        authority = rotate_leaf(Settings(), root_key, lost_at)
        if mark:
            rotate_mark_key(Settings())
    print(f"signer {authority.leaf.serial_number:x}, until {authority.leaf.not_valid_after_utc:%Y-%m-%d}")


@rights_app.command("show")
def show_keys(
    pem: Annotated[bool, typer.Option("--pem", help="Print the root certificate, for others to trust.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the issuer, how long the keys are valid, and whether the root's private key is on this machine."""
    from vmodel.config import Settings
    from vmodel.rights.provenance.keys import fingerprint, open_authority

    with cli_errors(as_json):
        authority = open_authority(Settings())
    if pem:
        print(authority.trust_pem, end="")
        return
    shown = {
        "issuer": authority.name,
        "root": fingerprint(authority.root),
        "root until": f"{authority.root.not_valid_after_utc:%Y-%m-%d}",
        "root key": "on this machine; move it to a medium in a drawer" if authority.has_root_key else "offline",
        "signer": f"{authority.leaf.serial_number:x}",
        "signer until": f"{authority.leaf.not_valid_after_utc:%Y-%m-%d}",
        "folder": str(authority.folder),
    }
    print(json.dumps(shown) if as_json else "\n".join(f"{key}: {value}" for key, value in shown.items()))


@rights_app.command("certificate")
def write_certificate(
    licence_id: LicenceId,
    out: Annotated[Path | None, typer.Option(help="Write a page that prints on A4 to this .html file.")] = None,
    dci: Annotated[str | None, typer.Option(help="Record the DCI code that a registration centre issued.")] = None,
    registration: Annotated[
        bool, typer.Option("--registration", help="Print the data for a registration centre instead.")
    ] = False,
) -> None:
    """Print a licence certificate as JSON, or write it as an HTML page."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.core.files import write_whole
    from vmodel.rights.registry.original_store import Originals
    from vmodel.rights.registry.queries import get_shot, set_external_code
    from vmodel.rights.registry.registration_export import certificate_page, registration_data

    with cli_errors():
        settings = Settings()
        database = open_database(settings)
        with database.transaction() as session:
            if dci is not None:
                set_external_code(session, licence_id, "DCI", dci.strip())
            shot = get_shot(session, licence_id)
            if registration:
                print(json.dumps(registration_data(session, shot), ensure_ascii=False, indent=2))
            elif out is None:
                print(json.dumps(json.loads(shot.certificate), ensure_ascii=False, indent=2))
            else:
                page = certificate_page(session, shot, Originals(settings).get(shot.id))
                write_whole(out, page.encode())
                print(out)


def _verify_one(path: Path, verifier: Verifier) -> Verification:
    from vmodel.publishing.sidecar import record_sha256
    from vmodel.rights.verification.verifier import verify_paper

    content = _content(path)
    if path.suffix.lower() == ".json":
        return verify_paper(content, path, verifier, record_sha256)
    return verifier.verify(content, path.name)


def _give_back(path: Path, licence_id: str, out: Path, verifier: Verifier) -> None:
    """Write the manifest that a copy has lost, preferably that of the published file in the copy's format."""
    from vmodel.core.files import write_whole
    from vmodel.rights.provenance.c2pa import MIME_TYPES, sniff_mime
    from vmodel.rights.registry.queries import find_rendition

    mime = sniff_mime(_content(path))
    file_format = next((name for name, each in MIME_TYPES.items() if each == mime), "")
    with verifier.database.reading() as session:
        write_whole(out, find_rendition(session, licence_id, file_format).manifest)


def _say(path: Path, found: Verification) -> str:
    lines = [f"{found.verdict.value}: {path}: {found.reason}"]
    if found.licence is not None:
        licence = found.licence
        until = licence.valid_until or "no end"
        lines.append(f"  licence {licence.id}, {found.state}, issued by {licence.issuer}")
        lines.append(f"  {licence.seller} may use it for {', '.join(licence.permitted_uses)}")
        lines.append(f"  {licence.territory}, until {until}")
    return "\n".join(lines)


def _content(path: Path) -> bytes:
    from vmodel.errors import PhotoNotFound, PhotoTooLarge, UnreadablePhoto
    from vmodel.rights.fingerprint.query_image import MAX_MEGABYTES

    try:
        if path.stat().st_size > MAX_MEGABYTES * 10**6:
            raise PhotoTooLarge(path.name, path.stat().st_size / 1e6, MAX_MEGABYTES, unit="megabytes")
        return path.read_bytes()
    except (FileNotFoundError, ValueError):
        raise PhotoNotFound(str(path)) from None
    except OSError as error:
        raise UnreadablePhoto(path.name, error.strerror or str(error)) from None


def _read_roots(paths: list[Path]) -> tuple[list[Certificate], list[CertificateRevocationList]]:
    """Read roots and, where a file has it, the list of the leaves that were withdrawn."""
    from cryptography import x509

    from vmodel.rights.errors import CertificateInvalid

    try:
        contents = [_content(path) for path in paths]
        roots = [root for content in contents for root in x509.load_pem_x509_certificates(content)]
        return roots, [x509.load_pem_x509_crl(content) for content in contents if b"BEGIN X509 CRL" in content]
    except ValueError:
        raise CertificateInvalid("of a root cannot be read; it begins with BEGIN CERTIFICATE") from None
