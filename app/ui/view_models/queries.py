"""Queries of the installation's tables for what the page shows to one visitor."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from statistics import median
from typing import Any

from sqlalchemy import Executable, func, or_, select
from sqlalchemy.orm import Session

from app.api.http.state import AppState
from vmodel.core.database import now
from vmodel.errors import VModelError
from vmodel.service.accounts.auth import Identity
from vmodel.service.accounts.users import Account
from vmodel.service.garments.records import garments_of_photos
from vmodel.service.jobs.heartbeat import list_workers
from vmodel.service.jobs.tables import DONE, FAILED, QUEUED, RUNNING, ShotRow, WorkerRow
from vmodel.service.ledger.grants import current_balance
from vmodel.service.ledger.reservations import Balance, balance
from vmodel.service.storage.file_store import FileStore

_DAY = timedelta(days=1)
_MOST = 200


def read_balance(here: AppState, identity: Identity) -> Balance:
    """Return the visitor's credits, this month's free ones included."""
    return current_balance(here.database, identity.account_id, here.plans.plan(identity.plan).monthly_credits)


@dataclass(frozen=True)
class GarmentRef:
    """A garment that still exists, as a job's file names it.

    Attributes:
        colorway: of a design; empty for its own colours.
    """

    id: str
    name: str
    colorway: str


def names_of_files(session: Session, account_id: str, photos: Iterable[str]) -> dict[str, GarmentRef]:
    """Return the account's garments by the key that jobs have of their photo: each photo, each colourway of a design.

    Args:
        session: of an open transaction.
        account_id: whose.
        photos: keys that the jobs name; further ones may be found.
    """
    found: dict[str, GarmentRef] = {}
    for garment in garments_of_photos(session, account_id, photos):
        found[garment.photo_key] = GarmentRef(garment.id, garment.name, "")
        for way, files in garment.colorways.items():
            found[str(files["photo_key"])] = GarmentRef(garment.id, garment.name, way)
    return found


@lru_cache(maxsize=20_000)
def read_cast(store: FileStore, account_id: str, sidecar_key: str) -> tuple[str | None, str | None]:
    """Return model and pose that were chosen for a finished picture, from its sidecar; None if it has none."""
    try:
        asked = json.loads(store.get(account_id, sidecar_key)).get("request", {})
    except VModelError:
        return None, None
    return asked.get("model"), asked.get("pose")


@dataclass(frozen=True)
class Seller:
    """An account as its operator sees it.

    Attributes:
        pictures: delivered so far.
    """

    account: Account
    balance: Balance
    pictures: int


@dataclass(frozen=True)
class Fault:
    """Failures of one kind within seven days."""

    code: str
    message: str
    count: int


@dataclass(frozen=True)
class Overview:
    """State of the installation as its operator sees it.

    Attributes:
        waiting, running: pictures now.
        done, failed: pictures within 24 hours.
        median_s: seconds that a picture took within 24 hours; None where none was made.
        sellers: the newest accounts that match the search.
        accounts: number of all accounts, closed ones included.
    """

    waiting: int
    running: int
    done: int
    failed: int
    median_s: float | None
    workers: list[WorkerRow]
    sellers: list[Seller]
    accounts: int
    faults: list[Fault]


def read_overview(here: AppState, find: str = "") -> Overview:
    """Return the state of the installation; for operators only, which the caller checks.

    Args:
        here: the installation.
        find: part of the name or address of the accounts that are listed, or an id; empty for the newest.
    """
    since = now() - _DAY
    with here.database.reading() as session:
        now_open = select(ShotRow.state, func.count()).where(ShotRow.state.in_((QUEUED, RUNNING)))
        states = _pairs(session, now_open.group_by(ShotRow.state))
        lately = ShotRow.ended_at > since
        ended = _pairs(session, select(ShotRow.state, func.count()).where(lately).group_by(ShotRow.state))
        seconds = list(session.scalars(select(ShotRow.seconds).where(lately, ShotRow.seconds.is_not(None)).limit(2000)))
        workers = [each for each in list_workers(session) if each.state != "left" or each.seen_at > since][:_MOST]
        return Overview(
            states.get(QUEUED, 0),
            states.get(RUNNING, 0),
            ended.get(DONE, 0),
            ended.get(FAILED, 0),
            median(each for each in seconds if each is not None) if seconds else None,
            workers,
            _sellers(session, find.strip()),
            session.scalar(select(func.count()).select_from(Account)) or 0,
            _faults(session),
        )


def _sellers(session: Session, find: str) -> list[Seller]:
    wanted = select(Account).order_by(Account.id.desc()).limit(_MOST)
    if find:
        like = (Account.name.icontains(find, autoescape=True), Account.email.icontains(find, autoescape=True))
        wanted = wanted.where(or_(Account.id == find, *like))
    accounts = list(session.scalars(wanted))
    theirs = ShotRow.account_id.in_([each.id for each in accounts]) & (ShotRow.state == DONE)
    delivered = select(ShotRow.account_id, func.count()).where(theirs)
    pictures = _pairs(session, delivered.group_by(ShotRow.account_id))
    return [Seller(each, balance(session, each.id), pictures.get(each.id, 0)) for each in accounts]


def _faults(session: Session) -> list[Fault]:
    lately = (ShotRow.state == FAILED) & (ShotRow.ended_at > now() - 7 * _DAY)
    grouped = select(ShotRow.error_code, func.max(ShotRow.error_message), func.count()).where(lately)
    rows = session.execute(grouped.group_by(ShotRow.error_code).order_by(func.count().desc()).limit(20)).all()
    return [Fault(code or "", message or "", count) for code, message, count in rows]


def _pairs(session: Session, wanted: Executable) -> dict[str, Any]:
    """Return the second column by the first."""
    return {row[0]: row[1] for row in session.execute(wanted)}
