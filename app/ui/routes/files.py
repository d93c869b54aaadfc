"""Routes of sellers' photos and pictures for the page: each through its owner's login, none through Gradio."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import Response, StreamingResponse

from app.api.http.content_policy import PRINTED, write_policy
from app.api.http.errors import NotFound
from app.api.http.signed_links import answer_picture
from app.api.http.state import AppState, Here
from app.ui.base.downloads import ORIGINAL, Authorise, file_name, pack, picture_for, plain, shrink
from app.ui.base.session import LoginFirst, Viewer, Visitor, language_of
from app.ui.base.templating import STATIC_FOLDERS, load_scripts, scripts_version
from app.ui.view_models.queries import names_of_files
from vmodel.publishing.publisher import Publisher
from vmodel.service.garments.records import find_garment
from vmodel.service.jobs.lifecycle import find_job, find_shot
from vmodel.service.jobs.views import Job
from vmodel.service.ledger.statement_html import as_html
from vmodel.service.ledger.statements import as_csv, as_json, make_statement

router = APIRouter(prefix="/ui", include_in_schema=False, route_class=LoginFirst)

_Id = Annotated[str, InPath(max_length=64, pattern=r"^[\w+-]+$")]
_Width = Annotated[int | None, Query(ge=16, le=2048, alias="w")]
_For = Annotated[str, Query(max_length=32, alias="as")]
_CHUNK = 1 << 16
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_PRIVATE = {"Cache-Control": "private, max-age=86400, immutable", "X-Content-Type-Options": "nosniff"}
_MEDIA_TYPES = {
    ".css": "text/css",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}


@router.get("/garments/{garment_id}/{kind}")
def get_garment(garment_id: _Id, kind: str, visitor: Viewer, here: Here, width: _Width = None) -> Response:
    """Get the photo of a garment or of its back, or its cut-out."""
    with here.database.reading() as session:
        garment = find_garment(session, visitor.identity.account_id, garment_id)
        key = {"photo": garment.shown_key, "cutout": garment.cutout_key, "back": garment.back_key}.get(kind)
    return _picture(here, visitor.identity.account_id, key, width)


@router.get("/jobs/{job_id}/photo")
def get_job_photo(job_id: _Id, visitor: Viewer, here: Here, width: _Width = None) -> Response:
    """Get the photo that a job was made from, or the drawing of its design."""
    from vmodel.service.garments.designs import drawn_key_of

    account_id = visitor.identity.account_id
    photo = str(find_job(here.database, account_id, job_id).garment.get("photo"))
    with here.database.reading() as session:
        key = drawn_key_of(session, account_id, photo)
    return _picture(here, account_id, key, width)


@router.get("/jobs/{job_id}/zip")
def get_zip(request: Request, job_id: _Id, visitor: Visitor, here: Here, wanted: _For = ORIGINAL) -> Response:
    """Get all pictures of a job in one ZIP, as made or as a marketplace requires them."""
    job = find_job(here.database, visitor.identity.account_id, job_id)
    name = _garment_name(here, job)
    file = SpooledTemporaryFile(max_size=32_000_000)  # noqa: SIM115  closed when it was sent
    pack(here.store, job, wanted, name, _authorise(here), file)
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="{plain(name)}-{plain(wanted)}.zip"',
        "Content-Length": str(size),
    }
    return StreamingResponse(iter(lambda: file.read(_CHUNK), b""), media_type="application/zip", headers=headers)


@router.get("/shots/{shot_id}/{kind}")
def get_shot(
    shot_id: _Id, kind: str, visitor: Viewer, here: Here, width: _Width = None, wanted: _For = ORIGINAL
) -> Response:
    """Get a picture to look at, its preview, its sidecar, or a file to save."""
    shot = find_shot(here.database, visitor.identity.account_id, shot_id)
    if kind == "download" and shot.picture_key is not None and not shot.deleted:
        content, suffix = picture_for(here.store, visitor.identity.account_id, shot, wanted, _authorise(here))
        job = find_job(here.database, visitor.identity.account_id, shot.job_id)
        name = file_name(shot, wanted, suffix, _garment_name(here, job), shot.number + 1)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=f"image/{suffix.replace('jpg', 'jpeg')}", headers=headers)
    key = {"picture": shot.picture_key, "preview": shot.preview_key, "sidecar": shot.sidecar_key}.get(kind)
    return _picture(here, visitor.identity.account_id, key, width)


@router.get("/statements/{period}.{form}")
def get_statement(request: Request, period: str, form: str, visitor: Visitor, here: Here) -> Response:
    """Get the statement of the visitor's credits in a month: html, csv or json."""
    with here.database.reading() as session:
        statement = make_statement(session, visitor.identity.account_id, period)
    at = datetime.now(UTC)
    saved = {"Content-Disposition": f'attachment; filename="vmodel-{statement.period}.{form}"'}
    if form == "csv":
        return Response(as_csv(statement), media_type="text/csv; charset=utf-8", headers=saved)
    if form == "json":
        return Response(as_json(statement, at), media_type="application/json", headers=saved)
    if form != "html":
        raise NotFound("statement")
    page = as_html(statement, at, language_of(request))
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": write_policy(PRINTED, page)})


@router.get("/js/{version}/{name:path}")
def get_script(version: str, name: str) -> Response:
    """Get a script of the page; a browser that asks for another version, during an update, keeps none."""
    if name not in load_scripts():
        raise NotFound("file")
    headers = _FOR_EVER if version == scripts_version() else {"Cache-Control": "no-store"}
    return Response(load_scripts()[name], media_type="text/javascript", headers=headers)


@router.get("/{folder}/{name}")
def get_static(folder: str, name: str) -> Response:
    """Get a public file of the page."""
    names, media_type = STATIC_FOLDERS.get(folder), _MEDIA_TYPES.get(Path(name).suffix)
    if names is None or media_type is None or Path(name).name != name or not (names / name).is_file():
        raise NotFound("file")
    return Response((names / name).read_bytes(), media_type=media_type, headers=_FOR_EVER)


def _picture(here: AppState, account_id: str, key: object, width: int | None) -> Response:
    """Return a stored file, or a small WebP of it."""
    if key is None:
        raise NotFound("picture")
    if width is None or str(key).endswith(".json"):
        return answer_picture(here, account_id, str(key))
    small = shrink(here.store.get(account_id, str(key)), width)
    return Response(small, media_type="image/webp", headers=_PRIVATE)


def _authorise(here: AppState) -> Authorise:
    # No picture is made here, so no weights are used.
    return Publisher(here.settings, lambda pipeline: (), here.database).authorise_rendition


def _garment_name(here: AppState, job: Job) -> str:
    with here.database.reading() as session:
        photo = str(job.garment.get("photo"))
        found = names_of_files(session, job.account_id, [photo]).get(photo)
    return "vmodel" if found is None else f"{found.name} {found.colorway}".strip()
