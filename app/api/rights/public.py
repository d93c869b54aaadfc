"""Public verification routes, without a key: is a picture authentic, who may use it, until when."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from app.api.http.errors import NotFound
from app.api.http.state import AppState, Here
from app.api.rights.public_verifier import LOOKED_AT_A_MINUTE, MOST_BYTES, CountFirst, PublicVerifierDep, check_size
from vmodel.core.database import now
from vmodel.rights.errors import LicenceUnknown
from vmodel.rights.licence.certificate import Licence, parse_licence
from vmodel.rights.provenance.keys import keys_folder, read_authority
from vmodel.rights.registry.queries import external_codes, find_rendition, find_revocation, state_of
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.result import Verification

router = APIRouter(prefix="/v1", tags=["verification"], route_class=CountFirst)

LicenceId = Annotated[
    str, Path(description="Full id of the licence.", max_length=64, examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
]

FileFormat = Annotated[
    str,
    Query(description="png, jpeg, webp, avif or mp4: the file format, if there are several files", max_length=10),
]
_MANIFEST = "application/c2pa"


class PublicLicence(BaseModel):
    """Public part of a licence: who may use a picture, for what, where, until when."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    seller: str = Field(description="who may use the picture", examples=["Atelier Nord"])
    permitted_uses: list[str] = Field(examples=[["online shop", "print"]])
    territory: str = Field(examples=["worldwide"])
    valid_from: str = Field(description="first day", examples=["2026-11-01"])
    valid_until: str = Field(description="last day; empty if it does not end", examples=["2027-10-31"])
    channel: str = Field(
        description="channel whose AI label rules the picture follows; empty for any", examples=["tmall"]
    )
    model: str = Field(examples=["wm-ines"])
    model_rights: str = Field(description="invented, or the id of a person's consent", examples=["invented"])
    pipeline: str = Field(examples=["draft"])
    issuer: str = Field(examples=["Atelier Nord"])
    issued_at: str = Field(examples=["2026-11-01T08:30:00Z"])

    @classmethod
    def of(cls, licence: Licence) -> PublicLicence:
        """Return the public part of a licence."""
        return cls(**{name: getattr(licence, name) for name in cls.model_fields})


class Answer(BaseModel):
    """Result of verifying a picture or film."""

    verdict: str = Field(description="authentic, altered, copy or unknown", examples=["authentic"])
    reason: str = Field(description="reason in one sentence", examples=["its signed manifest is whole"])
    found_by: str = Field(
        description="how it was recognised: manifest, pixels, mark or likeness; empty for unknown",
        examples=["manifest"],
    )
    state: str = Field(description="state of the licence: valid, revoked, expired …; empty if none", examples=["valid"])
    licence: PublicLicence | None
    codes: dict[str, str] = Field(
        description="registration centre to its code", examples=[{"DCI": "86.3001/C00000001"}]
    )
    film_second: float | None = Field(description="second in the published film, if the picture is a frame of it")
    at_second: float | None = Field(description="second in your file, if it is a film and a frame was recognised")

    @classmethod
    def of(cls, found: Verification) -> Answer:
        """Return the public part of a verification."""
        licence = None if found.licence is None else PublicLicence.of(found.licence)
        return cls(
            verdict=found.verdict.value,
            reason=found.reason,
            found_by=found.found_by,
            state=found.state,
            licence=licence,
            codes=dict(found.codes),
            film_second=found.film_second,
            at_second=found.at_second,
        )


class LicenceToday(BaseModel):
    """A licence certificate and its state today."""

    state: str = Field(description="valid, revoked, expired or not yet valid", examples=["valid"])
    reason: str = Field(description="why it was revoked; empty otherwise")
    certificate: dict[str, Any] = Field(
        description="signed certificate; save it as .json to check it with `vmodel verify`"
    )
    codes: dict[str, str] = Field(description="registration centre to its code")


@router.post("/verify")
async def verify(
    request: Request,
    verifier: PublicVerifierDep,
    file: Annotated[UploadFile, File(description="Picture or film, at most 30 MB.")],
) -> Answer:
    """Verify a picture or film. Needs no key; the file is not stored."""
    content = await file.read(MOST_BYTES + 1)
    check_size(content)
    return Answer.of(await verifier.verify(content, "The file", request.state.network))


@router.get("/licences/{licence_id}")
def get_licence(licence_id: LicenceId, request: Request, here: Here, verifier: PublicVerifierDep) -> LicenceToday:
    """Show a licence by its full id, with its state today. Needs no key."""
    verifier.count(request, "licence", LOOKED_AT_A_MINUTE)
    shot, state, reason, codes = look_up(here, licence_id)
    return LicenceToday(state=state, reason=reason, certificate=json.loads(shot.certificate), codes=codes)


@router.get("/licences/{licence_id}/manifest", response_class=Response, responses={200: {"content": {_MANIFEST: {}}}})
def get_manifest(
    licence_id: LicenceId, request: Request, here: Here, verifier: PublicVerifierDep, format: FileFormat = ""
) -> Response:
    """Get the Content Credentials (C2PA) of a published file, for copies that have lost them. Needs no key.

    They are signed. Software that trusts the root can read who may use the picture, even if the copy's bytes no longer
    match. A revoked licence still has them; its state is at `/v1/licences/{id}`.
    """
    verifier.count(request, "licence", LOOKED_AT_A_MINUTE)
    shot, *_ = look_up(here, licence_id)
    with here.database.reading() as session:
        made = find_rendition(session, shot.id, format)
    name = f"{shot.id}.{made.file_format}.c2pa"
    return Response(made.manifest, media_type=_MANIFEST, headers={"Content-Disposition": f'inline; filename="{name}"'})


@router.get("/rights/root", response_class=Response, responses={200: {"content": {"application/x-pem-file": {}}}})
def get_root(request: Request, here: Here, verifier: PublicVerifierDep) -> Response:
    """Get the root certificate of this installation as PEM, to check Content Credentials. Needs no key."""
    verifier.count(request, "licence", LOOKED_AT_A_MINUTE)
    folder = keys_folder(here.settings)
    if not folder.is_dir():
        raise NotFound("root certificate yet, because no picture was published")
    return Response(read_authority(folder).trust_pem, media_type="application/x-pem-file")


def look_up(here: AppState, licence_id: str) -> tuple[RegisteredShot, str, str, dict[str, str]]:
    """Look up a licence by its whole id.

    A part of an id finds nothing here: a caller who has not seen the picture must not learn of it.

    Returns:
        The picture's row, the state of its licence, why it was revoked, and codes of registration centres.
    Raises:
        LicenceUnknown: there is none.
    """
    if not re.fullmatch(r"[0-9a-f]{32}", licence_id):
        raise LicenceUnknown(licence_id[:40])
    with here.database.reading() as session:
        shot = session.get(RegisteredShot, licence_id)
        if shot is None:
            raise LicenceUnknown(licence_id)
        revocation = find_revocation(session, shot.id)
        codes = external_codes(session, shot.id)
    state = state_of(parse_licence(json.loads(shot.certificate)), revocation, now().date())
    return shot, state, "" if revocation is None else revocation.reason, codes
