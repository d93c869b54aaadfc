"""Garment routes: upload a photo, see what was recognised, correct it."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile
from fastapi.concurrency import run_in_threadpool

from app.api.http.auth import KeyFirst, Manager, Reader, Shooter
from app.api.http.errors import NotFound
from app.api.http.signed_links import answer_picture
from app.api.http.state import AppState, Here
from app.api.intake.garments import Change, Uploaded, ingest_garment, read_change, read_mask
from app.api.schemas.garments import Correction, Garment, show_garment
from vmodel.service.accounts.auth import Identity
from vmodel.service.garments.records import (
    PAGE,
    StatedAttributes,
    StoredGarment,
    delete_garment,
    find_garment,
    list_garments,
)

router = APIRouter(prefix="/v1/garments", tags=["garments"], route_class=KeyFirst)

Id = Annotated[
    str, Path(description="Id of the garment.", max_length=64, examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
]
Picture = Annotated[UploadFile, File(description="Image file: JPEG, PNG, WebP, HEIC or TIFF.")]
_Word = Annotated[str | None, Form(max_length=64)]
_Centimetres = Annotated[float | None, Form(gt=0, le=1000, allow_inf_nan=False)]


@router.post("", status_code=201)
async def upload(
    identity: Shooter,
    here: Here,
    photo: Picture,
    mask: Annotated[
        UploadFile | None, File(description="Black and white mask, same size as the photo; white is the garment.")
    ] = None,
    back: Annotated[UploadFile | None, File(description="Flat-lay photo of the garment's back.")] = None,
    name: Annotated[str | None, Form(max_length=200)] = None,
    category: _Word = None,
    material: _Word = None,
    width_cm: _Centimetres = None,
    length_cm: _Centimetres = None,
    worn_open: Annotated[
        bool | None, Form(description="true to wear its front open, false closed; default: as photographed")
    ] = None,
) -> Garment:
    """Upload a flat-lay photo and see what vmodel recognises in it.

    Files that are not pictures, or that show a person, are refused and not stored. A photo in which no garment is
    found is stored with a `problem`; a mask or a category may solve it.
    """
    stated = StatedAttributes(category or None, material or None, width_cm, length_cm, worn_open=worn_open)

    def take() -> StoredGarment:
        uploaded = Uploaded(photo.file.read(), _content(mask), _content(back))
        return ingest_garment(here, identity.account_id, name or photo.filename or "", uploaded, stated)

    return show_garment(await here.reading_pool.run(identity.account_id, take), here)


@router.get("")
def list_all(
    identity: Reader,
    here: Here,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 20,
    before: Annotated[
        str | None, Query(pattern="^[0-9a-f]{32}$", description="Id of a garment; lists only older ones.")
    ] = None,
) -> list[Garment]:
    """List your garments, newest first."""
    with here.database.reading() as session:
        return [show_garment(each, here) for each in list_garments(session, identity.account_id, limit, before)]


@router.get("/{garment_id}")
def get(garment_id: Id, identity: Reader, here: Here) -> Garment:
    """Show one garment and what was recognised in its photo."""
    with here.database.reading() as session:
        return show_garment(find_garment(session, identity.account_id, garment_id), here)


@router.patch("/{garment_id}")
async def correct(garment_id: Id, correction: Correction, identity: Shooter, here: Here) -> Garment:
    """Correct a garment: name, category, material, sizes in centimetres, landmarks, front worn open or closed.

    vmodel reads the photo again with your corrections and returns the result. If a correction does not fit the photo,
    the request is refused and nothing changes.
    """
    stated = {field: getattr(correction, field) for field in correction.model_fields_set - {"name"}}
    if "landmarks" in stated:
        stated["landmarks"] = stated["landmarks"] or {}
    return await _change(here, identity, garment_id, Change(correction.name, stated))


@router.put("/{garment_id}/mask")
async def put_mask(garment_id: Id, identity: Shooter, here: Here, mask: Picture) -> Garment:
    """Replace the automatic cut-out with your mask: white is the garment, same size as the photo."""
    return await _change(here, identity, garment_id, Change(mask=await mask.read()))


@router.delete("/{garment_id}/mask")
async def delete_mask(garment_id: Id, identity: Shooter, here: Here) -> Garment:
    """Remove your mask and use the automatic cut-out again."""
    return await _change(here, identity, garment_id, Change(mask=b""))


@router.put("/{garment_id}/back")
async def put_back(garment_id: Id, identity: Shooter, here: Here, back: Picture) -> Garment:
    """Set a flat-lay photo of the garment's back."""
    return await _change(here, identity, garment_id, Change(back=await back.read()))


@router.delete("/{garment_id}/back")
async def delete_back(garment_id: Id, identity: Shooter, here: Here) -> Garment:
    """Remove the photo of the back. The back is made from the front again."""
    return await _change(here, identity, garment_id, Change(back=b""))


@router.get("/{garment_id}/mask", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def get_mask(garment_id: Id, identity: Reader, here: Here) -> Response:
    """Get the mask as PNG in the photo's size: yours, or the automatic cut-out. White is the garment."""
    draw = partial(read_mask, here, identity.account_id, garment_id)
    return Response(await here.reading_pool.run(identity.account_id, draw), media_type="image/png")


@router.get("/{garment_id}/back", response_class=Response, responses={200: {"content": {"image/*": {}}}})
def get_back(garment_id: Id, identity: Reader, here: Here) -> Response:
    """Get the photo of the back as uploaded."""
    with here.database.reading() as session:
        key = find_garment(session, identity.account_id, garment_id).back_key
    if key is None:
        raise NotFound("picture")
    return answer_picture(here, identity.account_id, key)


@router.get("/{garment_id}/photo", response_class=Response, responses={200: {"content": {"image/*": {}}}})
def get_photo(garment_id: Id, identity: Reader, here: Here) -> Response:
    """Get the photo as uploaded; for a design, its drawing."""
    with here.database.reading() as session:
        garment = find_garment(session, identity.account_id, garment_id)
    key = garment.shown_key or garment.photo_key
    return answer_picture(here, identity.account_id, key)


@router.get("/{garment_id}/cutout", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def get_cutout(garment_id: Id, identity: Reader, here: Here) -> Response:
    """Get the garment alone on a transparent background, as PNG."""
    with here.database.reading() as session:
        key = find_garment(session, identity.account_id, garment_id).cutout_key
    if key is None:
        raise NotFound("picture")
    return answer_picture(here, identity.account_id, key)


@router.delete("/{garment_id}", status_code=204)
def delete(garment_id: Id, identity: Manager, here: Here) -> None:
    """Delete a garment and its files. Pictures made of it stay until you delete them."""
    with here.database.transaction() as session:
        keys = delete_garment(session, identity.account_id, garment_id)
    here.drop(identity.account_id, keys)


async def _change(here: AppState, identity: Identity, garment_id: str, change: Change) -> Garment:
    change_it = partial(read_change, here, identity.account_id, garment_id, change)
    if change.is_only_a_name:
        return show_garment(await run_in_threadpool(change_it), here)
    return show_garment(await here.reading_pool.run(identity.account_id, change_it), here)


def _content(file: UploadFile | None) -> bytes | None:
    return None if file is None else file.file.read()
