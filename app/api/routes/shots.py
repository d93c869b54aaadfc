"""Picture routes: show, download, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from app.api.http.auth import Manager, Reader
from app.api.http.errors import NotFound
from app.api.http.signed_links import answer_picture
from app.api.http.state import Here
from app.api.schemas.jobs import ShotMade, show_shot
from vmodel.service.jobs.lifecycle import find_shot
from vmodel.service.maintenance.retention import delete_shot

router = APIRouter(prefix="/v1/shots", tags=["shots"])

Id = Annotated[
    str, Path(description="Id of the picture.", max_length=64, examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f-s000"])
]
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {}}}}


@router.get("/{shot_id}")
def get(shot_id: Id, identity: Reader, here: Here) -> ShotMade:
    """Show one picture and its progress."""
    return show_shot(find_shot(here.database, identity.account_id, shot_id), here)


@router.get("/{shot_id}/picture", response_class=Response, responses=_PICTURE)
def get_picture(shot_id: Id, identity: Reader, here: Here) -> Response:
    """Download the picture in full size."""
    shot = find_shot(here.database, identity.account_id, shot_id)
    if shot.picture_key is None:
        raise NotFound("picture")
    suffix = shot.picture_key.rpartition(".")[2]
    return answer_picture(here, identity.account_id, shot.picture_key, f"vmodel-{shot.id}.{suffix}")


@router.get("/{shot_id}/preview", response_class=Response, responses=_PICTURE)
def get_preview(shot_id: Id, identity: Reader, here: Here) -> Response:
    """Get a small preview of the picture, as soon as it is available."""
    shot = find_shot(here.database, identity.account_id, shot_id)
    if shot.preview_key is None:
        raise NotFound("picture")
    return answer_picture(here, identity.account_id, shot.preview_key)


@router.get("/{shot_id}/model3d", response_class=Response, responses={200: {"content": {"model/gltf-binary": {}}}})
def get_model3d(shot_id: Id, identity: Reader, here: Here) -> Response:
    """Get the dressed model in 3D (body, garments and hair) as glTF 2.0 binary."""
    shot = find_shot(here.database, identity.account_id, shot_id)
    if shot.model3d_key is None:
        raise NotFound("model")
    return answer_picture(here, identity.account_id, shot.model3d_key, f"vmodel-{shot.id}.glb")


@router.get("/{shot_id}/sidecar", response_class=Response, responses={200: {"content": {"application/json": {}}}})
def get_sidecar(shot_id: Id, identity: Reader, here: Here) -> Response:
    """Get the sidecar as JSON; it records how the picture was made."""
    shot = find_shot(here.database, identity.account_id, shot_id)
    if shot.sidecar_key is None:
        raise NotFound("picture")
    return answer_picture(here, identity.account_id, shot.sidecar_key, f"vmodel-{shot.id}.json")


@router.delete("/{shot_id}", status_code=204)
def delete(shot_id: Id, identity: Manager, here: Here) -> None:
    """Delete a picture and its sidecar. It stays charged."""
    delete_shot(here.database, here.store, identity.account_id, shot_id)
