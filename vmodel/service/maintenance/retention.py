"""Deletion of files that expire or whose owner asks; rows and ledger stay, so that every charge can be explained."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from vmodel.config import Settings
from vmodel.core.database import Database, now
from vmodel.rights.registry.original_store import Originals
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.service.garments.errors import UploadInUse
from vmodel.service.garments.records import forget_garments, unneeded_files
from vmodel.service.garments.uploads import StoredUpload, drop_uploads
from vmodel.service.jobs.errors import AccountBusy, JobUnknown, ShotUnknown
from vmodel.service.jobs.lifecycle import cancel_job, list_jobs
from vmodel.service.jobs.tables import OPEN, JobRow, ShotRow
from vmodel.service.storage.errors import StoredFileMissing
from vmodel.service.storage.file_store import FileStore

_AT_ONCE = 500
UNNEEDED = timedelta(days=7)
"""Time after which an uploaded file that nothing needs is deleted."""
_NONE: dict[str, None] = dict.fromkeys(("picture_key", "sidecar_key", "preview_key", "model3d_key"))
"""Values of a shot's row without its files."""


def delete_shot(database: Database, store: FileStore, account_id: str, shot_id: str) -> None:
    """Delete a picture and its files for its owner; deleting it again changes nothing. The charge stays.

    Raises:
        ShotUnknown: there is none, or it is another account's.
    """
    with database.transaction() as session:
        shot = session.get(ShotRow, shot_id)
        if shot is None or shot.account_id != account_id:
            raise ShotUnknown(shot_id)
    _delete_files(database, store, [shot])


def delete_job(database: Database, store: FileStore, account_id: str, job_id: str) -> None:
    """Cancel a job if it is open, and delete its pictures.

    Raises:
        JobUnknown: there is none, or it is another account's.
    """
    with database.transaction() as session:
        job = session.get(JobRow, job_id)
        if job is None or job.account_id != account_id:
            raise JobUnknown(job_id)
    cancel_job(database, account_id, job_id)
    with database.transaction() as session:
        shots = list(session.scalars(select(ShotRow).where(ShotRow.job_id == job_id)))
    _delete_files(database, store, shots)


def erase_account(settings: Settings, database: Database, store: FileStore, account_id: str, wait_s: float = 60) -> int:
    """Delete every file of an account, cancel its open jobs, and clear the details of its garments.

    The ledger stays unchanged, since it holds numbers only. Licences stay too, so that a published picture can still be
    told from a forgery.

    Args:
        settings: of the installation.
        database: open.
        store: of the files.
        account_id: the account, closed or not.
        wait_s: seconds to wait until pictures that are being made are given up.
    Returns:
        Number of files deleted.
    Raises:
        AccountBusy: a picture was still being made after that time; nothing was deleted.
    """
    until = time.monotonic() + wait_s
    while open_jobs := list_jobs(database, account_id, states=OPEN, with_offered=True):
        for job in open_jobs:
            cancel_job(database, account_id, job.id)
        if time.monotonic() > until:
            raise AccountBusy(account_id)
        time.sleep(0.2)
    with database.transaction() as session:
        own_shots = update(ShotRow).where(ShotRow.account_id == account_id)
        session.execute(own_shots.values(deleted_at=now(), **_NONE))
        for shot in session.scalars(select(ShotRow).where(ShotRow.account_id == account_id)):
            if "outfit" in shot.request:
                shot.request = {name: value for name, value in shot.request.items() if name != "outfit"}
        session.execute(update(JobRow).where(JobRow.account_id == account_id).values(garment={"photo": "deleted"}))
        forget_garments(session, account_id)
        session.execute(delete(StoredUpload).where(StoredUpload.account_id == account_id))
        licences = list(session.scalars(select(RegisteredShot.id).where(RegisteredShot.seller_id == account_id)))
    originals = Originals(settings)
    for licence_id in licences:
        originals.delete(licence_id)
    return store.delete_account(account_id)


def delete_expired(settings: Settings, database: Database, store: FileStore) -> int:
    """Delete pictures that are older than the installation's retention period.

    Returns:
        Number of pictures deleted.
    """
    if settings.keep_pictures_days is None:
        return 0
    before = now() - timedelta(days=settings.keep_pictures_days)
    due = (ShotRow.ended_at < before) & ShotRow.deleted_at.is_(None) & ShotRow.picture_key.is_not(None)
    with database.transaction() as session:
        shots = list(session.scalars(select(ShotRow).where(due).order_by(ShotRow.ended_at).limit(_AT_ONCE)))
    _delete_files(database, store, shots)
    return len(shots)


def delete_upload(database: Database, store: FileStore, account_id: str, file_id: str) -> None:
    """Delete an uploaded print, flat or pattern for its owner.

    Raises:
        StoredFileMissing: the account has no such file.
        UploadInUse: a garment, design or job needs it.
    """
    key = f"{account_id}/{file_id}"
    if not store.has(account_id, key):
        raise StoredFileMissing(file_id)
    with database.reading() as session:
        if not unneeded_files(session, account_id, [key]) or _is_referenced(session, account_id, key):
            raise UploadInUse
    drop_uploads(database, store, account_id, [key])


def collect_uploads(database: Database, store: FileStore) -> int:
    """Delete uploaded files that no garment, design or job has needed for a week.

    Returns:
        Number of files deleted.
    """
    before = now() - UNNEEDED
    due = select(StoredUpload).where(StoredUpload.needed_at < before).order_by(StoredUpload.needed_at).limit(_AT_ONCE)
    keys_of: dict[str, list[str]] = {}
    with database.reading() as session:
        for upload in session.scalars(due):
            keys_of.setdefault(upload.account_id, []).append(upload.key)
    dropped = 0
    for account_id, keys in keys_of.items():
        with database.transaction() as session:
            loose = [
                key for key in unneeded_files(session, account_id, keys) if not _is_referenced(session, account_id, key)
            ]
            needed = set(keys) - set(loose)
            session.execute(update(StoredUpload).where(StoredUpload.key.in_(needed)).values(needed_at=now()))
        dropped += drop_uploads(database, store, account_id, loose, before)
    return dropped


def delete_unreferenced(database: Database, store: FileStore, account_id: str, keys: Sequence[str]) -> None:
    """Delete those of these files that none of the account's pictures references."""
    for key in keys:
        with database.reading() as session:
            named = _is_referenced(session, account_id, key)
        if not named:
            store.delete(account_id, key)


def _delete_files(database: Database, store: FileStore, shots: list[ShotRow]) -> None:
    """Clear the rows, then delete the files: a file that cannot be deleted is at least no longer referenced."""
    ended = [shot.id for shot in shots if shot.state not in OPEN]
    with database.transaction() as session:
        session.execute(update(ShotRow).where(ShotRow.id.in_(ended)).values(deleted_at=now(), **_NONE))
    for shot in (each for each in shots if each.id in ended):
        keys = [key for name in _NONE if (key := getattr(shot, name)) is not None]
        delete_unreferenced(database, store, shot.account_id, keys)


def _is_referenced(session: Session, account_id: str, key: str) -> bool:
    named = or_(*(getattr(ShotRow, name) == key for name in _NONE))
    return (
        session.scalars(select(ShotRow.id).where(ShotRow.account_id == account_id, named).limit(1)).first() is not None
    )
