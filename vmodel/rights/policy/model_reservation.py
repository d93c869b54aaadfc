"""Exclusive models: no other seller gets a reserved model, nor one that looks like it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from vmodel.core.database import now
from vmodel.rights.errors import ModelInUse, ModelReserved, NotReserved, TooManyReserved
from vmodel.rights.policy.model_distance import TOO_CLOSE_MM, identity_distance, identity_of
from vmodel.rights.registry.tables import RegisteredShot, ReservedModel
from vmodel.types import VirtualModel


def reserve_model(
    session: Session, roster: Mapping[str, VirtualModel], model_id: str, seller_id: str, most: int | None = None
) -> ReservedModel:
    """Reserve a model for one seller alone; a second call changes nothing.

    Args:
        session: of an open transaction.
        roster: every model of the installation.
        model_id: of the model.
        seller_id: who reserves it.
        most: how many models the seller may have; None for any number.
    Raises:
        UnknownModel: no model has this id.
        ModelReserved: another seller has reserved it, or one closer than ``TOO_CLOSE_MM``.
        ModelInUse: another seller's pictures show it, or one that close.
        TooManyReserved: the seller has as many as allowed.
    """
    model = roster[model_id]
    held = session.get(ReservedModel, model_id)
    if held is not None and held.seller_id == seller_id:
        return held
    if session.get_bind().dialect.name != "sqlite":
        # Concurrent reservations of models that look alike must see each other; SQLite has one writer anyway.
        session.execute(text("LOCK TABLE reserved_model IN SHARE ROW EXCLUSIVE MODE"))
    check_exclusive(session, model, seller_id)
    mine = select(func.count()).select_from(ReservedModel).where(ReservedModel.seller_id == seller_id)
    if most is not None and (session.scalar(mine) or 0) >= most:
        raise TooManyReserved(most)
    identity = identity_of(model)
    for other in roster.values():
        if other.id != model_id and identity_distance(identity, identity_of(other)) >= TOO_CLOSE_MM:
            continue
        if _shown_by_others(session, other.id, seller_id):
            raise ModelInUse(model_id, "it" if other.id == model_id else f"{other.id}, who looks like it")
    row = ReservedModel(
        model_id=model_id, seller_id=seller_id, identity=json.dumps(identity, sort_keys=True), reserved_at=now()
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise ModelReserved(model_id) from None
    return row


def release_model(session: Session, model_id: str, seller_id: str | None = None) -> None:
    """Release a reserved model for all sellers.

    Args:
        session: of an open transaction.
        model_id: of the model.
        seller_id: who must have reserved it; None for the operator, who may release any model.
    Raises:
        NotReserved: nobody, or somebody else, has reserved it.
    """
    held = session.get(ReservedModel, model_id)
    if held is None or (seller_id is not None and held.seller_id != seller_id):
        raise NotReserved(model_id)
    session.delete(held)


def reserved_models(session: Session, seller_id: str | None = None) -> list[ReservedModel]:
    """Return the reservations of a seller, or all reservations, oldest first."""
    wanted = select(ReservedModel).order_by(ReservedModel.reserved_at)
    if seller_id is not None:
        wanted = wanted.where(ReservedModel.seller_id == seller_id)
    return list(session.scalars(wanted))


def check_exclusive(session: Session, model: VirtualModel, seller_id: str) -> None:
    """Refuse a model that another seller has reserved, and one that looks like it.

    A model that the seller has reserved is always allowed: nobody could reserve a similar one later.

    Raises:
        ModelReserved: see above.
    """
    others = _reserved_by_others(session, seller_id)
    if not others:
        return
    held = session.get(ReservedModel, model.id)
    if held is not None and held.seller_id == seller_id:
        return
    alike = _alike(model, others)
    if alike is not None:
        raise ModelReserved(model.id, alike=alike != model.id)


def barred_models(session: Session, models: Iterable[VirtualModel], seller_id: str) -> frozenset[str]:
    """Return the ids of the models that a seller cannot have: reserved by another, or similar to one that is."""
    others = _reserved_by_others(session, seller_id)
    if not others:
        return frozenset()
    own = {each.model_id for each in reserved_models(session, seller_id)}
    return frozenset(model.id for model in models if model.id not in own and _alike(model, others) is not None)


def _reserved_by_others(session: Session, seller_id: str) -> dict[str, Mapping[str, float | str]]:
    wanted = select(ReservedModel).where(ReservedModel.seller_id != seller_id)
    return {row.model_id: json.loads(row.identity) for row in session.scalars(wanted)}


def _alike(model: VirtualModel, reserved: Mapping[str, Mapping[str, float | str]]) -> str | None:
    """Return the id of a reserved model that this one is, or looks like; None if there is none."""
    if model.id in reserved:
        return model.id
    identity = identity_of(model)
    near = (name for name, other in reserved.items() if identity_distance(identity, other) < TOO_CLOSE_MM)
    return next(near, None)


def _shown_by_others(session: Session, model_id: str, seller_id: str) -> bool:
    shown = select(RegisteredShot.id).where(RegisteredShot.model_id == model_id, RegisteredShot.seller_id != seller_id)
    return session.scalars(shown.limit(1)).first() is not None
